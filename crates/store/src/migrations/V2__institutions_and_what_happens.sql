-- Who asks, and what happened.

-- reference
CREATE TABLE institution (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (code)
);

-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE terminal_certificate (
    institution_code TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    not_after BIGINT NOT NULL,
    revoked_at BIGINT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, fingerprint)
);
CREATE INDEX terminal_certificate_changed ON terminal_certificate (changed_at);

-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE reference_number (
    institution_code TEXT NOT NULL,
    person_key TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (institution_code, person_key)
);
CREATE UNIQUE INDEX reference_number_once ON reference_number (institution_code, number);

-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE consent (
    institution_code TEXT NOT NULL,
    person_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    care_form TEXT NOT NULL,
    granted BOOLEAN NOT NULL,
    granted_at BIGINT NOT NULL,
    valid_until BIGINT,
    verification_id TEXT NOT NULL,
    PRIMARY KEY (institution_code, person_key, kind, care_form)
);

-- The primary key is the idempotency of requests and the single use of nonces.
-- sharded: institution_code
CREATE TABLE verification (
    institution_code TEXT NOT NULL,
    request_id TEXT NOT NULL,
    verification_id TEXT NOT NULL,
    question_digest BYTES NOT NULL,
    method TEXT NOT NULL,
    proof_method TEXT,
    proof_digest BYTES,
    validity TEXT,
    person_key TEXT,
    answer BYTES NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, request_id)
);
CREATE INDEX verification_age ON verification (recorded_at);
