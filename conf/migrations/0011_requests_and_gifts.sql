-- Requests that nobody answers end by themselves. What was asked before this is of now; the time zone of the server, in
-- which workers of the version before write, does not matter for days.
ALTER TABLE friend
    ADD COLUMN asked DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'UTC, when the friendship was asked for',
    ADD KEY asked (since, asked);
-- Finds the oldest requests.
ALTER TABLE claim ADD KEY type (type, created);

-- What a player gave to friends on the latest day on which something of the kind was given.
CREATE TABLE friend_gift (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who gave',
    iid   INT UNSIGNED NOT NULL,
    day   DATE NOT NULL COMMENT 'in Asia/Shanghai',
    given BIGINT UNSIGNED NOT NULL COMMENT 'on that day, to all friends together',
    PRIMARY KEY (uid, iid)
) ENGINE=InnoDB;
