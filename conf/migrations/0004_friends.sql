-- Friends: one row a direction. A request is one row alone, from who asked, until the other agrees.
CREATE TABLE friend (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'uid of the friend',
    since DATE NULL COMMENT 'in Asia/Shanghai, the day when both agreed; NULL: only asked',
    mail  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'key of the mail that asks; NULL: agreed',
    PRIMARY KEY (uid, fid)
) ENGINE=InnoDB;

-- The latest heart that one player sent to another. It outlives the friendship, so that nobody gains a second heart of
-- the same day by parting and agreeing again.
CREATE TABLE heart (
    uid  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'sender',
    fid  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'uid of who got it',
    day  DATE NOT NULL COMMENT 'in Asia/Shanghai',
    paid TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT '1: the sender was rewarded for it',
    PRIMARY KEY (uid, fid)
) ENGINE=InnoDB;
