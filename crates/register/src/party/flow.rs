//! What can be done to the register of parties. Every change is audited and told as an event, and
//! raises the number by which [`super::LiveDirectory`] knows that it must look again.

use ceb::certificate::Certificate as X509;
use db::{Ctx, DbError, Event, Tx};
use kernel::{Finding, Text, mask};
use serde_json::json;

use super::rules::PartyRefusal;
use super::store::{self, Registered, RegisteredDelegation, StoredContact};
use super::types::*;
use super::zone::Zone;
use super::{draft, rules};

/// How a change of the register fails.
pub type Failure = web::Failure<PartyRefusal>;

const CONTACT_PURPOSE: &str = "register.contact";
const CERTIFICATE_PURPOSE: &str = "register.certificate";

/// What [`put`] did.
#[derive(Clone, Debug)]
pub struct Put {
    /// The party as it is now.
    pub registered: Registered,
    /// Whether it was not there before.
    pub created: bool,
    /// What is worth a look. Level warning, all of them.
    pub findings: Vec<Finding>,
}

/// Registers a firm, or changes the one that has one of the codes. What is the same already is
/// left alone, so that it can be called again and again.
///
/// # Errors
/// All findings about the draft when one is an error; `party.codes_conflict`,
/// `party.dxp_id_taken`, `party.closed`.
pub fn put(tx: &mut Tx, ctx: &Ctx, draft: &PartyDraft) -> Result<Put, Failure> {
    let findings = draft::party(draft);
    if findings.iter().any(Finding::is_error) {
        return Err(Failure::Findings(findings));
    }
    let known = known(tx, draft)?;
    if let Some(dxp_id) = &draft.dxp_id {
        let holder = store::find_by_dxp_id(tx, dxp_id)?;
        if holder.is_some_and(|id| known.as_ref().is_none_or(|known| known.party.id != id)) {
            return Err(PartyRefusal::DxpIdTaken.into());
        }
    }
    let created = known.is_none();
    let registered = match known {
        None => create(tx, ctx, draft)?,
        Some(known) => change(tx, ctx, draft, known)?,
    };
    Ok(Put { registered, created, findings })
}

/// The firm that a draft is about.
fn known(tx: &mut Tx, draft: &PartyDraft) -> Result<Option<Registered>, Failure> {
    let mut known: Option<Registered> = None;
    for code in [&draft.social_credit_code, &draft.customs_code].into_iter().flatten() {
        let Some(found) = store::find(tx, code)? else { continue };
        if known.as_ref().is_some_and(|known| known.party.id != found.party.id) {
            return Err(PartyRefusal::CodesConflict.into());
        }
        known = Some(found);
    }
    let Some(known) = known else { return Ok(None) };
    let other = |kept: &Option<Box<str>>, given: &Option<String>| {
        kept.as_deref().zip(given.as_deref()).is_some_and(|(kept, given)| kept != given)
    };
    if other(&known.party.social_credit_code, &draft.social_credit_code)
        || other(&known.party.customs_code, &draft.customs_code)
    {
        return Err(PartyRefusal::CodesConflict.into());
    }
    Ok(Some(known))
}

fn create(tx: &mut Tx, ctx: &Ctx, draft: &PartyDraft) -> Result<Registered, Failure> {
    let boxed = |text: &Option<String>| text.as_deref().map(Box::<str>::from);
    let party = Party {
        id: ctx.id(),
        social_credit_code: boxed(&draft.social_credit_code),
        customs_code: boxed(&draft.customs_code),
        name: name(draft),
        roles: draft.roles,
        standing: Standing::active(ctx.now.date()),
        dxp_id: boxed(&draft.dxp_id),
        overseas: overseas(draft),
        version: 1,
    };
    let contact = draft.contact.clone().unwrap_or_default();
    let stored = stored_contact(tx, &contact)?;
    store::touch(tx)?;
    store::insert(tx, &party, &stored, ctx.now).map_err(taken)?;
    tell(tx, ctx, "register.party_registered", &party)?;
    tx.audit(ctx, "party.register", party.code(), &party.roles.names())?;
    Ok(Registered { party, contact: stored.masked })
}

fn change(
    tx: &mut Tx,
    ctx: &Ctx,
    draft: &PartyDraft,
    known: Registered,
) -> Result<Registered, Failure> {
    let Registered { party: before, contact: masked } = known;
    if before.standing.state == State::Closed {
        return Err(PartyRefusal::Closed.into());
    }
    let filled = |kept: &Option<Box<str>>, given: &Option<String>| {
        given.as_deref().map(Box::<str>::from).or_else(|| kept.clone())
    };
    let party = Party {
        social_credit_code: filled(&before.social_credit_code, &draft.social_credit_code),
        customs_code: filled(&before.customs_code, &draft.customs_code),
        name: name(draft),
        roles: draft.roles,
        dxp_id: draft.dxp_id.as_deref().map(Box::from),
        overseas: overseas(draft),
        ..before.clone()
    };
    let contact = match &draft.contact {
        Some(contact) if *contact != sealed_contact(tx, before.id)? => {
            Some(stored_contact(tx, contact)?)
        }
        _ => None,
    };
    if party == before && contact.is_none() {
        return Ok(Registered { party, contact: masked });
    }
    let party = Party { version: before.version + 1, ..party };
    save(tx, ctx, &party)?;
    let masked = match contact {
        Some(contact) => {
            store::update_contact(tx, party.id, &contact)?;
            contact.masked
        }
        None => masked,
    };
    tell(tx, ctx, "register.party_changed", &party)?;
    tx.audit(ctx, "party.change", party.code(), &party.roles.names())?;
    Ok(Registered { party, contact: masked })
}

fn name(draft: &PartyDraft) -> Name {
    Name { zh: draft.name_zh.trim().into(), en: draft.name_en.trim().into() }
}

fn overseas(draft: &PartyDraft) -> Option<OverseasSeller> {
    let (name, country) = draft.overseas.as_ref()?;
    Some(OverseasSeller { name: name.trim().into(), country: country.as_str().into() })
}

fn save(tx: &mut Tx, ctx: &Ctx, party: &Party) -> Result<(), Failure> {
    store::touch(tx)?;
    if store::update(tx, party, ctx.now).map_err(taken)? {
        Ok(())
    } else {
        Err(PartyRefusal::Changed.into())
    }
}

/// Another writer was faster with the same code or address.
fn taken(error: DbError) -> Failure {
    if error.is_unique("register_party", &["dxp_id"]) {
        PartyRefusal::DxpIdTaken.into()
    } else if error.is_unique("register_party", &["social_credit_code"])
        || error.is_unique("register_party", &["customs_code"])
    {
        PartyRefusal::CodesConflict.into()
    } else {
        error.into()
    }
}

fn stored_contact(tx: &mut Tx, contact: &Contact) -> Result<StoredContact, DbError> {
    if contact.is_empty() {
        return Ok(StoredContact { sealed: None, masked: Contact::default() });
    }
    let plain = json!([contact.person, contact.phone, contact.email, contact.address]).to_string();
    let sealed = tx.sealer().seal(CONTACT_PURPOSE, plain.as_bytes())?;
    Ok(StoredContact { sealed: Some(sealed), masked: contact.masked() })
}

fn sealed_contact(tx: &mut Tx, id: PartyId) -> Result<Contact, DbError> {
    let Some(sealed) = store::contact_sealed(tx, id)? else { return Ok(Contact::default()) };
    let plain = tx.sealer().open(CONTACT_PURPOSE, &sealed)?;
    let damaged = || DbError::Damaged("the contact of a party".to_owned());
    let [person, phone, email, address] = serde_json::from_slice(&plain).map_err(|_| damaged())?;
    Ok(Contact { person, phone, email, address })
}

/// Opens the contact of a firm in clear. An audited act with a purpose.
///
/// # Errors
/// `party.not_found`.
pub fn open_contact(tx: &mut Tx, ctx: &Ctx, code: &str, purpose: &str) -> Result<Contact, Failure> {
    let party = find(tx, code)?.party;
    tx.audit(ctx, "party.open_contact", party.code(), purpose)?;
    Ok(sealed_contact(tx, party.id)?)
}

/// The firm with this code of either kind.
///
/// # Errors
/// `party.not_found`.
pub fn find(tx: &mut Tx, code: &str) -> Result<Registered, Failure> {
    store::find(tx, code)?.ok_or(Failure::Refused(PartyRefusal::NotFound))
}

/// Suspends, resumes or closes a firm.
///
/// # Errors
/// `party.not_found`, `party.closed`, `party.not_suspended`; findings about dates and reason.
pub fn change_standing(
    tx: &mut Tx,
    ctx: &Ctx,
    code: &str,
    change: &StandingChange,
    reason: &str,
) -> Result<Registered, Failure> {
    let findings = draft::standing_change(change, reason);
    if !findings.is_empty() {
        return Err(Failure::Findings(findings));
    }
    let Registered { party: before, contact } = find(tx, code)?;
    let standing = rules::standing(&before.standing, change, reason, ctx.now.date())?;
    if standing == before.standing {
        return Ok(Registered { party: before, contact });
    }
    let party = Party { standing, version: before.version + 1, ..before };
    save(tx, ctx, &party)?;
    let (event, act) = match change {
        StandingChange::Suspend { .. } => ("register.party_suspended", "party.suspend"),
        StandingChange::Resume => ("register.party_resumed", "party.resume"),
        StandingChange::Close { .. } => ("register.party_closed", "party.close"),
    };
    tell(tx, ctx, event, &party)?;
    tx.audit(ctx, act, party.code(), reason)?;
    Ok(Registered { party, contact })
}

fn tell(tx: &mut Tx, ctx: &Ctx, kind: &'static str, party: &Party) -> Result<(), DbError> {
    let roles: Vec<&str> = party.roles.iter().map(Role::name).collect();
    let body = json!({
        "version": 1,
        "id": party.id,
        "code": party.code(),
        "customs_code": party.customs_code,
        "roles": roles,
        "state": party.standing.state.name(),
        "from": party.standing.from.to_string(),
        "until": party.standing.until.map(|until| until.to_string()),
    });
    tx.emit(ctx, Event { kind, subject: party.code().to_owned(), body: body.into() })
}

/// Registers a signing certificate of a firm, PEM or DER. The same certificate again is found, not
/// added.
///
/// # Errors
/// `party.not_found`, `certificate.taken`; `certificate.unreadable`, `certificate.algorithm` as
/// findings.
pub fn register_certificate(
    tx: &mut Tx,
    ctx: &Ctx,
    code: &str,
    bytes: &[u8],
    purpose: Purpose,
) -> Result<Certificate, Failure> {
    let party = find(tx, code)?.party;
    let parsed = draft::certificate(bytes).map_err(|finding| Failure::Findings(vec![finding]))?;
    if let Some(known) = store::find_certificate(tx, &parsed.fingerprint)? {
        return match known.party == party.id {
            true => Ok(known),
            false => Err(PartyRefusal::CertificateTaken.into()),
        };
    }
    let certificate = Certificate {
        id: ctx.id(),
        party: party.id,
        fingerprint: parsed.fingerprint.as_str().into(),
        serial: parsed.serial.as_str().into(),
        algorithm: parsed.algorithm.to_string().into(),
        holder: mask::name(holder(&parsed)).into(),
        issuer: parsed.issuer.as_str().into(),
        not_before: parsed.not_before,
        not_after: parsed.not_after,
        purpose,
        revoked_at: None,
    };
    let sealed = tx.sealer().seal(CERTIFICATE_PURPOSE, parsed.der())?;
    store::touch(tx)?;
    store::insert_certificate(tx, &certificate, &sealed, ctx.now).map_err(|error| {
        if error.is_unique("register_certificate", &["fingerprint"]) {
            PartyRefusal::CertificateTaken.into()
        } else {
            Failure::Db(error)
        }
    })?;
    tell_certificate(tx, ctx, "register.certificate_registered", &party, &certificate)?;
    tx.audit(ctx, "certificate.register", party.code(), &certificate.fingerprint)?;
    Ok(certificate)
}

fn holder(parsed: &X509) -> &str {
    parsed.common_name.as_deref().unwrap_or_default()
}

/// Certificates of a firm, in order of registration.
///
/// # Errors
/// When the database fails.
pub fn certificates(tx: &mut Tx, party: PartyId) -> Result<Vec<Certificate>, DbError> {
    store::certificates_of(tx, party)
}

/// The certificate itself, for verifying messages that carry only its serial number.
///
/// # Errors
/// When the database fails or there is none.
pub fn certificate_der(tx: &mut Tx, id: CertificateId) -> Result<Vec<u8>, DbError> {
    let sealed = store::certificate_sealed(tx, id)?;
    tx.sealer().open(CERTIFICATE_PURPOSE, &sealed)
}

/// Revokes a certificate of a firm from now on.
///
/// # Errors
/// `party.not_found`, `certificate.not_found`, `party.revoked_already`; a missing reason.
pub fn revoke_certificate(
    tx: &mut Tx,
    ctx: &Ctx,
    code: &str,
    id: CertificateId,
    reason: &str,
) -> Result<Certificate, Failure> {
    draft::reason(reason).map_or(Ok(()), |finding| Err(Failure::Findings(vec![finding])))?;
    let party = find(tx, code)?.party;
    let found = store::certificates_of(tx, party.id)?.into_iter().find(|one| one.id == id);
    let Some(certificate) = found else { return Err(PartyRefusal::CertificateNotFound.into()) };
    store::touch(tx)?;
    if !store::revoke_certificate(tx, id, reason, ctx.now)? {
        return Err(PartyRefusal::Revoked.into());
    }
    let certificate = Certificate { revoked_at: Some(ctx.now), ..certificate };
    tell_certificate(tx, ctx, "register.certificate_revoked", &party, &certificate)?;
    tx.audit(ctx, "certificate.revoke", party.code(), reason)?;
    Ok(certificate)
}

fn tell_certificate(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &'static str,
    party: &Party,
    certificate: &Certificate,
) -> Result<(), DbError> {
    let body = json!({
        "version": 1,
        "code": party.code(),
        "fingerprint": certificate.fingerprint,
        "serial": certificate.serial,
        "purpose": certificate.purpose.name(),
    });
    tx.emit(ctx, Event { kind, subject: party.code().to_owned(), body: body.into() })
}

/// Registers a delegation. The same one that is still in force or yet to come is found, not added.
///
/// # Errors
/// All findings: dates, codes, unknown or closed firms, roles that cannot give or take it.
pub fn delegate(
    tx: &mut Tx,
    ctx: &Ctx,
    draft: &DelegationDraft,
) -> Result<RegisteredDelegation, Failure> {
    delegate_unless(tx, ctx, draft, |delegation| delegation.revoked_at.is_none())
}

fn delegate_unless(
    tx: &mut Tx,
    ctx: &Ctx,
    draft: &DelegationDraft,
    counts: impl Fn(&Delegation) -> bool,
) -> Result<RegisteredDelegation, Failure> {
    let mut findings = draft::delegation(draft);
    let from = firm_of(tx, &draft.from, "from", &mut findings)?;
    let to = firm_of(tx, &draft.to, "to", &mut findings)?;
    let (Some(from), Some(to)) = (from, to) else { return Err(Failure::Findings(findings)) };
    findings.extend(draft::delegation_between(&from, &to, draft.acts));
    if findings.iter().any(Finding::is_error) {
        return Err(Failure::Findings(findings));
    }
    let boxed = |list: &[String]| list.iter().map(|code| code.as_str().into()).collect();
    let delegation = Delegation {
        id: ctx.id(),
        from: from.id,
        to: to.id,
        acts: draft.acts,
        modes: boxed(&draft.modes),
        districts: boxed(&draft.districts),
        valid_from: draft.valid_from,
        valid_until: draft.valid_until,
        revoked_at: None,
    };
    let same = |other: &Delegation| {
        let content =
            Delegation { id: other.id, revoked_at: other.revoked_at, ..delegation.clone() };
        counts(other) && content == *other
    };
    let known = store::delegations_between(tx, from.id, to.id)?.into_iter().find(same);
    let named = |delegation| RegisteredDelegation {
        delegation,
        from_code: from.code().into(),
        to_code: to.code().into(),
    };
    if let Some(known) = known {
        return Ok(named(known));
    }
    store::touch(tx)?;
    store::insert_delegation(tx, &delegation, ctx.now)?;
    let registered = named(delegation);
    tell_delegation(tx, ctx, "register.delegation_registered", &registered)?;
    tx.audit(ctx, "delegation.register", from.code(), to.code())?;
    Ok(registered)
}

fn firm_of(
    tx: &mut Tx,
    code: &str,
    path: &str,
    findings: &mut Vec<Finding>,
) -> Result<Option<Party>, DbError> {
    let party = store::find(tx, code)?.map(|registered| registered.party);
    match party {
        None => findings.push(rules::unknown(code).at(path)),
        Some(ref party) if party.standing.state == State::Closed => {
            findings.push(rules::closed(party).at(path));
        }
        Some(_) => {}
    }
    Ok(party)
}

/// Revokes a delegation from now on.
///
/// # Errors
/// `delegation.not_found`, `party.revoked_already`; a missing reason.
pub fn revoke_delegation(
    tx: &mut Tx,
    ctx: &Ctx,
    id: DelegationId,
    reason: &str,
) -> Result<RegisteredDelegation, Failure> {
    draft::reason(reason).map_or(Ok(()), |finding| Err(Failure::Findings(vec![finding])))?;
    let found = store::find_delegation(tx, id)?;
    let Some(mut registered) = found else { return Err(PartyRefusal::DelegationNotFound.into()) };
    store::touch(tx)?;
    if !store::revoke_delegation(tx, id, reason, ctx.now)? {
        return Err(PartyRefusal::Revoked.into());
    }
    registered.delegation.revoked_at = Some(ctx.now);
    tell_delegation(tx, ctx, "register.delegation_revoked", &registered)?;
    tx.audit(ctx, "delegation.revoke", &registered.from_code, reason)?;
    Ok(registered)
}

fn tell_delegation(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: &'static str,
    registered: &RegisteredDelegation,
) -> Result<(), DbError> {
    let acts: Vec<&str> = registered.delegation.acts.iter().map(Act::name).collect();
    let body = json!({
        "version": 1,
        "id": registered.delegation.id,
        "from": registered.from_code,
        "to": registered.to_code,
        "acts": acts,
    });
    tx.emit(ctx, Event { kind, subject: registered.delegation.id.to_string(), body: body.into() })
}

/// What [`load_zone`] did.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Firms that were not there before.
    pub parties_created: usize,
    /// Firms of the zone file.
    pub parties: usize,
    /// Delegations of the zone file.
    pub delegations: usize,
    /// What is worth a look.
    pub findings: Vec<Finding>,
}

/// Registers a zone's firms and delegations. Calling it again changes nothing; what an operator
/// changed since (a suspension, a revoked delegation) stays as it is.
///
/// # Errors
/// As [`put`] and [`delegate`].
pub fn load_zone(tx: &mut Tx, ctx: &Ctx, zone: &Zone) -> Result<Loaded, Failure> {
    let mut loaded = Loaded { findings: zone.findings.clone(), ..Loaded::default() };
    for draft in &zone.parties {
        loaded.parties += 1;
        // The file introduces a firm once; what was changed since by API stays.
        if let Some(known) = known(tx, draft)? {
            if known.party.standing.state == State::Closed {
                loaded.findings.push(stays_closed(draft));
            }
            continue;
        }
        put(tx, ctx, draft)?;
        loaded.parties_created += 1;
    }
    for draft in &zone.delegations {
        let closed = |finding: &Finding| finding.code == "party.closed";
        match delegate_unless(tx, ctx, draft, |_| true) {
            Ok(_) => {}
            Err(Failure::Findings(findings)) if findings.iter().all(closed) => {}
            Err(failure) => return Err(failure),
        }
        loaded.delegations += 1;
    }
    Ok(loaded)
}

fn stays_closed(draft: &PartyDraft) -> Finding {
    let code = draft.social_credit_code.as_deref().or(draft.customs_code.as_deref());
    Finding::warning(
        "party.stays_closed",
        Text::new(
            "企业已注销，未按文件恢复",
            "The firm is closed; the file does not bring it back",
        ),
        Text::new("从文件中删去该企业", "Take the firm out of the file"),
    )
    .found(code.unwrap_or_default(), "an active firm")
}
