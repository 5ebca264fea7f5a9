-- Whether who registered an institution on the portal is of that institution.

-- way: 'phone' or 'post', by the register's number or address. note: whom the operator spoke to, or what came back.
-- sharded: institution_code
CREATE TABLE registrant_proof (
    institution_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    way TEXT NOT NULL,
    note TEXT NOT NULL,
    proven_by TEXT NOT NULL,
    proven_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, subject)
);

-- One person of the operator wants a registrant stopped, another one does it; stopped_at is NULL until then.
-- sharded: institution_code
CREATE TABLE registrant_stop (
    institution_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_mail_key TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    stopped_by TEXT,
    stopped_at BIGINT,
    PRIMARY KEY (institution_code, subject)
);
