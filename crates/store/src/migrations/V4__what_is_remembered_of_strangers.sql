-- What is kept so that strangers can neither flood the log nor serve what is past.

-- Refused attempts of one kind and source: the first of a window are entries of the audit log, all are counted here
-- until one more entry tells how many there were.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE denial (
    institution_code TEXT NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (institution_code, source, outcome)
);
CREATE INDEX denial_age ON denial (began_at);

-- The newest revocation list of each card authority that was ever believed: an older one is not, also after a restart.
-- reference
CREATE TABLE revocation_list (
    authority TEXT NOT NULL,
    number TEXT,
    this_update BIGINT NOT NULL,
    PRIMARY KEY (authority)
);

-- The newest run of one chain.
CREATE INDEX audit_run_chain ON audit_run (institution_code, first_leaf);
