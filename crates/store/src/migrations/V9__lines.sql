-- By which line an institution is reached, and whether that line is authenticated.

-- One row: the number of the last change to any line. Whoever changes a line takes the next number and so holds
-- this row until the commit: changes come one after another, in the order of their numbers.
-- reference
CREATE TABLE line_change (
    register TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (register)
);

-- line_key is NULL once the line is stopped.
-- reference
CREATE TABLE line_customer (
    institution_code TEXT NOT NULL,
    line_key TEXT,
    circuit TEXT NOT NULL,
    customer_id TEXT,
    registered_at BIGINT NOT NULL,
    stopped_at BIGINT,
    change_number BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);
CREATE INDEX line_customer_of_line ON line_customer (line_key);
CREATE INDEX line_customer_changed ON line_customer (change_number);

-- Addresses as text that sorts like them: 4 or 6, then hex. Prefixes of different lines never overlap, so the
-- greatest first address up to another address finds its line.
-- reference
-- sqlite: without rowid
CREATE TABLE line_prefix (
    first_address TEXT NOT NULL,
    last_address TEXT NOT NULL,
    prefix TEXT NOT NULL,
    line_key TEXT NOT NULL,
    PRIMARY KEY (first_address)
);
CREATE INDEX line_prefix_of_line ON line_prefix (line_key);

-- The newest session of each prefix a line was authenticated by.
-- reference
-- sqlite: without rowid
CREATE TABLE line_session (
    line_key TEXT NOT NULL,
    prefix TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    PRIMARY KEY (line_key, prefix)
);
