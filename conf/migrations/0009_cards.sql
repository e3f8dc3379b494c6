-- What other players see of a player, in lists of friends and members above all, stands in one row: a list of fifty
-- costs one look-up for each, and the database keeps the text of each ready.
ALTER TABLE player
    ADD COLUMN login         VARCHAR(19) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'copy of timer 12',
    ADD COLUMN family        VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL COMMENT 'copy from family_member, as is',
    ADD COLUMN family_role   TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'this',
    ADD COLUMN family_joined DATETIME(3) NULL COMMENT 'and this',
    ADD COLUMN family_coin   BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'copy of item 36',
    ADD COLUMN family_record BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'copy of item 37',
    ADD COLUMN card          VARCHAR(2000) GENERATED ALWAYS AS
        (JSON_ARRAY(gn, icon, exp, intro, login, uid, family_role, family_joined, family_coin, family_record)) STORED,
    ADD KEY family (family);
UPDATE player p JOIN timer t ON t.uid = p.uid AND t.tid = 12 SET p.login = t.time;
UPDATE player p JOIN item i ON i.uid = p.uid AND i.iid = 36 SET p.family_coin = i.value;
UPDATE player p JOIN item i ON i.uid = p.uid AND i.iid = 37 SET p.family_record = i.value;
UPDATE player p JOIN family_member m ON m.uid = p.uid
    SET p.family = m.family, p.family_role = m.role, p.family_joined = m.joined;

-- The heart that each friend got last, so that a list needs no look-up for it.
ALTER TABLE friend
    ADD COLUMN heart DATE NULL COMMENT 'copy of heart.day',
    ADD COLUMN paid  TINYINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'copy of heart.paid';
UPDATE friend r JOIN heart h ON h.uid = r.uid AND h.fid = r.fid SET r.heart = h.day, r.paid = h.paid;

-- The newest news of a family, as clients get them: [[time in Asia/Shanghai, message], ...], the latest last. The table
-- family_news is for workers of the version before, and goes with the next one.
ALTER TABLE family ADD COLUMN news JSON NULL;
SET SESSION group_concat_max_len = 1048576;
UPDATE family f SET f.news = (
    SELECT CONCAT('[', GROUP_CONCAT(JSON_ARRAY(DATE_FORMAT(w.created + INTERVAL 8 HOUR, '%Y-%m-%d %H:%i:%s'), w.message)
                                    ORDER BY w.id), ']')
    FROM family_news w WHERE w.family = f.id);
