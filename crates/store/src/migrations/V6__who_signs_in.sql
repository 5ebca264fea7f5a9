-- Who signs in with a browser, what the browser holds, how often was guessed, and what is mailed.

-- The name typed at sign-in leads to one account. audience: 'portal' or 'operator'. subject: the account everywhere else.
-- institution_code: NULL for the operator's people. password_hash: Argon2id with its parameters (PHC text).
-- sharded: login_key
CREATE TABLE sign_in (
    login_key TEXT NOT NULL,
    audience TEXT NOT NULL,
    subject TEXT NOT NULL,
    institution_code TEXT,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (login_key, audience)
);

-- One account of the portal. The representative of an institution is the one that portal_facility names.
-- sharded: institution_code
CREATE TABLE portal_account (
    institution_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    mail TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, subject)
);

-- sharded: institution_code
CREATE TABLE portal_facility (
    institution_code TEXT NOT NULL,
    institution_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    registered_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);

-- fixed_state, moving_state: what the library of passkeys wants back.
-- sharded: subject
CREATE TABLE passkey (
    subject TEXT NOT NULL,
    credential_id BYTES NOT NULL,
    name TEXT NOT NULL,
    transports BIGINT NOT NULL,
    fixed_state BYTES NOT NULL,
    moving_state BYTES NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    PRIMARY KEY (subject, credential_id)
);

-- sealed_secret: under the server's key. last_step: the newest time step that was used; none up to it works again.
-- confirmed_at: NULL until a first code was right.
-- sharded: subject
CREATE TABLE totp (
    subject TEXT NOT NULL,
    sealed_secret BYTES NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at BIGINT,
    PRIMARY KEY (subject)
);

-- Each works once and is gone then.
-- sharded: subject
-- sqlite: without rowid
CREATE TABLE recovery_code (
    subject TEXT NOT NULL,
    code_hash BYTES NOT NULL,
    PRIMARY KEY (subject, code_hash)
);

-- A browser that this account has signed in with before.
-- sharded: subject
-- sqlite: without rowid
CREATE TABLE known_browser (
    subject TEXT NOT NULL,
    browser_hash BYTES NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (subject, browser_hash)
);

-- stage: 'password' (a second factor is still to come) or 'full'.
-- sharded: token_hash
CREATE TABLE web_session (
    token_hash BYTES NOT NULL,
    audience TEXT NOT NULL,
    subject TEXT NOT NULL,
    institution_code TEXT,
    role TEXT NOT NULL,
    name TEXT NOT NULL,
    stage TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
);
CREATE INDEX web_session_subject ON web_session (subject);
CREATE INDEX web_session_end ON web_session (ends_at);

-- The server's half of a passkey dialogue of one session; taken by its answer.
-- sharded: token_hash
CREATE TABLE passkey_dialogue (
    token_hash BYTES NOT NULL,
    purpose TEXT NOT NULL,
    state BYTES NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash, purpose)
);
CREATE INDEX passkey_dialogue_end ON passkey_dialogue (ends_at);

-- A link that was mailed: works once, until its end. payload: JSON of what it brings about.
-- sharded: token_hash
CREATE TABLE mail_link (
    token_hash BYTES NOT NULL,
    purpose TEXT NOT NULL,
    payload TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (token_hash)
);
CREATE INDEX mail_link_end ON mail_link (ends_at);

-- What one kind of guessing has used up, counted before each comparison.
-- sharded: attempt_key
-- sqlite: without rowid
CREATE TABLE attempt (
    attempt_key TEXT NOT NULL,
    failures BIGINT NOT NULL,
    window_started_at BIGINT,
    locked_until BIGINT,
    needs_administrator BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (attempt_key)
);
CREATE INDEX attempt_age ON attempt (changed_at);

-- Mail to be sent. next_try_at: NULL once it is sent or given up; text is emptied then. text: 'open:' and the words, or
-- 'sealed:' and hex under the server's key, where it holds a link.
-- sharded: mail_id
CREATE TABLE mail_outbox (
    mail_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject_line TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_try_at BIGINT,
    tries BIGINT NOT NULL,
    sent_at BIGINT,
    last_error TEXT,
    PRIMARY KEY (mail_id)
);
CREATE INDEX mail_outbox_next ON mail_outbox (next_try_at);
CREATE INDEX mail_outbox_age ON mail_outbox (created_at);

-- A form that was handed in, and what came of it: the second click sees the first one's outcome.
-- sharded: subject
CREATE TABLE form_handed_in (
    subject TEXT NOT NULL,
    form_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    handed_in_at BIGINT NOT NULL,
    PRIMARY KEY (subject, form_id)
);
CREATE INDEX form_handed_in_age ON form_handed_in (handed_in_at);
