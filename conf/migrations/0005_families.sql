-- Families. The id never changes, whatever the name does. The owner stands here and nowhere else, so there is exactly one.
CREATE TABLE family (
    id          VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    world       VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'where its members live, after merges',
    name        VARCHAR(64) NOT NULL COMMENT 'as it is shown',
    name_key    VARCHAR(64) NOT NULL COMMENT 'without case: names that differ in case alone are one name',
    owner       VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    icon        INT UNSIGNED NOT NULL,
    exp         BIGINT UNSIGNED NOT NULL DEFAULT 0,
    notice      VARCHAR(128) NOT NULL DEFAULT '',
    board       VARCHAR(128) NOT NULL DEFAULT '',
    disband     DATETIME(3) NULL COMMENT 'UTC; from then on the family counts as gone',
    day         DATE NULL COMMENT 'in Asia/Shanghai, of the three counters',
    removals    INT UNSIGNED NOT NULL DEFAULT 0,
    notices     INT UNSIGNED NOT NULL DEFAULT 0,
    invitations INT UNSIGNED NOT NULL DEFAULT 0,
    created     DATETIME(3) NOT NULL COMMENT 'UTC',
    UNIQUE KEY name_key (world, name_key),
    UNIQUE KEY owner (owner),
    KEY world (world, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE family_member (
    uid    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    family VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    role   TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'FamilyRole of all but the owner',
    joined DATETIME(3) NOT NULL COMMENT 'UTC',
    KEY family (family)
) ENGINE=InnoDB;

CREATE TABLE family_news (
    id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    family  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    message VARCHAR(100) NOT NULL,
    created DATETIME(3) NOT NULL COMMENT 'UTC',
    KEY family (family, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- When a player last bought each present for the whole family.
CREATE TABLE family_welfare (
    uid VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    sid VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day DATE NOT NULL COMMENT 'in Asia/Shanghai',
    PRIMARY KEY (uid, sid)
) ENGINE=InnoDB;

-- Which claims ask for the same: that a player joins a family. They end together.
CREATE TABLE family_request (
    mail   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'key of the claim',
    uid    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'who would join',
    family VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    KEY uid (uid, family),
    KEY family (family)
) ENGINE=InnoDB;
