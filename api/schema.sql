-- Made from the migrations by `cargo xtask gen`.

CREATE TABLE clearance_arrival (
    logistics_no TEXT NOT NULL,
    logistics_code TEXT NOT NULL,
    document_id BIGINT NOT NULL,
    CONSTRAINT clearance_arrival_key PRIMARY KEY (logistics_no, logistics_code, document_id)
);

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

CREATE TABLE clearance_document_course (
    id BIGINT NOT NULL PRIMARY KEY,
    state BIGINT NOT NULL,
    state_at BIGINT,
    floor_at BIGINT,
    version BIGINT NOT NULL,
    history BLOB NOT NULL
);

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

CREATE TABLE clearance_inventory (
    id BIGINT NOT NULL PRIMARY KEY,
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
    CONSTRAINT clearance_inventory_key UNIQUE (cop_no, agent_code)
);
CREATE INDEX clearance_inventory_guid ON clearance_inventory (guid);
CREATE INDEX clearance_inventory_order ON clearance_inventory (order_no);
CREATE INDEX clearance_inventory_waybill ON clearance_inventory (logistics_no);

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
CREATE INDEX clearance_inventory_course_held ON clearance_inventory_course (id)
    WHERE state = 1002 OR state = 1003;
CREATE INDEX clearance_inventory_course_invt_no ON clearance_inventory_course (invt_no)
    WHERE invt_no IS NOT NULL;

CREATE TABLE clearance_letter (
    id BIGINT NOT NULL PRIMARY KEY,
    original_id BIGINT NOT NULL,
    receipts BIGINT NOT NULL,
    body BLOB NOT NULL
);

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

CREATE TABLE clearance_orphan (
    number TEXT NOT NULL,
    receipt_id BIGINT NOT NULL,
    body TEXT NOT NULL,
    CONSTRAINT clearance_orphan_key PRIMARY KEY (number, receipt_id)
);

CREATE TABLE clearance_refusal (
    day BIGINT NOT NULL,
    code TEXT NOT NULL,
    count BIGINT NOT NULL,
    CONSTRAINT clearance_refusal_key PRIMARY KEY (day, code)
);

CREATE TABLE clearance_ruling (
    number BIGINT NOT NULL PRIMARY KEY,
    rules TEXT NOT NULL
);

CREATE TABLE db_audit (
    id BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX db_audit_subject ON db_audit (subject, id);

CREATE TABLE db_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL
);

CREATE TABLE db_cursor (
    consumer TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    batch_max BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    error TEXT
);

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

CREATE TABLE db_dictionary (
    version BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE db_event (
    last_seq BIGINT NOT NULL PRIMARY KEY,
    count BIGINT NOT NULL,
    at BIGINT NOT NULL,
    packed BOOLEAN NOT NULL,
    body BLOB NOT NULL
);

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

CREATE TABLE db_migration (
    room TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    PRIMARY KEY (room, number)
);

CREATE TABLE db_node (
    level BIGINT NOT NULL,
    n BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, n)
) WITHOUT ROWID;

CREATE TABLE db_number (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

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

CREATE TABLE db_setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

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
CREATE INDEX ledger_transfer_expiry ON ledger_transfer (expires)
    WHERE expires IS NOT NULL AND settled IS NULL;
CREATE UNIQUE INDEX ledger_transfer_key ON ledger_transfer (reference, step);

CREATE TABLE register_certificate (
    id BIGINT PRIMARY KEY,
    party_id BIGINT NOT NULL REFERENCES register_party (id),
    fingerprint TEXT NOT NULL UNIQUE,
    serial_number TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    holder TEXT NOT NULL,
    issuer TEXT NOT NULL,
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    der_sealed BLOB NOT NULL,
    revoked_at BIGINT,
    revoked_reason TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX register_certificate_party ON register_certificate (party_id);

CREATE TABLE register_change (
    subject TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

CREATE TABLE register_delegation (
    id BIGINT PRIMARY KEY,
    from_id BIGINT NOT NULL REFERENCES register_party (id),
    to_id BIGINT NOT NULL REFERENCES register_party (id),
    acts BIGINT NOT NULL,
    modes TEXT NOT NULL,
    districts TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    revoked_at BIGINT,
    revoked_reason TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX register_delegation_from ON register_delegation (from_id, to_id);
CREATE INDEX register_delegation_to ON register_delegation (to_id);

CREATE TABLE register_party (
    id BIGINT PRIMARY KEY,
    social_credit_code TEXT UNIQUE,
    customs_code TEXT UNIQUE,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    roles BIGINT NOT NULL,
    state TEXT NOT NULL,
    state_from TEXT NOT NULL,
    state_until TEXT,
    state_reason TEXT NOT NULL,
    dxp_id TEXT UNIQUE,
    overseas_name TEXT,
    overseas_country TEXT,
    contact_sealed BLOB,
    contact_person TEXT NOT NULL,
    contact_phone TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    contact_address TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);

CREATE TABLE web_api_key (
    id BIGINT PRIMARY KEY,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    party TEXT,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires BIGINT,
    revoked BIGINT,
    last_used BIGINT
);
CREATE UNIQUE INDEX web_api_key_hash ON web_api_key (hash);
CREATE INDEX web_api_key_party ON web_api_key (party, id);

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
CREATE INDEX web_delivery_claim ON web_delivery (claim) WHERE claim IS NOT NULL;
CREATE INDEX web_delivery_due ON web_delivery (due) WHERE state = 'due';
CREATE INDEX web_delivery_notice ON web_delivery (party, seq);
CREATE UNIQUE INDEX web_delivery_once ON web_delivery (webhook, seq);
CREATE INDEX web_delivery_party ON web_delivery (party, id);

CREATE TABLE web_notice (
    party TEXT NOT NULL,
    seq BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (party, seq)
) WITHOUT ROWID;

CREATE TABLE web_notice_body (
    party TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    count BIGINT NOT NULL,
    created BIGINT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (party, last_seq)
);

CREATE TABLE web_notice_head (
    party TEXT PRIMARY KEY,
    last BIGINT NOT NULL,
    acked BIGINT NOT NULL
);

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
