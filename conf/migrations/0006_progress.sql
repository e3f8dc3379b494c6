-- What a player has done: tasks of the day, achievements, days signed in. VIP cards are rows of timer and item.
CREATE TABLE task (
    uid    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tid    TINYINT UNSIGNED NOT NULL,
    done   DATETIME NOT NULL COMMENT 'Asia/Shanghai; a row of an earlier day counts no more',
    reward BOOLEAN NOT NULL DEFAULT 0 COMMENT '1: claimed',
    PRIMARY KEY (uid, tid)
) ENGINE=InnoDB;

CREATE TABLE achievement (
    uid    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    aid    SMALLINT UNSIGNED NOT NULL,
    value  BIGINT UNSIGNED NOT NULL COMMENT 'progress',
    reward BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'threshold of the last tier that was claimed',
    PRIMARY KEY (uid, aid)
) ENGINE=InnoDB;

CREATE TABLE check_in (
    uid VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day DATE NOT NULL COMMENT 'in Asia/Shanghai',
    PRIMARY KEY (uid, day)
) ENGINE=InnoDB;
