-- Parties, their signing certificates, and delegations between them.

-- Grows with every change of what the in-memory directory holds; readers compare it.
CREATE TABLE register_change (
    subject TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO register_change (subject, number) VALUES ('party', 0);

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
