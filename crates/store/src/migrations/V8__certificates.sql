-- The certificate authority: numbers before signatures, what was issued, letters, the public log, revocation data.

-- Stored before anything is signed with the number. institution_code: '-' for the authority's own signers.
-- sharded: serial
CREATE TABLE certificate_serial (
    serial TEXT NOT NULL,
    institution_code TEXT NOT NULL,
    order_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    reserved_at BIGINT NOT NULL,
    PRIMARY KEY (serial)
);

-- A key belongs to the one order it first came with.
-- sharded: key_fingerprint
CREATE TABLE certificate_key (
    key_fingerprint TEXT NOT NULL,
    institution_code TEXT NOT NULL,
    order_id TEXT NOT NULL,
    compromised BOOLEAN NOT NULL,
    PRIMARY KEY (key_fingerprint)
);

-- order_id: the application or the renewal it was issued for; one order, one certificate. leaf_index: where the
-- public log has its bytes. superseded_at: when its successor was issued.
-- sharded: institution_code
CREATE TABLE institution_certificate (
    institution_code TEXT NOT NULL,
    serial TEXT NOT NULL,
    order_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    key_fingerprint TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    uses TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    leaf_index BIGINT NOT NULL,
    predecessor TEXT,
    successor TEXT,
    superseded_at BIGINT,
    revoked_at BIGINT,
    revocation_reason TEXT,
    revoked_by TEXT,
    PRIMARY KEY (institution_code, serial)
);
CREATE UNIQUE INDEX institution_certificate_order ON institution_certificate (institution_code, order_id);
CREATE UNIQUE INDEX institution_certificate_fingerprint ON institution_certificate (institution_code, fingerprint);
CREATE INDEX institution_certificate_end ON institution_certificate (not_after);
CREATE INDEX institution_certificate_revoked ON institution_certificate (revoked_at);

-- The answer about one certificate that is signed ahead. next_update: 0 while none is signed. revoked_at: what the
-- answer must say, so that one signed before a revocation is not stored after it.
-- sharded: institution_code
CREATE TABLE certificate_answer (
    institution_code TEXT NOT NULL,
    serial TEXT NOT NULL,
    revoked_at BIGINT,
    answer BYTES NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    PRIMARY KEY (institution_code, serial)
);
CREATE INDEX certificate_answer_due ON certificate_answer (next_update);

-- リファレンスナンバー and, hashed with a key, 認証ID.
-- sharded: retrieval_number
CREATE TABLE retrieval (
    retrieval_number TEXT NOT NULL,
    secret_hash BYTES NOT NULL,
    institution_code TEXT NOT NULL,
    order_id TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    uses TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    retrieved_at BIGINT,
    PRIMARY KEY (retrieval_number)
);

-- Counted for every number typed, known or not, before anything is compared.
-- sharded: retrieval_number
-- sqlite: without rowid
CREATE TABLE retrieval_try (
    retrieval_number TEXT NOT NULL,
    tries BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (retrieval_number)
);
CREATE INDEX retrieval_try_age ON retrieval_try (last_at);

-- Where letters to an institution go: from the register of institutions, never from an application.
-- reference
CREATE TABLE institution_address (
    institution_code TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    first_line TEXT NOT NULL,
    second_line TEXT,
    PRIMARY KEY (institution_code)
);

-- 電子証明書発行通知書. pdf: sealed under the server's key, because the secret stands in it; NULL once posted or old.
-- sharded: institution_code
CREATE TABLE certificate_letter (
    institution_code TEXT NOT NULL,
    letter_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    retrieval_number TEXT NOT NULL,
    document_number TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    pdf BYTES,
    made_at BIGINT NOT NULL,
    retrievable_until BIGINT NOT NULL,
    posted_at BIGINT,
    posted_by TEXT,
    tracking_number TEXT,
    PRIMARY KEY (institution_code, letter_id)
);
CREATE UNIQUE INDEX certificate_letter_order ON certificate_letter (institution_code, order_id);
CREATE INDEX certificate_letter_queue ON certificate_letter (posted_at, made_at);

-- The public log: every certificate, in the order of its leaves.
-- reference
CREATE TABLE certificate_log (
    leaf_index BIGINT NOT NULL,
    serial TEXT NOT NULL,
    certificate BYTES NOT NULL,
    logged_at BIGINT NOT NULL,
    PRIMARY KEY (leaf_index)
);
CREATE UNIQUE INDEX certificate_log_serial ON certificate_log (serial);

-- How many leaves there are. One row; holding it gives leaves their order.
-- reference
CREATE TABLE certificate_log_size (
    log TEXT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (log)
);

-- What the log said of itself, signed.
-- reference
CREATE TABLE certificate_log_head (
    size BIGINT NOT NULL,
    signed_at BIGINT NOT NULL,
    root_hash BYTES NOT NULL,
    signature BYTES NOT NULL,
    PRIMARY KEY (size, signed_at)
);

-- The newest list of each shard of each issuing authority.
-- reference
CREATE TABLE certificate_revocation_list (
    issuer TEXT NOT NULL,
    shard BIGINT NOT NULL,
    number BIGINT NOT NULL,
    list BYTES NOT NULL,
    this_update BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    PRIMARY KEY (issuer, shard)
);

-- Which notice of the end of which certificate was given.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE certificate_notice (
    institution_code TEXT NOT NULL,
    serial TEXT NOT NULL,
    due_on TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, serial, due_on)
);
