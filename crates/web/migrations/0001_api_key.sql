-- API keys. The key itself is shown once and never stored; hash is a keyed hash of it.
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
