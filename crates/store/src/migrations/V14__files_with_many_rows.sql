-- Files with many rows: handed in, worked on, fetched; and reference numbers that were registered one by one.

-- One row a file. terms: what it asks for besides its rows, opaque here. claimed_until: until when a worker has it in
-- hand. chunks: NULL until its rows are known.
-- sharded: institution_code
CREATE TABLE bulk_job (
    institution_code TEXT NOT NULL,
    reception_number TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    request_id TEXT NOT NULL,
    question_digest BYTES NOT NULL,
    terms TEXT NOT NULL,
    actor TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    chunks BIGINT,
    rows_normal BIGINT NOT NULL,
    rows_error BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    finished_at BIGINT,
    claimed_until BIGINT NOT NULL,
    PRIMARY KEY (institution_code, reception_number)
);
CREATE UNIQUE INDEX bulk_job_once ON bulk_job (institution_code, request_id);
CREATE INDEX bulk_job_open ON bulk_job (received_at) WHERE finished_at IS NULL;
CREATE INDEX bulk_job_age ON bulk_job (received_at);

-- So many rows of a file as are answered in one commit: questions and answers packed, opaque here.
-- sharded: institution_code
CREATE TABLE bulk_chunk (
    institution_code TEXT NOT NULL,
    reception_number TEXT NOT NULL,
    position BIGINT NOT NULL,
    question BYTES NOT NULL,
    answer BYTES,
    PRIMARY KEY (institution_code, reception_number, position)
);

-- The primary key is the idempotency of single registrations.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE registration_request (
    institution_code TEXT NOT NULL,
    request_id TEXT NOT NULL,
    question_digest BYTES NOT NULL,
    outcome TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, request_id)
);
CREATE INDEX registration_request_age ON registration_request (recorded_at);

-- Whose tickets are made out to an institution.
-- file: people
CREATE INDEX medical_ticket_made_out_to ON medical_ticket (institution_code, valid_until);
