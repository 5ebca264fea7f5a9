-- A downloaded certificate that got lost on its way, and renewals that may be asked again.

-- When its terminal was first let in with it: until then nobody depends on it.
ALTER TABLE institution_certificate ADD COLUMN first_used_at BIGINT;
-- Of those from before nobody knows: they count as used.
UPDATE institution_certificate SET first_used_at = issued_at;
CREATE INDEX institution_certificate_followed ON institution_certificate (superseded_at);

-- PKCS#12 files for the minutes in which the same form may come again. file_id: a keyed hash of order, form and
-- password; sealed under a key that only the same three give.
-- sharded: institution_code
CREATE TABLE certificate_file (
    institution_code TEXT NOT NULL,
    file_id TEXT NOT NULL,
    sealed BYTES NOT NULL,
    kept_until BIGINT NOT NULL,
    PRIMARY KEY (institution_code, file_id)
);
CREATE INDEX certificate_file_age ON certificate_file (kept_until);
