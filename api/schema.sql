-- Made from the migrations by `cargo xtask gen`.

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
CREATE INDEX bonded_arrival_bill ON bonded_arrival (bill_no);
CREATE INDEX bonded_arrival_entry ON bonded_arrival (entry);
CREATE UNIQUE INDEX bonded_arrival_key ON bonded_arrival (key);

CREATE TABLE bonded_arrival_line (
    arrival BIGINT NOT NULL,
    line BIGINT NOT NULL,
    waybill_no TEXT NOT NULL,
    PRIMARY KEY (arrival, line)
) WITHOUT ROWID;
CREATE INDEX bonded_arrival_waybill ON bonded_arrival_line (waybill_no);

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
CREATE INDEX bonded_book_holder ON bonded_book (holder, id);
CREATE UNIQUE INDEX bonded_book_number ON bonded_book (number);

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

CREATE TABLE bonded_entry (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    checklist_no TEXT NOT NULL,
    declaration_no TEXT NOT NULL,
    trade_mode TEXT NOT NULL,
    bill_no TEXT NOT NULL,
    entered_on TEXT NOT NULL
);
CREATE INDEX bonded_entry_bill ON bonded_entry (bill_no);
CREATE UNIQUE INDEX bonded_entry_key ON bonded_entry (book, checklist_no);

CREATE TABLE bonded_entry_line (
    entry BIGINT NOT NULL,
    line BIGINT NOT NULL,
    record BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    PRIMARY KEY (entry, line)
) WITHOUT ROWID;

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

CREATE TABLE bonded_movement (
    record BIGINT NOT NULL,
    movement BIGINT NOT NULL,
    cause BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    source BIGINT NOT NULL,
    PRIMARY KEY (record, movement)
) WITHOUT ROWID;

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
CREATE INDEX bonded_pass_holder ON bonded_pass (holder, id);
CREATE UNIQUE INDEX bonded_pass_number ON bonded_pass (number);

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

CREATE TABLE bonded_record (
    id BIGINT NOT NULL PRIMARY KEY,
    book BIGINT NOT NULL,
    item_no TEXT NOT NULL,
    hs_code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL
);
CREATE INDEX bonded_record_item ON bonded_record (item_no);
CREATE UNIQUE INDEX bonded_record_key ON bonded_record (book, item_no);

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

CREATE TABLE clearance_arrival (
    logistics_no TEXT NOT NULL,
    logistics_code TEXT NOT NULL,
    document_id BIGINT NOT NULL,
    CONSTRAINT clearance_arrival_key PRIMARY KEY (logistics_no, logistics_code, document_id)
);

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

CREATE TABLE clearance_mention (
    number TEXT NOT NULL,
    document_id BIGINT NOT NULL,
    CONSTRAINT clearance_mention_key PRIMARY KEY (number, document_id)
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

CREATE TABLE originals_ask (
    id BIGINT PRIMARY KEY,
    party TEXT NOT NULL,
    session_id TEXT NOT NULL,
    order_no TEXT NOT NULL,
    asked BIGINT NOT NULL,
    service_time BIGINT NOT NULL,
    due BIGINT NOT NULL,
    state TEXT NOT NULL,
    sendings BIGINT NOT NULL,
    ended BIGINT,
    fault TEXT,
    original BIGINT NOT NULL
);
CREATE INDEX originals_ask_open ON originals_ask (due) WHERE state = 'open';
CREATE INDEX originals_ask_party ON originals_ask (party, id);
CREATE UNIQUE INDEX originals_ask_session ON originals_ask (party, session_id);
CREATE INDEX originals_ask_state ON originals_ask (state, id);

CREATE TABLE originals_order (
    party TEXT NOT NULL,
    order_no TEXT NOT NULL,
    payment BIGINT NOT NULL,
    PRIMARY KEY (party, order_no)
) WITHOUT ROWID;
CREATE INDEX originals_order_payment ON originals_order (payment);

CREATE TABLE originals_payment (
    id BIGINT PRIMARY KEY,
    party TEXT NOT NULL,
    pay_code TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    traded BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    orders BIGINT NOT NULL,
    content BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX originals_payment_content ON originals_payment (party, content);
CREATE INDEX originals_payment_party ON originals_payment (party, id);
CREATE INDEX originals_payment_traded ON originals_payment (traded);

CREATE TABLE originals_sending (
    ask BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    original BIGINT NOT NULL,
    PRIMARY KEY (ask, number)
) WITHOUT ROWID;

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

CREATE TABLE tax_bill (
    id BIGINT NOT NULL PRIMARY KEY,
    guarantor_id BIGINT NOT NULL,
    firm TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT NOT NULL,
    state BIGINT NOT NULL,
    inventories BIGINT NOT NULL,
    duty BIGINT NOT NULL,
    vat BIGINT NOT NULL,
    consumption_tax BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    pay_until TEXT NOT NULL,
    notices TEXT NOT NULL,
    closed_on TEXT,
    issued_on TEXT,
    paid_on TEXT,
    payment TEXT,
    voided_on TEXT,
    refunded_on TEXT,
    reason TEXT,
    overdue BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT tax_bill_key UNIQUE (guarantor_id, firm, from_on)
);
CREATE INDEX tax_bill_firm ON tax_bill (firm) WHERE firm <> '';
CREATE INDEX tax_bill_open ON tax_bill (to_on) WHERE state = 1;
CREATE INDEX tax_bill_payable ON tax_bill (pay_until) WHERE state = 2 OR state = 3;

CREATE TABLE tax_charge (
    key BLOB NOT NULL PRIMARY KEY,
    liability_id BIGINT NOT NULL,
    state BIGINT NOT NULL,
    version BIGINT NOT NULL,
    duty BIGINT NOT NULL,
    vat BIGINT NOT NULL,
    consumption_tax BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    declared_on BIGINT NOT NULL,
    released_on BIGINT,
    invt_no TEXT,
    bill_id BIGINT,
    tax_no TEXT,
    e_status BIGINT,
    e_at BIGINT,
    notice_id BIGINT
);
CREATE INDEX tax_charge_bill ON tax_charge (bill_id) WHERE bill_id IS NOT NULL;
CREATE INDEX tax_charge_due ON tax_charge (released_on) WHERE state = 2;
CREATE INDEX tax_charge_invt_no ON tax_charge (invt_no) WHERE invt_no IS NOT NULL;

CREATE TABLE tax_difference (
    id BIGINT NOT NULL PRIMARY KEY,
    invt_no TEXT NOT NULL,
    tax_no TEXT NOT NULL,
    charge_key BLOB,
    guarantor_id BIGINT NOT NULL,
    status BIGINT NOT NULL,
    duty TEXT NOT NULL,
    vat TEXT NOT NULL,
    consumption_tax TEXT NOT NULL,
    own_duty BIGINT,
    own_vat BIGINT,
    own_consumption_tax BIGINT,
    returned_at BIGINT NOT NULL,
    CONSTRAINT tax_difference_key UNIQUE (invt_no, tax_no)
);
CREATE INDEX tax_difference_guarantor ON tax_difference (guarantor_id, id);

CREATE TABLE tax_guarantor (
    id BIGINT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL,
    role BIGINT,
    bill_by BIGINT,
    warned BIGINT NOT NULL,
    changes_on BIGINT NOT NULL,
    version BIGINT NOT NULL,
    opened_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tax_guarantor_code ON tax_guarantor (code);

CREATE TABLE tax_instrument (
    id BIGINT NOT NULL PRIMARY KEY,
    guarantor_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    number TEXT NOT NULL,
    issuer TEXT NOT NULL,
    amount BIGINT NOT NULL,
    counted BIGINT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    state BIGINT NOT NULL,
    reminded BIGINT,
    version BIGINT NOT NULL,
    lodged_at BIGINT NOT NULL,
    CONSTRAINT tax_instrument_number UNIQUE (guarantor_id, kind, number)
);

CREATE TABLE tax_liability (
    id BIGINT NOT NULL PRIMARY KEY,
    guarantor_id BIGINT NOT NULL,
    firm TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_role BIGINT NOT NULL,
    CONSTRAINT tax_liability_key UNIQUE (guarantor_id, firm, agent, agent_role)
);
CREATE INDEX tax_liability_agent ON tax_liability (agent);

CREATE TABLE tax_movement (
    id BIGINT NOT NULL PRIMARY KEY,
    guarantor_id BIGINT NOT NULL,
    liability_id BIGINT NOT NULL,
    on_day BIGINT NOT NULL,
    act BIGINT NOT NULL,
    inventories BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    about BIGINT NOT NULL
);
CREATE INDEX tax_movement_guarantor ON tax_movement (guarantor_id, on_day);
CREATE INDEX tax_movement_liability ON tax_movement (liability_id, on_day);

CREATE TABLE tax_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL
);
CREATE UNIQUE INDEX tax_notice_number ON tax_notice (number);

CREATE TABLE tax_return (
    key BLOB NOT NULL PRIMARY KEY,
    charge_key BLOB NOT NULL,
    refund BOOLEAN NOT NULL,
    duty BIGINT NOT NULL,
    vat BIGINT NOT NULL,
    consumption_tax BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX tax_return_charge ON tax_return (charge_key);

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
