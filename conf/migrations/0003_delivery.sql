-- Gifts and requests that travel by mail: the mail shows them, this row grants them, once, to its owner.
CREATE TABLE claim (
    mail    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'key of the mail',
    uid     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'owner of the mailbox',
    type    TINYINT UNSIGNED NOT NULL COMMENT 'MailType',
    payload JSON NOT NULL,
    created DATETIME NOT NULL COMMENT 'UTC',
    KEY uid (uid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The answers of requests that carried a request id: a repeat gets the stored answer.
CREATE TABLE request (
    owner   VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'player or account',
    id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    answer  MEDIUMBLOB NOT NULL COMMENT 'the whole line that the client got',
    created DATETIME NOT NULL COMMENT 'UTC',
    PRIMARY KEY (owner, id),
    KEY created (created)
) ENGINE=InnoDB;

-- What has to leave the database: written with the effects, delivered at least once to receivers that take it once.
CREATE TABLE outbox (
    id       BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind     VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    body     JSON NOT NULL,
    due      DATETIME(3) NOT NULL COMMENT 'UTC; nobody else tries before',
    attempts INT UNSIGNED NOT NULL DEFAULT 0,
    created  DATETIME(3) NOT NULL COMMENT 'UTC',
    KEY due (due)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Every change of what a player owns, never updated: the balance of a thing is the sum of its amounts.
CREATE TABLE ledger (
    id      BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid     VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    gid     TINYINT UNSIGNED NOT NULL COMMENT 'group',
    iid     INT UNSIGNED NOT NULL,
    amount  BIGINT NOT NULL,
    balance BIGINT UNSIGNED NOT NULL COMMENT 'after the change',
    reason  VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'client function',
    request VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'request id, or message id where there was none',
    created DATETIME(3) NOT NULL COMMENT 'UTC',
    KEY uid (uid, gid, iid, id)
) ENGINE=InnoDB;
