-- Pages with medical information are covered when nobody touched a session for some minutes, until its holder has
-- proven anew who sits there.

-- covered_at: when the session was used again after such a pause; empty while there was none since its beginning.
ALTER TABLE web_session ADD COLUMN covered_at BIGINT;
