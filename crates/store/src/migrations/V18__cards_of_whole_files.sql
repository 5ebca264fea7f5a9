-- One version of one card certificate, of the cards file with this number. Of a certificate the newest version counts
-- whose file is in force (import_run of source 'cards', applied); card_by_serial holds those written before there were
-- versions, which count where there is no version, and are written no more.
-- sharded: serial
-- sqlite: without rowid
-- file: people
CREATE TABLE card_version (
    serial TEXT NOT NULL,
    issuer TEXT NOT NULL,
    from_import BIGINT NOT NULL,
    person_key TEXT NOT NULL,
    superseded_by_serial TEXT,
    superseded_by_issuer TEXT,
    registered BOOLEAN NOT NULL,
    PRIMARY KEY (serial, issuer, from_import)
);
