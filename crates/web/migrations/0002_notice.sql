-- What parties are told. One numbered row a notice; numbers of a party grow without gaps in the
-- order of commit, because the head row is locked while a number is taken.
CREATE TABLE web_notice_head (
    party TEXT PRIMARY KEY,
    last BIGINT NOT NULL,
    acked BIGINT NOT NULL
);
CREATE TABLE web_notice (
    party TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (party, seq)
) WITHOUT ROWID;
-- The news themselves, many alike in one blob: those of a party numbered last_seq - count + 1 to
-- last_seq, a line of JSON each, zstd-compressed.
CREATE TABLE web_notice_body (
    party TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    created BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (party, last_seq)
);
-- Where parties want to be told without asking. The secret is sealed; kinds are separated by
-- spaces, none meaning all.
CREATE TABLE web_webhook (
    id BIGINT PRIMARY KEY,
    party TEXT NOT NULL,
    url TEXT NOT NULL,
    secret BLOB NOT NULL,
    kinds TEXT NOT NULL,
    state TEXT NOT NULL,
    created BIGINT NOT NULL,
    changed BIGINT NOT NULL
);
CREATE INDEX web_webhook_party ON web_webhook (party, id);
-- One notice to one webhook: when to try, how often tried, how the last try went. claim names the
-- round that is trying now.
CREATE TABLE web_delivery (
    id BIGINT PRIMARY KEY,
    webhook BIGINT NOT NULL,
    party TEXT NOT NULL,
    seq BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due BIGINT NOT NULL,
    claim BIGINT,
    last_at BIGINT,
    last_status BIGINT,
    last_error TEXT,
    created BIGINT NOT NULL
);
CREATE UNIQUE INDEX web_delivery_once ON web_delivery (webhook, seq);
CREATE INDEX web_delivery_due ON web_delivery (due) WHERE state = 'due';
CREATE INDEX web_delivery_claim ON web_delivery (claim) WHERE claim IS NOT NULL;
CREATE INDEX web_delivery_party ON web_delivery (party, id);
CREATE INDEX web_delivery_notice ON web_delivery (party, seq);
