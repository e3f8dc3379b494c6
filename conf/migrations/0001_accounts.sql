-- Accounts of people. Every id and secret compares byte by byte; what is not bound is NULL, so that it may repeat.
CREATE TABLE account (
    uid      VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY COMMENT 'our own id, never the device',
    device   BINARY(32) NOT NULL COMMENT 'SHA-256 of the device id, which is a login secret',
    account  VARCHAR(23) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'lower case',
    password VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'scrypt$n$r$p$salt$hash',
    email    VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'lower case',
    phone    VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
    created  DATETIME NOT NULL COMMENT 'UTC',
    UNIQUE KEY device (device),
    UNIQUE KEY account (account),
    UNIQUE KEY email (email),
    UNIQUE KEY phone (phone)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- How many codes were sent to an account's addresses on one day, e-mail and SMS together.
CREATE TABLE code_quota (
    account VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    day     DATE NOT NULL COMMENT 'in Asia/Shanghai',
    sent    SMALLINT UNSIGNED NOT NULL,
    PRIMARY KEY (account, day)
) ENGINE=InnoDB;
