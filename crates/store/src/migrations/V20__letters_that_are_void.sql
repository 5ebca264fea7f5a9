-- Letters that are good no more, applications that are tried again later, and how often anything was revoked.

-- ended_at, end_reason, ended_by: since when, why and by whom it is void. again_asked_at: since when another letter for
-- the same order is to be written; replaced_by: that letter.
ALTER TABLE certificate_letter ADD COLUMN ended_at BIGINT;
ALTER TABLE certificate_letter ADD COLUMN end_reason TEXT;
ALTER TABLE certificate_letter ADD COLUMN ended_by TEXT;
ALTER TABLE certificate_letter ADD COLUMN again_asked_at BIGINT;
ALTER TABLE certificate_letter ADD COLUMN again_asked_by TEXT;
ALTER TABLE certificate_letter ADD COLUMN replaced_by TEXT;
-- Those that were wiped without a word: nobody can have their secret any more, and now nobody can use it either.
UPDATE certificate_letter SET ended_at = made_at + 1209600000, end_reason = 'not_posted', ended_by = 'authority'
    WHERE posted_at IS NULL AND pdf IS NULL;
UPDATE retrieval SET withdrawn_at = issued_at + 1209600000 WHERE withdrawn_at IS NULL AND retrieved_at IS NULL
    AND retrieval_number IN (SELECT retrieval_number FROM certificate_letter WHERE ended_at IS NOT NULL);
-- One order has one letter that is good.
DROP INDEX IF EXISTS certificate_letter_order;
CREATE UNIQUE INDEX certificate_letter_live ON certificate_letter (institution_code, order_id) WHERE ended_at IS NULL;
CREATE INDEX certificate_letter_ended ON certificate_letter (ended_at);
CREATE INDEX certificate_letter_again ON certificate_letter (again_asked_at);

-- That the first of two people wants a letter made void: until another one agrees or it is dropped, nothing is fetched
-- with it.
-- sharded: institution_code
CREATE TABLE certificate_letter_wish (
    institution_code TEXT NOT NULL,
    letter_id TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_mail_key TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (institution_code, letter_id)
);

-- How often an approved application was tried in vain, and when it is tried again.
ALTER TABLE application_obstacle ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE application_obstacle ADD COLUMN next_try_at BIGINT NOT NULL DEFAULT 0;

-- Moves with every revocation: whoever makes lists reads the revoked only then. One row.
-- reference
CREATE TABLE certificate_revocation_count (
    authority TEXT NOT NULL,
    revocations BIGINT NOT NULL,
    PRIMARY KEY (authority)
);
