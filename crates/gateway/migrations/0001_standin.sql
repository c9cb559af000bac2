-- What the stand-in learned from each batch of messages, in order: keys and what is known of the
-- things they name, as the batch left it. Read through, it gives the memory.
CREATE TABLE standin_log (
    place BIGINT NOT NULL PRIMARY KEY,
    body BLOB NOT NULL
);

-- Receipts on their way: returns of one type for one receiver that arrive at one time, packed.
CREATE TABLE standin_due (
    id BIGINT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    receiver TEXT NOT NULL,
    returns BIGINT NOT NULL,
    bytes BLOB NOT NULL
);
CREATE INDEX standin_due_at ON standin_due (due_at, id);

-- Receipts that wait until a warehousing sheet names their waybill. Times count from then.
CREATE TABLE standin_held (
    id BIGINT NOT NULL PRIMARY KEY,
    waybill BLOB NOT NULL,
    kind TEXT NOT NULL,
    receiver TEXT NOT NULL,
    due_after_ms BIGINT NOT NULL,
    said_after_ms BIGINT NOT NULL,
    bytes BLOB NOT NULL
);
CREATE INDEX standin_held_waybill ON standin_held (waybill);
