-- Players and what they own. Every table of a player begins with the player's uid, so that one player's rows lie together.
CREATE TABLE player (
    uid     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    account VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    origin  VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the world that the player chose',
    world   VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the world where the player lives, after merges',
    gn      VARCHAR(64) NOT NULL COMMENT 'game name as it is shown',
    gn_key  VARCHAR(64) NOT NULL COMMENT 'game name without case: names that differ in case alone are one name',
    icon    VARCHAR(16) NOT NULL,
    intro   VARCHAR(128) NOT NULL DEFAULT '',
    energy  INT UNSIGNED NOT NULL,
    exp     BIGINT UNSIGNED NOT NULL,
    vipexp  BIGINT UNSIGNED NOT NULL DEFAULT 0,
    created DATETIME NOT NULL COMMENT 'UTC',
    UNIQUE KEY account (account, origin),
    UNIQUE KEY gn_key (world, gn_key)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE item (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    iid   INT UNSIGNED NOT NULL,
    value BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (uid, iid)
) ENGINE=InnoDB;

CREATE TABLE weapon (
    uid        VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    wid        INT UNSIGNED NOT NULL,
    star       INT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: fragments only',
    level      INT UNSIGNED NOT NULL DEFAULT 1,
    skillpoint INT UNSIGNED NOT NULL DEFAULT 0,
    segment    BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'fragments',
    PRIMARY KEY (uid, wid)
) ENGINE=InnoDB;

CREATE TABLE role (
    uid        VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    rid        INT UNSIGNED NOT NULL,
    star       INT UNSIGNED NOT NULL DEFAULT 0 COMMENT '0: fragments only',
    level      INT UNSIGNED NOT NULL DEFAULT 1,
    skillpoint INT UNSIGNED NOT NULL DEFAULT 0,
    segment    BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'fragments',
    PRIMARY KEY (uid, rid)
) ENGINE=InnoDB;

CREATE TABLE skill (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sid   INT UNSIGNED NOT NULL,
    level INT UNSIGNED NOT NULL DEFAULT 1,
    PRIMARY KEY (uid, sid)
) ENGINE=InnoDB;

CREATE TABLE armor (
    uid      VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    aid      INT UNSIGNED NOT NULL,
    level    INT UNSIGNED NOT NULL,
    quantity BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (uid, aid, level)
) ENGINE=InnoDB;

CREATE TABLE factory (
    uid     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fid     INT NOT NULL COMMENT '-1: the row of idle workers',
    level   INT UNSIGNED NOT NULL DEFAULT 1,
    workers INT UNSIGNED NOT NULL DEFAULT 0,
    storage BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (uid, fid)
) ENGINE=InnoDB;

CREATE TABLE stage (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sid   INT UNSIGNED NOT NULL COMMENT 'mode',
    stage INT UNSIGNED NOT NULL COMMENT 'highest stage passed',
    PRIMARY KEY (uid, sid)
) ENGINE=InnoDB;

CREATE TABLE science (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ssa   INT UNSIGNED NOT NULL,
    level INT UNSIGNED NOT NULL,
    PRIMARY KEY (uid, ssa)
) ENGINE=InnoDB;

CREATE TABLE element (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    eid   INT UNSIGNED NOT NULL,
    level INT UNSIGNED NOT NULL,
    PRIMARY KEY (uid, eid)
) ENGINE=InnoDB;

CREATE TABLE limits (
    uid   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    lid   INT UNSIGNED NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (uid, lid)
) ENGINE=InnoDB;

CREATE TABLE timer (
    uid  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tid  INT UNSIGNED NOT NULL,
    time VARCHAR(19) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Asia/Shanghai: YYYY-MM-DD or YYYY-MM-DD HH:MM:SS',
    PRIMARY KEY (uid, tid)
) ENGINE=InnoDB;
