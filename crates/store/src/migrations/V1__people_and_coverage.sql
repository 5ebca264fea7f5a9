-- Who is insured, by whom: written by imports only.

-- reference
-- sqlite: without rowid
CREATE TABLE insurer (
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    current_import BIGINT NOT NULL,
    PRIMARY KEY (number)
);

-- One row for each file that was begun. source: an insurer number, or 'cards'.
-- reference
CREATE TABLE import_run (
    source TEXT NOT NULL,
    import_number BIGINT NOT NULL,
    content_hash BYTES NOT NULL,
    rows_expected BIGINT NOT NULL,
    rows_staged BIGINT NOT NULL,
    state TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    PRIMARY KEY (source, import_number)
);

-- One version of one membership. Visible while from_import <= insurer.current_import and until_import is
-- NULL or > insurer.current_import.
-- sharded: person_key
-- file: people
CREATE TABLE coverage (
    person_key TEXT NOT NULL,
    insurer_number TEXT NOT NULL,
    coverage_id TEXT NOT NULL,
    from_import BIGINT NOT NULL,
    until_import BIGINT,
    name TEXT NOT NULL,
    kana TEXT,
    other_name TEXT,
    other_kana TEXT,
    birthdate TEXT NOT NULL,
    sex TEXT NOT NULL,
    sex_on_back TEXT,
    address TEXT,
    postcode TEXT,
    address_withheld BOOLEAN NOT NULL,
    self_access_blocked BOOLEAN NOT NULL,
    insured_symbol TEXT,
    insured_number TEXT NOT NULL,
    branch_number TEXT,
    relation TEXT,
    insured_name TEXT,
    classification TEXT NOT NULL,
    qualified_on TEXT NOT NULL,
    disqualified_on TEXT,
    reason_of_loss TEXT,
    card_issued_on TEXT,
    card_valid_from TEXT,
    card_valid_until TEXT,
    copay_ratio BIGINT,
    certificates TEXT,
    PRIMARY KEY (person_key, insurer_number, coverage_id, from_import)
);

-- seen_import: the newest import whose file had this row.
-- sharded: insurer_number
-- sqlite: without rowid
-- file: people
CREATE TABLE coverage_by_number (
    insurer_number TEXT NOT NULL,
    number_key TEXT NOT NULL,
    birthdate TEXT NOT NULL,
    person_key TEXT NOT NULL,
    coverage_id TEXT NOT NULL,
    from_import BIGINT NOT NULL,
    until_import BIGINT,
    seen_import BIGINT NOT NULL,
    PRIMARY KEY (insurer_number, number_key, birthdate, person_key, coverage_id, from_import)
);

-- sharded: serial
-- sqlite: without rowid
-- file: people
CREATE TABLE card_by_serial (
    serial TEXT NOT NULL,
    issuer TEXT NOT NULL,
    person_key TEXT NOT NULL,
    superseded_by_serial TEXT,
    superseded_by_issuer TEXT,
    registered BOOLEAN NOT NULL,
    PRIMARY KEY (serial, issuer)
);

-- ticket: the ticket as JSON, never queried into.
-- sharded: person_key
-- file: people
CREATE TABLE medical_ticket (
    person_key TEXT NOT NULL,
    insurer_number TEXT NOT NULL,
    coverage_id TEXT NOT NULL,
    from_import BIGINT NOT NULL,
    position BIGINT NOT NULL,
    institution_code TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    ticket TEXT NOT NULL,
    PRIMARY KEY (person_key, insurer_number, coverage_id, from_import, position)
);
