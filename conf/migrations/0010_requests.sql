-- Requests that nobody answers end by themselves. What was asked before this is of now; the time zone of the server, in
-- which workers of the version before write, does not matter for days.
ALTER TABLE friend
    ADD COLUMN asked DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'UTC, when the friendship was asked for',
    ADD KEY asked (since, asked);
-- Finds the oldest requests.
ALTER TABLE claim ADD KEY type (type, created);
