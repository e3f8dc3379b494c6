-- System mails to many players. Workers write the mails batch by batch; a batch, its claims and the progress of its job
-- are one transaction. The file can be applied again after it failed in the middle: its last statement is one change.
CREATE TABLE IF NOT EXISTS mail_job (
    id       VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    job_key  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'chosen by the operator: one job a key',
    who      VARCHAR(64) NOT NULL COMMENT 'who created it, in the own words of the operator',
    world    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'the world where the players live',
    sender   VARCHAR(64) NOT NULL,
    title    VARCHAR(64) NOT NULL,
    body     VARCHAR(500) NOT NULL,
    items    VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'gid:iid:qty with commas between; empty: no gift',
    filter   JSON NOT NULL COMMENT 'as the operator gave it',
    bounds   JSON NOT NULL COMMENT 'what follows from the filter for rows of players',
    last_uid VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'players up to this one are done',
    planned  INT UNSIGNED NOT NULL COMMENT 'players who matched when it was created',
    written  INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'mails that are in the outbox or were delivered',
    state    VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'running, paused, cancelled, done',
    created  DATETIME NOT NULL COMMENT 'UTC; who registers later gets no mail',
    updated  DATETIME NOT NULL COMMENT 'UTC, of the latest progress or change of the state',
    turned   DATETIME(3) NOT NULL COMMENT 'UTC, of the latest turn, with or without progress',
    UNIQUE KEY job_key (job_key),
    KEY state (state, turned)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The players of jobs that are for a list of players.
CREATE TABLE IF NOT EXISTS mail_job_player (
    job VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    uid VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    PRIMARY KEY (job, uid)
) ENGINE=InnoDB;

ALTER TABLE outbox
    ADD COLUMN job VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'mail job; NULL: a request',
    ADD KEY job (job, due);
