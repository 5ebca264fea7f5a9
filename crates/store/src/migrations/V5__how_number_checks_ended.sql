-- The guard against guessing, with how the last questions of each institution ended.

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
