-- The last word about who may not speak in the chat, and where nobody may. Words about the same come one after another:
-- each has a later time than the one before, so that whoever gets them in another order knows the last.
CREATE TABLE IF NOT EXISTS chat_mute (
    kind  VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'player, family or public',
    id    VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the player, of the family, or of the world',
    until DATETIME(3) NOT NULL COMMENT 'UTC; a moment that has passed: not muted',
    said  DATETIME(3) NOT NULL COMMENT 'UTC',
    who   VARCHAR(64) NOT NULL COMMENT 'who said so: a player, or an operator in own words',
    PRIMARY KEY (kind, id),
    KEY until (until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Since when a family has its name, so that nobody reads what was said under it before. For families that exist this is
-- the moment of the migration; so it is, for those that workers of the version before still make.
SET SESSION time_zone = '+00:00';
ALTER TABLE family
    ADD COLUMN named DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) COMMENT 'UTC';
