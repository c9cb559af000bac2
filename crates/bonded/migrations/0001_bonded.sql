-- Bonded account books 账册. Quantities count hundred-thousandths of the record's unit. What is on
-- hand, held and in transit stands in the ledger; the rows here say why.

-- holder: our id of the zone firm; holder_code and area_code: the two codes documents name it by.
-- mode_bound: whether what entered leaves under the mode it entered with, by the law of that day.
CREATE TABLE bonded_book (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    holder BIGINT NOT NULL,
    holder_code TEXT NOT NULL,
    area_code TEXT NOT NULL,
    zone TEXT NOT NULL,
    trade_mode TEXT NOT NULL,
    mode_bound BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX bonded_book_number ON bonded_book (number);
CREATE INDEX bonded_book_holder ON bonded_book (holder, id);

CREATE TABLE bonded_record (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    item_no TEXT NOT NULL,
    hs_code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL
);
CREATE UNIQUE INDEX bonded_record_key ON bonded_record (book, item_no);
CREATE INDEX bonded_record_item ON bonded_record (item_no);

-- What changed the stock on hand, and why. The id of the movement tells when; source is the id of
-- the thing of that cause. The column is not called id, because the newest id is looked for in all
-- columns of that name and here would be found by reading everything; the ledger's transfers and
-- the audit of the same transaction are newer.
CREATE TABLE bonded_movement (
    record BIGINT NOT NULL,
    movement BIGINT NOT NULL,
    cause BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (record, movement)
) WITHOUT ROWID;

-- 核注清单: what entered the zone.
CREATE TABLE bonded_entry (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    checklist_no TEXT NOT NULL,
    declaration_no TEXT NOT NULL,
    trade_mode TEXT NOT NULL,
    bill_no TEXT NOT NULL,
    entered_on TEXT NOT NULL
);
CREATE UNIQUE INDEX bonded_entry_key ON bonded_entry (book, checklist_no);
CREATE INDEX bonded_entry_bill ON bonded_entry (bill_no);
CREATE TABLE bonded_entry_line (
    entry BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, line)
) WITHOUT ROWID;

-- An inventory's draw on a book. Declared anew after it was given back, it is the next round.
-- state: 1 held, 2 released, 3 given back, 4 replaced by the next round.
CREATE TABLE bonded_draw (
    id BIGINT NOT NULL PRIMARY KEY,
    key BLOB NOT NULL,
    round BIGINT NOT NULL,
    book BIGINT NOT NULL,
    state BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE UNIQUE INDEX bonded_draw_key ON bonded_draw (key, round);
CREATE TABLE bonded_draw_line (
    draw BIGINT NOT NULL,
    gnum BIGINT NOT NULL,
    record BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    PRIMARY KEY (draw, gnum)
) WITHOUT ROWID;

CREATE TABLE bonded_return (
    id BIGINT NOT NULL PRIMARY KEY,
    key BLOB NOT NULL,
    draw BIGINT NOT NULL
);
CREATE UNIQUE INDEX bonded_return_key ON bonded_return (key);
CREATE TABLE bonded_return_line (
    return_id BIGINT NOT NULL,
    gnum BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (return_id, gnum)
) WITHOUT ROWID;

-- Between books. to_book is null when the other book is kept elsewhere.
CREATE TABLE bonded_transfer (
    id BIGINT NOT NULL PRIMARY KEY,
    from_book BIGINT NOT NULL,
    to_book BIGINT,
    to_number TEXT NOT NULL,
    out_reference TEXT NOT NULL,
    in_reference TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX bonded_transfer_from ON bonded_transfer (from_book, id);
CREATE INDEX bonded_transfer_to ON bonded_transfer (to_book, id);
CREATE TABLE bonded_transfer_line (
    transfer BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record BIGINT NOT NULL,
    to_record BIGINT,
    quantity BIGINT NOT NULL,
    received BIGINT NOT NULL,
    recalled BIGINT NOT NULL,
    PRIMARY KEY (transfer, line)
) WITHOUT ROWID;

-- Days are text of the form 2026-04-01.
CREATE TABLE bonded_destruction (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    ground TEXT NOT NULL,
    explanation TEXT NOT NULL,
    applicant_authorised_by TEXT NOT NULL,
    destroyer_code TEXT NOT NULL,
    destroyer_name TEXT NOT NULL,
    place TEXT NOT NULL,
    papers TEXT NOT NULL,
    approval_no TEXT NOT NULL,
    approved_on TEXT,
    due_on TEXT,
    extension_from TEXT,
    extension_requested_on TEXT,
    finished_on TEXT,
    video TEXT NOT NULL,
    video_until TEXT,
    papers_due_on TEXT,
    papers_on TEXT,
    declaration_no TEXT NOT NULL,
    residue_fen BIGINT NOT NULL,
    residue_declaration_no TEXT NOT NULL,
    reason TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX bonded_destruction_book ON bonded_destruction (book, id);
CREATE TABLE bonded_destruction_line (
    destruction BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    destroyed BIGINT NOT NULL,
    PRIMARY KEY (destruction, line)
) WITHOUT ROWID;

-- A difference is undecided until decision says adjusted or left.
CREATE TABLE bonded_stocktake (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    differing BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX bonded_stocktake_book ON bonded_stocktake (book, id);
CREATE TABLE bonded_stocktake_line (
    stocktake BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record BIGINT,
    item_no TEXT NOT NULL,
    expected BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    decision TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (stocktake, line)
) WITHOUT ROWID;

-- 711 warehousing details that arrived. key: of the document. entry is null until one of the same
-- bill is known.
CREATE TABLE bonded_arrival (
    id BIGINT NOT NULL PRIMARY KEY,
    key BLOB NOT NULL,
    operator_code TEXT NOT NULL,
    customs_code TEXT NOT NULL,
    bill_no TEXT NOT NULL,
    voyage_no TEXT NOT NULL,
    sheet_no TEXT NOT NULL,
    entry BIGINT
);
CREATE UNIQUE INDEX bonded_arrival_key ON bonded_arrival (key);
CREATE INDEX bonded_arrival_bill ON bonded_arrival (bill_no);
CREATE INDEX bonded_arrival_entry ON bonded_arrival (entry);
CREATE TABLE bonded_arrival_line (
    arrival BIGINT NOT NULL,
    line BIGINT NOT NULL,
    waybill_no TEXT NOT NULL,
    PRIMARY KEY (arrival, line)
) WITHOUT ROWID;
CREATE INDEX bonded_arrival_waybill ON bonded_arrival_line (waybill_no);

-- Instructions to the line of the supervised place, and what came of them.
CREATE TABLE bonded_instruction (
    id BIGINT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL,
    waybill_no TEXT NOT NULL,
    operator_code TEXT NOT NULL,
    act TEXT NOT NULL,
    note TEXT NOT NULL,
    result TEXT NOT NULL,
    image TEXT NOT NULL,
    remark TEXT NOT NULL,
    answered_at BIGINT
);
CREATE UNIQUE INDEX bonded_instruction_reference ON bonded_instruction (reference);
CREATE INDEX bonded_instruction_waybill ON bonded_instruction (waybill_no);

-- 核放单. Weights count hundred-thousandths of a kilogram.
CREATE TABLE bonded_pass (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    holder BIGINT NOT NULL,
    holder_code TEXT NOT NULL,
    zone TEXT NOT NULL,
    direction TEXT NOT NULL,
    vehicle_no TEXT NOT NULL,
    tare BIGINT NOT NULL,
    weighed BIGINT,
    tolerance TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    reason TEXT NOT NULL,
    issued_at BIGINT,
    passed_at BIGINT,
    closed_at BIGINT
);
CREATE UNIQUE INDEX bonded_pass_number ON bonded_pass (number);
CREATE INDEX bonded_pass_holder ON bonded_pass (holder, id);
-- live is true while the pass is not voided: a document leaves on one pass only.
CREATE TABLE bonded_pass_item (
    pass BIGINT NOT NULL,
    line BIGINT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    weight BIGINT NOT NULL,
    live BOOLEAN NOT NULL,
    PRIMARY KEY (pass, line)
) WITHOUT ROWID;
CREATE UNIQUE INDEX bonded_pass_item_live ON bonded_pass_item (kind, number) WHERE live;
