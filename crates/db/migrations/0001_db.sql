-- Numbers handed out one after another, and the number of the last event.
CREATE TABLE db_number (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Settings that belong to the data rather than to the installation.
CREATE TABLE db_setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Events, many to a row: those of one transaction, numbered last_seq - count + 1 to last_seq.
-- body is JSON [[kind, subject, at, body], …], zstd-compressed when packed.
CREATE TABLE db_event (
    last_seq BIGINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    at BIGINT NOT NULL,
    packed BOOLEAN NOT NULL,
    body BLOB NOT NULL
);

-- How far each consumer of events has come.
CREATE TABLE db_cursor (
    consumer TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    batch_max BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    error TEXT
);

-- Events that a consumer could not handle, set aside so that others can go on.
CREATE TABLE db_dead_event (
    consumer TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    body TEXT NOT NULL,
    error TEXT NOT NULL,
    failures BIGINT NOT NULL,
    replay BOOLEAN NOT NULL,
    PRIMARY KEY (consumer, seq)
);

-- Work to be done at or after its due time. A claimed job is due again when its lease ends.
CREATE TABLE db_job (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    once BOOLEAN NOT NULL,
    due BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    dead BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    error TEXT
);
CREATE INDEX db_job_due ON db_job (kind, due) WHERE NOT dead;
CREATE INDEX db_job_key ON db_job (kind, key, id) WHERE NOT dead;
CREATE UNIQUE INDEX db_job_once ON db_job (kind, key) WHERE once AND NOT dead;

-- Answers already given, by the caller's idempotency key.
CREATE TABLE db_request (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    hash BLOB NOT NULL,
    at BIGINT NOT NULL,
    status BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX db_request_at ON db_request (at);

-- Who did what, and why.
CREATE TABLE db_audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX db_audit_subject ON db_audit (subject, id);

-- Originals as they came: compressed, sealed. hash is SHA-256 of the plain bytes.
CREATE TABLE db_original (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    door TEXT NOT NULL,
    sender TEXT NOT NULL,
    at BIGINT NOT NULL,
    length BIGINT NOT NULL,
    hash BLOB NOT NULL,
    dictionary BIGINT NOT NULL,
    body BLOB NOT NULL
);

-- Compression dictionaries for originals, sealed: they hold pieces of what they were trained on.
CREATE TABLE db_dictionary (
    version BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body BLOB NOT NULL
);

-- Leaves of the evidence log, many to a row: those of one transaction, at places first to
-- first + count - 1. ids and hashes are packed in that order; texts are the records that are stored
-- nowhere else, zstd-compressed.
CREATE TABLE db_leaf (
    first BIGINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    id_min BIGINT NOT NULL,
    id_max BIGINT NOT NULL,
    ids BLOB NOT NULL,
    hashes BLOB NOT NULL,
    texts BLOB
);
CREATE INDEX db_leaf_id ON db_leaf (id_max);

-- Hashes over complete groups of 256^level leaves, the nth of its level.
CREATE TABLE db_node (
    level BIGINT NOT NULL,
    n BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, n)
) WITHOUT ROWID;

-- Published checkpoints of the evidence log.
CREATE TABLE db_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL
);

-- Random values by which things are seldom looked up, in sorted runs: one for a transaction, sixteen
-- of a level merged into one of the next. A part of a run holds up to some thousand entries: five
-- bytes of the value and an id, packed, sorted; first is the value of its first entry.
CREATE TABLE db_run (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    level BIGINT NOT NULL
);
CREATE TABLE db_run_part (
    run BIGINT NOT NULL,
    first BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (run, first)
);
