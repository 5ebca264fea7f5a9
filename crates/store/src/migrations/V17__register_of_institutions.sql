-- What the register of institutions (医療機関マスタ) says besides code, name and address. closed_at: out of use since.
-- reference
CREATE TABLE institution_detail (
    institution_code TEXT NOT NULL,
    phone TEXT,
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (institution_code)
);

-- What one person of the operator wants to change in the register, until another one agrees or it is withdrawn.
-- wanted: JSON.
-- reference
CREATE TABLE institution_wish (
    institution_code TEXT NOT NULL,
    wanted TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_mail_key TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code)
);
