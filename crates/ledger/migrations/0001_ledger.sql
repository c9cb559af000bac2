-- Double entry. Written for narrow rows: a parcel makes two transfers and touches two accounts.

-- owner is a 16-byte hash, period a calendar year or 0. The four sums are derived from the
-- transfers and kept beside the account so that a limit can be tested without reading them.
-- last is the account's latest transfer, 0 when there is none; shared accounts keep 0.
CREATE TABLE ledger_account (
    id BIGINT NOT NULL PRIMARY KEY,
    ledger BIGINT NOT NULL,
    period BIGINT NOT NULL,
    owner BLOB NOT NULL,
    unit BIGINT NOT NULL,
    shared BOOLEAN NOT NULL,
    debits_posted BIGINT NOT NULL,
    credits_posted BIGINT NOT NULL,
    debits_held BIGINT NOT NULL,
    credits_held BIGINT NOT NULL,
    last BIGINT NOT NULL
);
CREATE UNIQUE INDEX ledger_account_key ON ledger_account (ledger, period, owner);

-- act: 1 post, 2 hold, 3 post a hold, 4 void a hold, 5 expire a hold, 6 reverse.
-- about: the hold settled or the posting reversed. settled: the act (3, 4, 5) that settled a hold.
-- reversed: what was taken back of a posting. prev_debit, prev_credit: the transfer before on
-- either account, 0 for the first and on shared accounts.
CREATE TABLE ledger_transfer (
    id BIGINT NOT NULL PRIMARY KEY,
    reference BIGINT NOT NULL,
    step BIGINT NOT NULL,
    act BIGINT NOT NULL,
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    about BIGINT,
    settled BIGINT,
    reversed BIGINT,
    expires BIGINT,
    prev_debit BIGINT NOT NULL,
    prev_credit BIGINT NOT NULL
);
CREATE UNIQUE INDEX ledger_transfer_key ON ledger_transfer (reference, step);
CREATE INDEX ledger_transfer_expiry ON ledger_transfer (expires)
    WHERE expires IS NOT NULL AND settled IS NULL;
