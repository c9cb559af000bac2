//! All SQL of the register of parties.

use db::{DbError, Row, Tx, params};
use kernel::{Date, Time};

use super::directory::Directory;
use super::types::*;

const PARTY: &str = "p.id, p.social_credit_code, p.customs_code, p.name_zh, p.name_en, p.roles, \
     p.state, p.state_from, p.state_until, p.state_reason, p.dxp_id, p.overseas_name, \
     p.overseas_country, p.version, p.contact_person, p.contact_phone, p.contact_email, \
     p.contact_address";

const CERTIFICATE: &str = "c.id, c.party_id, c.fingerprint, c.serial_number, c.algorithm, c.holder, \
     c.issuer, c.not_before, c.not_after, c.purpose, c.revoked_at";

const DELEGATION: &str = "d.id, d.from_id, d.to_id, d.acts, d.modes, d.districts, d.valid_from, \
     d.valid_until, d.revoked_at";

/// A party with its contact as shown: masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The party.
    pub party: Party,
    /// Masked contact.
    pub contact: Contact,
}

/// What the register's change number was when somebody looked.
pub(super) fn version(tx: &mut Tx) -> Result<i64, DbError> {
    tx.query_one("SELECT number FROM register_change WHERE subject = 'party'", params![])?.i64(0)
}

/// Says that the directory must be read again. Also makes writers of the register wait for one
/// another, so that a look before a write stays true.
pub(super) fn touch(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute("UPDATE register_change SET number = number + 1 WHERE subject = 'party'", params![])
        .map(drop)
}

/// Every party, certificate and delegation, in order of registration.
pub(super) fn directory(tx: &mut Tx, version: i64) -> Result<Directory, DbError> {
    let sql = format!("SELECT {PARTY} FROM register_party p ORDER BY p.id");
    let parties = tx.query(&sql, params![])?.iter().map(party).collect::<Result<_, _>>()?;
    let sql = format!("SELECT {CERTIFICATE} FROM register_certificate c ORDER BY c.id");
    let certificates =
        tx.query(&sql, params![])?.iter().map(certificate).collect::<Result<_, _>>()?;
    let sql = format!("SELECT {DELEGATION} FROM register_delegation d ORDER BY d.id");
    let delegations =
        tx.query(&sql, params![])?.iter().map(delegation).collect::<Result<_, _>>()?;
    Ok(Directory::new(version, parties, certificates, delegations))
}

/// The party with this code of either kind.
pub(super) fn find(tx: &mut Tx, code: &str) -> Result<Option<Registered>, DbError> {
    let sql = format!(
        "SELECT {PARTY} FROM register_party p WHERE p.social_credit_code = $1 \
         UNION ALL \
         SELECT {PARTY} FROM register_party p WHERE p.customs_code = $1"
    );
    tx.query(&sql, params![code])?.first().map(registered).transpose()
}

/// The party that uses this transport address.
pub(super) fn find_by_dxp_id(tx: &mut Tx, dxp_id: &str) -> Result<Option<PartyId>, DbError> {
    let sql = "SELECT id FROM register_party WHERE dxp_id = $1";
    tx.query_opt(sql, params![dxp_id])?.map(|row| row.id(0)).transpose()
}

/// The contact as it was sealed.
pub(super) fn contact_sealed(tx: &mut Tx, id: PartyId) -> Result<Option<Vec<u8>>, DbError> {
    let sql = "SELECT contact_sealed FROM register_party WHERE id = $1";
    let row = tx.query_opt(sql, params![id])?;
    Ok(match row {
        Some(row) => row.opt_bytes(0)?.map(<[u8]>::to_vec),
        None => None,
    })
}

/// A contact ready to be stored: sealed, and as shown.
pub(super) struct StoredContact {
    pub(super) sealed: Option<Vec<u8>>,
    pub(super) masked: Contact,
}

pub(super) fn insert(
    tx: &mut Tx,
    party: &Party,
    contact: &StoredContact,
    now: Time,
) -> Result<(), DbError> {
    let standing = &party.standing;
    let masked = &contact.masked;
    tx.execute(
        "INSERT INTO register_party (id, social_credit_code, customs_code, name_zh, name_en, \
         roles, state, state_from, state_until, state_reason, dxp_id, overseas_name, \
         overseas_country, contact_sealed, contact_person, contact_phone, contact_email, \
         contact_address, version, created_at, changed_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $20)",
        params![
            party.id,
            party.social_credit_code.as_deref(),
            party.customs_code.as_deref(),
            &party.name.zh,
            &party.name.en,
            party.roles.bits(),
            standing.state.name(),
            standing.from,
            standing.until,
            &standing.reason,
            party.dxp_id.as_deref(),
            party.overseas.as_ref().map(|overseas| &*overseas.name),
            party.overseas.as_ref().map(|overseas| &*overseas.country),
            contact.sealed.as_deref(),
            &masked.person,
            &masked.phone,
            &masked.email,
            &masked.address,
            party.version,
            now,
        ],
    )
    .map(drop)
}

/// Saves a party over the version it was read at. `false` when somebody else changed it.
pub(super) fn update(tx: &mut Tx, party: &Party, now: Time) -> Result<bool, DbError> {
    let standing = &party.standing;
    let changed = tx.execute(
        "UPDATE register_party SET social_credit_code = $2, customs_code = $3, name_zh = $4, \
         name_en = $5, roles = $6, state = $7, state_from = $8, state_until = $9, \
         state_reason = $10, dxp_id = $11, overseas_name = $12, overseas_country = $13, \
         version = $14, changed_at = $15 WHERE id = $1 AND version = $14 - 1",
        params![
            party.id,
            party.social_credit_code.as_deref(),
            party.customs_code.as_deref(),
            &party.name.zh,
            &party.name.en,
            party.roles.bits(),
            standing.state.name(),
            standing.from,
            standing.until,
            &standing.reason,
            party.dxp_id.as_deref(),
            party.overseas.as_ref().map(|overseas| &*overseas.name),
            party.overseas.as_ref().map(|overseas| &*overseas.country),
            party.version,
            now,
        ],
    )?;
    Ok(changed == 1)
}

pub(super) fn update_contact(
    tx: &mut Tx,
    id: PartyId,
    contact: &StoredContact,
) -> Result<(), DbError> {
    let masked = &contact.masked;
    tx.execute(
        "UPDATE register_party SET contact_sealed = $2, contact_person = $3, contact_phone = $4, \
         contact_email = $5, contact_address = $6 WHERE id = $1",
        params![
            id,
            contact.sealed.as_deref(),
            &masked.person,
            &masked.phone,
            &masked.email,
            &masked.address,
        ],
    )
    .map(drop)
}

/// What a list of parties is narrowed to.
#[derive(Clone, Debug, Default)]
pub(super) struct PartyFilter {
    /// Holding this role.
    pub(super) role: Option<Role>,
    /// In this state on `on`.
    pub(super) state: Option<State>,
    /// Part of a name, or a whole code.
    pub(super) text: Option<String>,
    /// Only this party and those it has a delegation with, either way.
    pub(super) around: Option<PartyId>,
}

/// Parties after `after`, in order of registration.
pub(super) fn list(
    tx: &mut Tx,
    filter: &PartyFilter,
    on: Date,
    after: PartyId,
    limit: i64,
) -> Result<Vec<Registered>, DbError> {
    let sql = format!(
        "SELECT {PARTY} FROM register_party p \
         WHERE p.id > $1 \
         AND (CAST($2 AS BIGINT) = 0 OR (p.roles & $2) <> 0) \
         AND (CAST($3 AS TEXT) = '' OR $3 = CASE WHEN p.state_from <= $4 \
              AND (p.state_until IS NULL OR p.state_until >= $4) THEN p.state ELSE 'active' END) \
         AND (CAST($5 AS TEXT) = '' OR p.social_credit_code = $5 OR p.customs_code = $5 \
              OR LOWER(p.name_zh) LIKE $6 ESCAPE '!' OR LOWER(p.name_en) LIKE $6 ESCAPE '!') \
         AND (CAST($7 AS BIGINT) = 0 OR p.id = $7 OR EXISTS ( \
              SELECT 1 FROM register_delegation d \
              WHERE (d.from_id = $7 AND d.to_id = p.id) OR (d.to_id = $7 AND d.from_id = p.id))) \
         ORDER BY p.id LIMIT $8"
    );
    let text = filter.text.as_deref().unwrap_or_default();
    let rows = tx.query(
        &sql,
        params![
            after,
            filter.role.map_or(0, |role| Roles::of(&[role]).bits()),
            filter.state.map_or("", State::name),
            on,
            text,
            part_of(text),
            filter.around.map_or(0, PartyId::to_i64),
            limit,
        ],
    )?;
    rows.iter().map(registered).collect()
}

/// A `LIKE` pattern for "contains", with its own wildcards made plain.
fn part_of(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars().flat_map(char::to_lowercase) {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Whether two parties have a delegation with one another, either way, past or present.
pub(super) fn related(tx: &mut Tx, one: PartyId, other: PartyId) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM register_delegation \
         WHERE (from_id = $1 AND to_id = $2) OR (from_id = $2 AND to_id = $1) LIMIT 1";
    Ok(tx.query_opt(sql, params![one, other])?.is_some())
}

pub(super) fn insert_certificate(
    tx: &mut Tx,
    certificate: &Certificate,
    der_sealed: &[u8],
    now: Time,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO register_certificate (id, party_id, fingerprint, serial_number, algorithm, holder, \
         issuer, not_before, not_after, purpose, der_sealed, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        params![
            certificate.id,
            certificate.party,
            &certificate.fingerprint,
            &certificate.serial,
            &certificate.algorithm,
            &certificate.holder,
            &certificate.issuer,
            certificate.not_before,
            certificate.not_after,
            certificate.purpose.name(),
            der_sealed,
            now,
        ],
    )
    .map(drop)
}

pub(super) fn find_certificate(
    tx: &mut Tx,
    fingerprint: &str,
) -> Result<Option<Certificate>, DbError> {
    let sql = format!("SELECT {CERTIFICATE} FROM register_certificate c WHERE c.fingerprint = $1");
    tx.query_opt(&sql, params![fingerprint])?.as_ref().map(certificate).transpose()
}

pub(super) fn certificates_of(tx: &mut Tx, party: PartyId) -> Result<Vec<Certificate>, DbError> {
    let sql = format!(
        "SELECT {CERTIFICATE} FROM register_certificate c WHERE c.party_id = $1 ORDER BY c.id"
    );
    tx.query(&sql, params![party])?.iter().map(certificate).collect()
}

pub(super) fn certificate_sealed(tx: &mut Tx, id: CertificateId) -> Result<Vec<u8>, DbError> {
    let sql = "SELECT der_sealed FROM register_certificate WHERE id = $1";
    Ok(tx.query_one(sql, params![id])?.bytes(0)?.to_vec())
}

pub(super) fn revoke_certificate(
    tx: &mut Tx,
    id: CertificateId,
    reason: &str,
    now: Time,
) -> Result<bool, DbError> {
    let sql = "UPDATE register_certificate SET revoked_at = $2, revoked_reason = $3 \
         WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now, reason])? == 1)
}

/// A delegation with the codes of both firms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredDelegation {
    /// The delegation.
    pub delegation: Delegation,
    /// Code of the principal.
    pub from_code: Box<str>,
    /// Code of the agent.
    pub to_code: Box<str>,
}

const DELEGATION_JOINED: &str = "COALESCE(f.social_credit_code, f.customs_code), \
     COALESCE(t.social_credit_code, t.customs_code)";

const DELEGATION_TABLES: &str = "register_delegation d \
     JOIN register_party f ON f.id = d.from_id JOIN register_party t ON t.id = d.to_id";

/// What a list of delegations is narrowed to.
#[derive(Clone, Debug, Default)]
pub(super) struct DelegationFilter {
    /// Of this principal.
    pub(super) from: Option<PartyId>,
    /// To this agent.
    pub(super) to: Option<PartyId>,
    /// In force on this day.
    pub(super) in_force_on: Option<Date>,
    /// Only those this party gave or was given.
    pub(super) around: Option<PartyId>,
}

/// Delegations after `after`, in order of registration.
pub(super) fn delegations(
    tx: &mut Tx,
    filter: &DelegationFilter,
    after: DelegationId,
    limit: i64,
) -> Result<Vec<RegisteredDelegation>, DbError> {
    let sql = format!(
        "SELECT {DELEGATION}, {DELEGATION_JOINED} FROM {DELEGATION_TABLES} \
         WHERE d.id > $1 \
         AND (CAST($2 AS BIGINT) = 0 OR d.from_id = $2) \
         AND (CAST($3 AS BIGINT) = 0 OR d.to_id = $3) \
         AND (CAST($4 AS TEXT) = '' OR (d.revoked_at IS NULL AND d.valid_from <= $4 \
              AND (d.valid_until IS NULL OR d.valid_until >= $4))) \
         AND (CAST($5 AS BIGINT) = 0 OR d.from_id = $5 OR d.to_id = $5) \
         ORDER BY d.id LIMIT $6"
    );
    let or_zero = |party: Option<PartyId>| party.map_or(0, PartyId::to_i64);
    let rows = tx.query(
        &sql,
        params![
            after,
            or_zero(filter.from),
            or_zero(filter.to),
            filter.in_force_on.map(|on| on.to_string()).unwrap_or_default(),
            or_zero(filter.around),
            limit,
        ],
    )?;
    rows.iter().map(joined).collect()
}

pub(super) fn find_delegation(
    tx: &mut Tx,
    id: DelegationId,
) -> Result<Option<RegisteredDelegation>, DbError> {
    let sql = format!(
        "SELECT {DELEGATION}, {DELEGATION_JOINED} FROM {DELEGATION_TABLES} WHERE d.id = $1"
    );
    tx.query_opt(&sql, params![id])?.as_ref().map(joined).transpose()
}

/// The delegations of one firm to another, with or without force.
pub(super) fn delegations_between(
    tx: &mut Tx,
    from: PartyId,
    to: PartyId,
) -> Result<Vec<Delegation>, DbError> {
    let sql = format!(
        "SELECT {DELEGATION} FROM register_delegation d \
         WHERE d.from_id = $1 AND d.to_id = $2 ORDER BY d.id"
    );
    tx.query(&sql, params![from, to])?.iter().map(delegation).collect()
}

pub(super) fn insert_delegation(
    tx: &mut Tx,
    delegation: &Delegation,
    now: Time,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO register_delegation (id, from_id, to_id, acts, modes, districts, valid_from, \
         valid_until, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            delegation.id,
            delegation.from,
            delegation.to,
            delegation.acts.bits(),
            delegation.modes.join(","),
            delegation.districts.join(","),
            delegation.valid_from,
            delegation.valid_until,
            now,
        ],
    )
    .map(drop)
}

pub(super) fn revoke_delegation(
    tx: &mut Tx,
    id: DelegationId,
    reason: &str,
    now: Time,
) -> Result<bool, DbError> {
    let sql = "UPDATE register_delegation SET revoked_at = $2, revoked_reason = $3 \
         WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, params![id, now, reason])? == 1)
}

fn party(row: &Row) -> Result<Party, DbError> {
    let boxed = |column| Ok::<_, DbError>(row.opt_text(column)?.map(Box::<str>::from));
    let overseas = match (row.opt_text(11)?, row.opt_text(12)?) {
        (Some(name), Some(country)) => {
            Some(OverseasSeller { name: name.into(), country: country.into() })
        }
        _ => None,
    };
    Ok(Party {
        id: row.id(0)?,
        social_credit_code: boxed(1)?,
        customs_code: boxed(2)?,
        name: Name { zh: row.text(3)?.into(), en: row.text(4)?.into() },
        roles: Roles::from_bits(row.i64(5)?),
        standing: Standing {
            state: word(row, 6, State::parse)?,
            from: day(row, 7)?,
            until: row.opt_text(8)?.map(|_| day(row, 8)).transpose()?,
            reason: row.text(9)?.into(),
        },
        dxp_id: boxed(10)?,
        overseas,
        version: row.i64(13)?,
    })
}

fn registered(row: &Row) -> Result<Registered, DbError> {
    let text = |column| Ok::<_, DbError>(row.text(column)?.to_owned());
    let contact =
        Contact { person: text(14)?, phone: text(15)?, email: text(16)?, address: text(17)? };
    Ok(Registered { party: party(row)?, contact })
}

fn certificate(row: &Row) -> Result<Certificate, DbError> {
    Ok(Certificate {
        id: row.id(0)?,
        party: row.id(1)?,
        fingerprint: row.text(2)?.into(),
        serial: row.text(3)?.into(),
        algorithm: row.text(4)?.into(),
        holder: row.text(5)?.into(),
        issuer: row.text(6)?.into(),
        not_before: row.time(7)?,
        not_after: row.time(8)?,
        purpose: word(row, 9, Purpose::parse)?,
        revoked_at: row.opt_time(10)?,
    })
}

fn delegation(row: &Row) -> Result<Delegation, DbError> {
    let codes = |text: &str| text.split(',').filter(|c| !c.is_empty()).map(Box::from).collect();
    Ok(Delegation {
        id: row.id(0)?,
        from: row.id(1)?,
        to: row.id(2)?,
        acts: Acts::from_bits(row.i64(3)?),
        modes: codes(row.text(4)?),
        districts: codes(row.text(5)?),
        valid_from: day(row, 6)?,
        valid_until: row.opt_text(7)?.map(|_| day(row, 7)).transpose()?,
        revoked_at: row.opt_time(8)?,
    })
}

fn joined(row: &Row) -> Result<RegisteredDelegation, DbError> {
    Ok(RegisteredDelegation {
        delegation: delegation(row)?,
        from_code: row.text(9)?.into(),
        to_code: row.text(10)?.into(),
    })
}

fn day(row: &Row, column: usize) -> Result<Date, DbError> {
    word(row, column, |text| text.parse().ok())
}

/// Reads a text of a closed form; anything else means that the stored row is damaged.
fn word<T>(row: &Row, column: usize, parse: fn(&str) -> Option<T>) -> Result<T, DbError> {
    let text = row.text(column)?;
    parse(text).ok_or_else(|| DbError::Damaged(format!("column {column} of the party register")))
}
