-- What institutions ask the operator for, who decided about it, and who the operator's people are.

-- content: what the form said when it was handed in. subject: the terminal or certificate it is about, so that two
-- open applications for the same one are seen. version counts every change of the row.
-- sharded: institution_code
CREATE TABLE application (
    institution_code TEXT NOT NULL,
    application_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    revision BIGINT NOT NULL,
    version BIGINT NOT NULL,
    reception_number TEXT,
    subject TEXT,
    applicants TEXT NOT NULL,
    findings TEXT NOT NULL,
    form TEXT NOT NULL,
    content TEXT,
    created_at BIGINT NOT NULL,
    submitted_at BIGINT,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, application_id)
);
CREATE UNIQUE INDEX application_reception ON application (institution_code, reception_number);
CREATE INDEX application_queue ON application (kind, state, submitted_at, institution_code, application_id);

-- The last reception number given to an institution.
-- sharded: institution_code
-- sqlite: without rowid
CREATE TABLE application_reception_count (
    institution_code TEXT NOT NULL,
    given BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);

-- What happened to an application: only ever inserted into.
-- sharded: institution_code
CREATE TABLE application_event (
    institution_code TEXT NOT NULL,
    application_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    happened_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (institution_code, application_id, sequence)
);
CREATE INDEX application_event_time ON application_event (happened_at, institution_code, application_id, sequence);

-- Who approved the revision that is being decided. The keys let neither one account nor one mail address stand
-- twice for the same revision.
-- sharded: institution_code
CREATE TABLE application_approval (
    institution_code TEXT NOT NULL,
    application_id TEXT NOT NULL,
    revision BIGINT NOT NULL,
    operator_id TEXT NOT NULL,
    mail_key TEXT NOT NULL,
    actor TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, application_id, revision, operator_id)
);
CREATE UNIQUE INDEX application_approval_mail ON application_approval
    (institution_code, application_id, revision, mail_key);

-- The first accounts of an institution on its own web. password_hash stays NULL until the 通知書 was fetched;
-- sheets counts how often it was.
-- sharded: institution_code
CREATE TABLE institution_account (
    institution_code TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    must_change BOOLEAN NOT NULL,
    password_until BIGINT,
    sheets BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, user_id)
);

-- The operator's people; their password and second factor are in sign_in and totp under operator_id as subject.
-- reference
CREATE TABLE operator_account (
    operator_id TEXT NOT NULL,
    name TEXT NOT NULL,
    mail TEXT NOT NULL,
    mail_key TEXT NOT NULL,
    role TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (operator_id)
);
CREATE UNIQUE INDEX operator_account_mail ON operator_account (mail_key);

-- お知らせ.
-- reference
CREATE TABLE notice (
    notice_id TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    important BOOLEAN NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (notice_id)
);
CREATE INDEX notice_time ON notice (published_at, notice_id);
