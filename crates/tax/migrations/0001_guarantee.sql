-- Tax of retail imports between declaration and payment. Amounts are fen. Days are numbers of eight
-- digits, 20261123, in rows there are many of, and texts elsewhere.

-- Who guarantees tax. role: 1 platform, 2 e-commerce firm, 3 logistics firm; null when only a
-- declaration named the firm. bill_by: 1 by guarantor, 2 by guarantor and firm, null as the rule
-- says. warned is the highest threshold already told of, in per cent. changes_on is the day from
-- which an instrument waits to begin or to lapse.
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

-- What a guarantor has lodged. kind: 1 cash deposit, 2 bank guarantee letter, 3 insurance bond.
-- state: 1 to come, 2 in force, 3 lapsing (its day is past and it still covers tax), 4 ended.
-- counted is what of the amount counts as granted at present. reminded is the number of days
-- before its end of which was last told.
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

-- For whom a guarantor answers, and who withholds: the combinations that occur, a few for each
-- guarantor. agent_role as tax_guarantor.role, 4 customs broker.
CREATE TABLE tax_liability (
    id BIGINT NOT NULL PRIMARY KEY,
    guarantor_id BIGINT NOT NULL,
    firm TEXT NOT NULL,
    agent TEXT NOT NULL,
    agent_role BIGINT NOT NULL,
    CONSTRAINT tax_liability_key UNIQUE (guarantor_id, firm, agent, agent_role)
);
CREATE INDEX tax_liability_agent ON tax_liability (agent);

-- The tax of one inventory: a narrow row, written at declaration and at release. key is the
-- caller's. state: 1 held, 2 due (released, within its return window), 3 freed (not released after
-- all), 4 billed, 5 void (released, and all of it given back). The three taxes are what is left of
-- them; what came back is in tax_return. refunded is what came back after payment. tax_no,
-- e_status (1 generated, 2 summarised, 3 void), e_at and notice_id are what customs said.
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
CREATE INDEX tax_charge_due ON tax_charge (released_on) WHERE state = 2;
CREATE INDEX tax_charge_invt_no ON tax_charge (invt_no) WHERE invt_no IS NOT NULL;
CREATE INDEX tax_charge_bill ON tax_charge (bill_id) WHERE bill_id IS NOT NULL;

-- What an accepted return or a void e-tax bill took off a charge. refund: whether it had been paid.
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

-- What moved, batch by batch: one row for each liability (0: the guarantor's own lodging) and act.
-- Each is one transfer of the ledger, two where tax is withheld or paid over, under its id. about is
-- the instrument or the bill, 0 when neither. Acts are those of charge::types::Act.
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

-- A period bill. firm is empty when it is by guarantor alone. state: 1 open, 2 closed, 3 issued,
-- 4 paid, 5 void, 6 refunded. The sums are those of its charges, kept beside them; refunded is
-- what came back after payment. pay_until is the earliest last day among its inventories; overdue
-- whether it was told that the bill was not paid by its last day.
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

-- Payment notices of customs, named once however many inventories they are for.
CREATE TABLE tax_notice (
    id BIGINT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL
);
CREATE UNIQUE INDEX tax_notice_number ON tax_notice (number);

-- Where customs' e-tax bill is not what was reckoned, or is for no inventory known here
-- (charge_key null). own_… is what was reckoned.
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
