-- What changed since the last visit: earlier answers about a person at an institution. Checks by number (method '2')
-- alone are found by this index. Checks by card are found over the consents that they wrote, so that they, of which
-- there are most, have no index more to keep.
CREATE INDEX verification_by_number ON verification (institution_code, person_key, recorded_at) WHERE method = '2';
