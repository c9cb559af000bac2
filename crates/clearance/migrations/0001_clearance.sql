-- A message that was accepted, in whole or in part. `guid` is the 16 bytes of the UUID, or a keyed
-- hash of a guid that is none.
CREATE TABLE clearance_message (
    id BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    guid BLOB NOT NULL,
    sender_code TEXT NOT NULL,
    original_id BIGINT NOT NULL,
    documents BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX clearance_message_guid ON clearance_message (guid);

-- Orders, payments, waybills, waybill statuses, cancel applications, warehousing details; of exports
-- orders, receipts of funds, waybills, cancel applications, and what speaks of many inventories at
-- once: arrivals, consolidations, departures, summary applications. issuer_code and number are the business key (see document::facts); turn counts the reuse of a
-- waybill number. link_no is the order number of a payment or waybill, the declarant's own number
-- of a cancel application, the bill number of a warehousing detail or collective document.
CREATE TABLE clearance_document (
    id BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    issuer_code TEXT NOT NULL,
    number TEXT NOT NULL,
    turn BIGINT NOT NULL,
    link_no TEXT,
    second_code TEXT,
    third_code TEXT,
    message_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    app_time BIGINT NOT NULL,
    content BLOB NOT NULL,
    facts BLOB NOT NULL,
    CONSTRAINT clearance_document_key UNIQUE (number, kind, issuer_code, turn)
);
CREATE INDEX clearance_document_link ON clearance_document (link_no, kind)
    WHERE link_no IS NOT NULL;

-- Where each of these documents stands. Apart from what it says, and narrow, because every receipt
-- writes it. history is packed: the receipts that came for it, and the steps no receipt tells of.
CREATE TABLE clearance_document_course (
    id BIGINT NOT NULL PRIMARY KEY,
    state BIGINT NOT NULL,
    state_at BIGINT,
    floor_at BIGINT,
    version BIGINT NOT NULL,
    history BLOB NOT NULL
);

-- Inventories: what was declared, of either direction. An export has no buyer: the column is empty.
CREATE TABLE clearance_inventory (
    id BIGINT NOT NULL PRIMARY KEY,
    export BOOLEAN NOT NULL,
    guid BLOB NOT NULL,
    agent_code TEXT NOT NULL,
    cop_no TEXT NOT NULL,
    order_no TEXT NOT NULL,
    ebp_code TEXT NOT NULL,
    ebc_code TEXT NOT NULL,
    logistics_code TEXT NOT NULL,
    logistics_no TEXT NOT NULL,
    area_code TEXT,
    trade_mode TEXT NOT NULL,
    customs_code TEXT NOT NULL,
    buyer BLOB NOT NULL,
    message_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    app_time BIGINT NOT NULL,
    content BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    facts BLOB NOT NULL,
    CONSTRAINT clearance_inventory_key UNIQUE (cop_no, agent_code, export)
);
CREATE INDEX clearance_inventory_order ON clearance_inventory (order_no);
CREATE INDEX clearance_inventory_waybill ON clearance_inventory (logistics_no);
CREATE INDEX clearance_inventory_guid ON clearance_inventory (guid);

-- Where each inventory stands: as clearance_document_course, with what only inventories have.
-- pre_no and invt_no are given by the authorities. missing is a set of document kinds: 1 order,
-- 2 payment, 4 waybill; of an export 8 order, 16 receipt of funds, 32 waybill. quota says whether the amount counts against the buyer's year: 0 no, 1 held,
-- 2 used. Amounts are fen. decision_id is the newest record of the evidence log about it.
CREATE TABLE clearance_inventory_course (
    id BIGINT NOT NULL PRIMARY KEY,
    state BIGINT NOT NULL,
    state_at BIGINT,
    floor_at BIGINT,
    version BIGINT NOT NULL,
    pre_no TEXT,
    invt_no TEXT,
    missing BIGINT NOT NULL,
    flagged BOOLEAN NOT NULL,
    quota BIGINT NOT NULL,
    quota_round BIGINT NOT NULL,
    amount BIGINT,
    duty BIGINT,
    consumption_tax BIGINT,
    vat BIGINT,
    tax BIGINT,
    ruling_id BIGINT,
    decision_id BIGINT,
    delivered_at BIGINT,
    history BLOB NOT NULL
);
CREATE INDEX clearance_inventory_course_invt_no ON clearance_inventory_course (invt_no)
    WHERE invt_no IS NOT NULL;
CREATE INDEX clearance_inventory_course_held ON clearance_inventory_course (id)
    WHERE state = 1002 OR state = 1003;

-- Which rules a tax quote stood on; a few distinct sets serve all inventories.
CREATE TABLE clearance_ruling (
    number BIGINT NOT NULL PRIMARY KEY,
    rules TEXT NOT NULL
);

-- Waybills that have arrived at a supervised place, by warehousing details.
CREATE TABLE clearance_arrival (
    logistics_no TEXT NOT NULL,
    logistics_code TEXT NOT NULL,
    document_id BIGINT NOT NULL,
    CONSTRAINT clearance_arrival_key PRIMARY KEY (logistics_no, logistics_code, document_id)
);

-- Which parcels a collective document names: by waybill number, of a summary application by
-- inventory number.
CREATE TABLE clearance_mention (
    number TEXT NOT NULL,
    document_id BIGINT NOT NULL,
    CONSTRAINT clearance_mention_key PRIMARY KEY (number, document_id)
);

-- Export inventories declared to be summarised, from the day they close: with the summary
-- application that names them and the declaration customs made of them, once there is one.
CREATE TABLE clearance_summary (
    inventory_id BIGINT NOT NULL PRIMARY KEY,
    invt_no TEXT NOT NULL,
    agent_code TEXT NOT NULL,
    ebc_code TEXT NOT NULL,
    closed_at BIGINT NOT NULL,
    application_id BIGINT,
    result_no TEXT
);
CREATE INDEX clearance_summary_invt_no ON clearance_summary (invt_no);
CREATE INDEX clearance_summary_open ON clearance_summary (closed_at, inventory_id)
    WHERE result_no IS NULL;

-- Declarations customs made of summarised inventories (792); the newest it said of each.
CREATE TABLE clearance_summary_result (
    result_no TEXT NOT NULL PRIMARY KEY,
    application_no TEXT NOT NULL,
    entry_no TEXT NOT NULL,
    entry_state TEXT NOT NULL,
    customs_code TEXT NOT NULL,
    agent_code TEXT NOT NULL,
    ebc_code TEXT NOT NULL,
    at BIGINT,
    inventories BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Declarations made by form outside the message family (0110, and 9710 and 9810 above the limit of
-- lists), recorded so that statistics and refunds see them. lines are JSON.
CREATE TABLE clearance_declaration (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    mode TEXT NOT NULL,
    ebc_code TEXT NOT NULL,
    agent_code TEXT NOT NULL,
    declared_on BIGINT NOT NULL,
    amount TEXT NOT NULL,
    currency TEXT NOT NULL,
    content BLOB NOT NULL,
    lines TEXT NOT NULL,
    CONSTRAINT clearance_declaration_number UNIQUE (number)
);

-- Open findings of an inventory, or of an order whose inventory has not arrived. Replaced as a
-- whole whenever the parcel is looked at again.
CREATE TABLE clearance_finding (
    document_id BIGINT NOT NULL,
    n BIGINT NOT NULL,
    code TEXT NOT NULL,
    error BOOLEAN NOT NULL,
    party_code TEXT NOT NULL,
    party_role TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT clearance_finding_key PRIMARY KEY (document_id, n)
);
CREATE INDEX clearance_finding_party ON clearance_finding (party_code, document_id);

-- Every receipt, also those that moved nothing: one row a message of receipts, its receipts packed
-- (see store::letter). id is that of its last receipt, so the order of ids is that of arrival.
CREATE TABLE clearance_letter (
    id BIGINT NOT NULL PRIMARY KEY,
    original_id BIGINT NOT NULL,
    receipts BIGINT NOT NULL,
    body BLOB NOT NULL
);

-- Receipts that came before their document, by the numbers they name.
CREATE TABLE clearance_orphan (
    number TEXT NOT NULL,
    receipt_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT clearance_orphan_key PRIMARY KEY (number, receipt_id)
);

-- What is due to be sent. positions and documents are packed lists; null positions mean the whole
-- message as it came.
CREATE TABLE clearance_dispatch (
    id BIGINT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    positions BLOB,
    documents BLOB NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed BOOLEAN NOT NULL
);
CREATE INDEX clearance_dispatch_due ON clearance_dispatch (due_at);

-- How often what was refused at the door, by day (yyyymmdd) and code.
CREATE TABLE clearance_refusal (
    day BIGINT NOT NULL,
    code TEXT NOT NULL,
    count BIGINT NOT NULL,
    CONSTRAINT clearance_refusal_key PRIMARY KEY (day, code)
);
