-- Whose turn it is: when a worker last took up a file of an institution.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE bulk_turn (
    institution_code TEXT NOT NULL,
    taken_up_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);

-- The own passwords that an account had before the one it has, newest first the few that are barred; hashes only.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE institution_password_before (
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    ended_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, user_id, password_hash)
);

-- Which versions a file of cards wrote.
-- file: people
CREATE INDEX card_version_import ON card_version (from_import);

-- How often a 目視確認用パスコード was entered on a day, by whom; kept for some days, so that nobody reads the log for it.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE visual_check_use (
    institution_code TEXT NOT NULL,
    day TEXT NOT NULL,
    actor TEXT NOT NULL,
    accepted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (institution_code, day, actor)
);
