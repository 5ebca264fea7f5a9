-- Consents for home visits and online care are used at later visits: somebody of the institution finds them, asks again
-- under them, and takes them back.

-- end_reason: why it was ended before its time, a code of OQSCD031; valid_until says when. renewed_at: when it was last
-- asked about the person again under this consent, which lets it go on.
ALTER TABLE consent ADD COLUMN end_reason TEXT;
ALTER TABLE consent ADD COLUMN renewed_at BIGINT;

-- Of outpatients there are most, and nobody lists them: their consents are in neither index.
CREATE INDEX consent_kept ON consent (institution_code, granted_at) WHERE care_form IN ('home_visit', 'online');
CREATE INDEX consent_kept_of_check ON consent (institution_code, verification_id)
    WHERE care_form IN ('home_visit', 'online');

-- Questions asked again under a consent (照会区分 1, and nobody proved anything anew): earlier answers about a person.
CREATE INDEX verification_again ON verification (institution_code, person_key, recorded_at)
    WHERE method = '1' AND proof_method IS NULL;
