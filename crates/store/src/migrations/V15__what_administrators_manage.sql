-- What administrators of an institution manage: passcodes, settings, addresses of home visits, devices.

-- The newest passcode of each institution; an older one is gone. failures counts entries that were wrong or are being
-- compared.
-- sharded: institution_code
CREATE TABLE visual_check_passcode (
    institution_code TEXT NOT NULL,
    passcode_id TEXT NOT NULL,
    code_hash BYTES NOT NULL,
    issued_at BIGINT NOT NULL,
    issued_by TEXT NOT NULL,
    failures BIGINT NOT NULL,
    last_failed_at BIGINT,
    PRIMARY KEY (institution_code)
);
CREATE INDEX visual_check_passcode_failed ON visual_check_passcode (last_failed_at);

-- An institution without a row has the defaults, as version 0.
-- sharded: institution_code
CREATE TABLE facility_settings (
    institution_code TEXT NOT NULL,
    version BIGINT NOT NULL,
    settings TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (institution_code)
);

-- sharded: institution_code
CREATE TABLE facility_settings_change (
    institution_code TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_by_name TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (institution_code, version)
);

-- Who opened which version of the terms, when first.
-- sharded: institution_code
CREATE TABLE terms_opened (
    institution_code TEXT NOT NULL,
    account TEXT NOT NULL,
    terms_version TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, account, terms_version)
);

-- url_use is OQSCD033. The one without an end is the one in use; generations are counted from 1.
-- sharded: institution_code
CREATE TABLE home_visit_url (
    institution_code TEXT NOT NULL,
    url_use TEXT NOT NULL,
    generation BIGINT NOT NULL,
    sealed_secret BYTES NOT NULL,
    url_hash BYTES NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (institution_code, url_use, generation)
);

-- Whose an address is.
-- sharded: url_hash
CREATE TABLE home_visit_url_by_hash (
    url_hash BYTES NOT NULL,
    institution_code TEXT NOT NULL,
    url_use TEXT NOT NULL,
    ends_at BIGINT,
    PRIMARY KEY (url_hash)
);

-- sharded: institution_code
CREATE TABLE activation (
    institution_code TEXT NOT NULL,
    activation_id TEXT NOT NULL,
    code_hash BYTES NOT NULL,
    device_memo TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    issued_by TEXT NOT NULL,
    used_at BIGINT,
    device_key TEXT,
    invalidated_at BIGINT,
    invalidated_by TEXT,
    PRIMARY KEY (institution_code, activation_id)
);
CREATE UNIQUE INDEX activation_of_code ON activation (institution_code, code_hash);

-- Wrong entries of codes, and the row that issues of one institution take turns on.
-- sharded: institution_code
CREATE TABLE activation_guard (
    institution_code TEXT NOT NULL,
    wrong BIGINT NOT NULL,
    window_started_at BIGINT,
    paused_until BIGINT,
    PRIMARY KEY (institution_code)
);
