-- The guard against guessing with the last questions of each institution. It takes the place of enumeration_guard,
-- which stays, unused, until a later release: a process of the release before may still be running.

-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE number_check_guard (
    institution_code TEXT NOT NULL,
    window_started_at BIGINT,
    misses BIGINT NOT NULL,
    last_slow_at BIGINT,
    recent_wrong BIGINT NOT NULL,
    recent_asked BIGINT NOT NULL,
    stepped_up_at BIGINT,
    PRIMARY KEY (institution_code)
);
