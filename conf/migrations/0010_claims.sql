-- Request ids of functions that act outside of the database: a row without an answer is a claim to act. Workers of the
-- version before never see one, but for a client that uses the id of such a request again for something else.
ALTER TABLE request
    MODIFY COLUMN answer MEDIUMBLOB NULL COMMENT 'the line that the client got, sealed if it holds a token; NULL: a worker acts yet',
    ADD COLUMN holder VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'who acts or acted; NULL: all was one transaction',
    ADD COLUMN due DATETIME(3) NULL COMMENT 'UTC; from then on another worker may act, while there is no answer';
