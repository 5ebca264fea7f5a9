-- Why an approved application could not be carried out when that was last tried, and since when; gone when it is done.
-- sharded: institution_code
CREATE TABLE application_obstacle (
    institution_code TEXT NOT NULL,
    application_id TEXT NOT NULL,
    obstacle TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (institution_code, application_id)
);
