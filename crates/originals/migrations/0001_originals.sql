-- What platforms were paid, as the payment firms said it: the raw request and answer, whom it paid
-- and for what. All that names persons or accounts is sealed in body; the rest is found by number.
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

-- By which payment an order of a platform was paid: the one submitted last.
CREATE TABLE originals_order (
    party TEXT NOT NULL,
    order_no TEXT NOT NULL,
    payment BIGINT NOT NULL,
    PRIMARY KEY (party, order_no)
) WITHOUT ROWID;
CREATE INDEX originals_order_payment ON originals_order (payment);

-- What customs asked for. due is when its time is over; fault is what the operator is told.
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
CREATE UNIQUE INDEX originals_ask_session ON originals_ask (party, session_id);
CREATE INDEX originals_ask_party ON originals_ask (party, id);
CREATE INDEX originals_ask_open ON originals_ask (due) WHERE state = 'open';
CREATE INDEX originals_ask_state ON originals_ask (state, id);

-- Every sending, with what customs said to it. original is the sealed text that was sent.
CREATE TABLE originals_sending (
    ask BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    original BIGINT NOT NULL,
    PRIMARY KEY (ask, number)
) WITHOUT ROWID;
