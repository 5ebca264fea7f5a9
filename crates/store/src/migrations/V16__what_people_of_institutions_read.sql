-- What people of an institution read and operate on its own screens.

-- sharded: institution_code
CREATE TABLE notice_read (
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, user_id, notice_id)
);

-- What a terminal told of its card reader, the last time. changed_at: since when the state is what it is; heard_at: when
-- the terminal last heard the reader's program.
-- sharded: institution_code
CREATE TABLE reader (
    institution_code TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    state TEXT NOT NULL,
    error_code TEXT,
    mode TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    told_at BIGINT NOT NULL,
    heard_at BIGINT,
    PRIMARY KEY (institution_code, terminal_name)
);

-- What somebody wants a reader to do: the newest wish of each reader, until the terminal fetched it and said how it went.
-- sharded: institution_code
CREATE TABLE reader_command (
    institution_code TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    command_id TEXT NOT NULL,
    command TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    asked_by TEXT NOT NULL,
    fetched_at BIGINT,
    ended_at BIGINT,
    outcome TEXT,
    PRIMARY KEY (institution_code, terminal_name)
);
