-- What a registrant changes of the registration later, and letters in the place of others that cannot be written yet.

-- department: 担当部署. wanted_mail: the address that the account is to have once its link is opened, until wanted_until;
-- NULL when none is asked for.
ALTER TABLE portal_account ADD COLUMN department TEXT;
ALTER TABLE portal_account ADD COLUMN wanted_mail TEXT;
ALTER TABLE portal_account ADD COLUMN wanted_until BIGINT;

-- How often another letter was tried in vain, and when it is tried again: what is stuck keeps nobody waiting.
ALTER TABLE certificate_letter ADD COLUMN again_tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE certificate_letter ADD COLUMN again_next_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX certificate_letter_wanted ON certificate_letter (again_next_at, again_asked_at)
    WHERE again_asked_at IS NOT NULL AND replaced_by IS NULL;
