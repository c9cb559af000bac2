//! Who sends a message, who signed it, and whether they may: against the directory of parties.

use kernel::{Finding, Text, Time};
use register::party::{Act, Deed, Directory, Party, Purpose, Role, Roles};

use crate::document::export::NO_PLATFORM;
use crate::document::{CancelApplication, Collective, Direction, Facts, Inventory, Kind, Order};

/// Whoever stands behind a message.
pub(crate) struct Acting<'d> {
    /// The firm that transmits it.
    pub(crate) sender: &'d Party,
    /// The firm whose certificate signed it; the sender when it is unsigned.
    pub(crate) signer: &'d Party,
}

fn every() -> Roles {
    Roles::from_bits(i64::MAX)
}

/// The firm that transmits a message, by the code and the transport address the message names.
/// `caller` is the firm whose key was used, if a firm's was.
pub(crate) fn sender<'d>(
    directory: &'d Directory,
    cop_code: &str,
    dxp_id: Option<&str>,
    caller: Option<&str>,
    at: Time,
) -> Result<&'d Party, Vec<Finding>> {
    let sender = directory
        .firm(cop_code, every(), at.date())
        .map_err(|finding| vec![finding.at("BaseTransfer/copCode")])?;
    let mut findings = Vec::new();
    let known = sender.dxp_id.as_deref();
    // A firm without an address of its own registered may not go by another's.
    let own = |named: &str| match known {
        Some(known) => known == named,
        None => directory.by_dxp_id(named).is_none(),
    };
    if let Some(named) = dxp_id.filter(|named| !own(named)) {
        findings.push(
            Finding::error(
                "message.dxp_id",
                Text::new(
                    "报文传输编号与传输企业登记的不一致",
                    "dxpId is not the one registered for the firm that transmits",
                ),
                Text::new(
                    "使用本企业的 dxpId，或先变更登记",
                    "use the firm's own dxpId, or change the registration first",
                ),
            )
            .at("BaseTransfer/dxpId")
            .found(named, known.unwrap_or("an address registered for the firm")),
        );
    }
    if caller.is_some_and(|caller| !sender.has_code(caller)) {
        findings.push(
            Finding::error(
                "message.other_sender",
                Text::new(
                    "传输企业不是接口密钥所属企业",
                    "the firm that transmits is not the one the API key belongs to",
                ),
                Text::new(
                    "使用传输企业自己的接口密钥",
                    "use an API key of the firm that transmits",
                ),
            )
            .at("BaseTransfer/copCode")
            .found(cop_code, caller.unwrap_or_default()),
        );
    }
    if findings.is_empty() { Ok(sender) } else { Err(findings) }
}

/// The firm whose certificate signed a message.
pub(crate) fn signer<'d>(
    directory: &'d Directory,
    fingerprint: &str,
    serial: &str,
    at: Time,
) -> Result<&'d Party, Finding> {
    let place = "Signature/KeyInfo";
    let known = directory.by_fingerprint(fingerprint);
    let party = known.and_then(|certificate| directory.party(certificate.party));
    let Some(party) = party else {
        return Err(Finding::error(
            "certificate.unknown",
            Text::new("签名证书未登记", "the signing certificate is not registered"),
            Text::new(
                "先为签名企业登记该证书",
                "register the certificate for the firm that signs first",
            ),
        )
        .at(place)
        .found(serial, "a registered certificate"));
    };
    directory.signer(fingerprint, party, Purpose::Messages, at).map_err(|f| f.at(place))?;
    directory.firm(party.code(), every(), at.date()).map_err(|f| f.at(place))?;
    Ok(party)
}

/// Whether those behind a document other than an inventory may send it, and whether the firms it
/// names may be what it says they are.
pub(crate) fn paper(
    directory: &Directory,
    acting: &Acting<'_>,
    facts: &Facts,
    at: Time,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let on = at.date();
    let mut firm = |code: &str, roles: &[Role], path: &str| {
        if let Err(finding) = directory.firm(code, Roles::of(roles), on) {
            findings.push(finding.at(path));
        }
    };
    match facts {
        Facts::Order(Order { ebp_code, ebc_code, pay_code, direction, .. }) => {
            if *direction == Direction::Import || ebp_code != NO_PLATFORM {
                firm(ebp_code, &[Role::Platform], "ebpCode");
            }
            firm(ebc_code, &[Role::Ecommerce], "ebcCode");
            if !pay_code.is_empty() {
                firm(pay_code, &[Role::Payment], "payCode");
            }
        }
        Facts::Payment(payment) => {
            firm(&payment.pay_code, &[Role::Payment], "payCode");
            firm(&payment.ebp_code, &[Role::Platform], "ebpCode");
        }
        Facts::Waybill(waybill) => {
            firm(&waybill.logistics_code, &[Role::Logistics], "logisticsCode")
        }
        Facts::WaybillStatus(status) => {
            firm(&status.logistics_code, &[Role::Logistics], "logisticsCode");
        }
        Facts::CancelApplication(CancelApplication { ebc_code, agent_code, .. }) => {
            firm(ebc_code, &[Role::Ecommerce], "ebcCode");
            firm(agent_code, &DECLARANTS, "agentCode");
        }
        Facts::Warehousing(sheet) => {
            firm(&sheet.operator_code, &[Role::Site], "operatorCode");
            firm(&sheet.logistics_code, &[Role::Logistics], "logisticsCode");
        }
        Facts::FundsReceipt(funds) => {
            firm(&funds.ebc_code, &[Role::Ecommerce], "ebcCode");
            if funds.ebp_code != NO_PLATFORM {
                firm(&funds.ebp_code, &[Role::Platform], "ebpCode");
            }
        }
        Facts::Collective(sheet) => collective(sheet, &mut firm),
    }
    if findings.is_empty() {
        findings.extend(may_send(directory, acting.signer.code(), facts, at).err());
    }
    let declarant = match facts {
        Facts::CancelApplication(cancel) => Some(&cancel.agent_code),
        Facts::Collective(one)
            if matches!(one.kind, Kind::Consolidation | Kind::SummaryApplication) =>
        {
            Some(&one.issuer)
        }
        _ => None,
    };
    if let (true, Some(agent_code)) = (findings.is_empty(), declarant) {
        findings.extend(not_declarant(acting, agent_code));
    }
    findings
}

/// The firms a document about many parcels names.
fn collective(sheet: &Collective, firm: &mut dyn FnMut(&str, &[Role], &str)) {
    let field = sheet.kind.sender_field();
    match sheet.kind {
        // Mail is brought in by the postal operator, who runs no site.
        Kind::Arrival => firm(&sheet.issuer, &[Role::Site, Role::Logistics], field),
        Kind::Departure => firm(&sheet.issuer, &[Role::Logistics], field),
        _ => firm(&sheet.issuer, &DECLARANTS, field),
    }
    if sheet.kind == Kind::SummaryApplication {
        firm(&sheet.ebc_code, &[Role::Ecommerce], "ebcCode");
    } else {
        firm(&sheet.logistics_code, &[Role::Logistics], "logisticsCode");
    }
}

/// Whether a firm may send such a document: one of those responsible for it, or their agent. What
/// takes the place of a stored document, or withdraws it, must come from one who might have sent
/// the stored one: else any seller could take over the order numbers of its neighbours.
pub(crate) fn may_send(
    directory: &Directory,
    signer: &str,
    facts: &Facts,
    at: Time,
) -> Result<(), Finding> {
    let (principals, act, district): (Vec<&str>, Act, Option<&str>) = match facts {
        Facts::Order(d) => (vec![&d.ebp_code, &d.ebc_code], Act::Order, None),
        Facts::Payment(d) => (vec![&d.pay_code], Act::Payment, None),
        Facts::Waybill(d) => (vec![&d.logistics_code], Act::Waybill, None),
        Facts::WaybillStatus(d) => (vec![&d.logistics_code], Act::WaybillStatus, None),
        Facts::CancelApplication(d) => (vec![&d.ebc_code], Act::Cancel, Some(&d.customs_code)),
        Facts::Warehousing(d) => (vec![&d.operator_code], Act::Warehousing, Some(&d.customs_code)),
        Facts::FundsReceipt(d) => (vec![&d.ebc_code, &d.pay_code], Act::FundsReceipt, None),
        Facts::Collective(d) => {
            let (principal, act) = match d.kind {
                Kind::Departure => (&d.issuer, Act::Departure),
                Kind::Consolidation => (&d.issuer, Act::Consolidation),
                Kind::SummaryApplication => (&d.ebc_code, Act::Summary),
                _ => (&d.issuer, Act::Arrival),
            };
            (vec![principal.as_str(), &d.logistics_code], act, Some(&d.customs_code))
        }
    };
    // Whoever declared the parcels consolidates them: that is its own to do.
    if act == Act::Consolidation
        && directory.by_code(signer).is_some_and(|party| party.has_code(facts.issuer()))
    {
        return Ok(());
    }
    let deed = Deed::new(act, None, district, at);
    directory
        .may_act_for_any(signer, &principals, &deed)
        .map_err(|finding| finding.at(facts.kind().principal_field()))
}

/// Who may declare: the seller, a broker, or a firm of the zone.
const DECLARANTS: [Role; 3] = [Role::Broker, Role::Ecommerce, Role::ZoneFirm];

/// The declarant and nobody else signs what it declares (customs: -621015, -625013). Its numbers
/// are its own, so nobody else can reach what is stored under them either.
fn not_declarant(acting: &Acting<'_>, agent_code: &str) -> Option<Finding> {
    if acting.signer.has_code(agent_code) {
        return None;
    }
    let finding = Finding::error(
        "party.not_declarant",
        Text::new(
            "申报企业不是签名或报送的企业",
            "the declarant is not the firm that signs or hands in",
        ),
        Text::new(
            "由申报企业（agentCode）自行签名、报送",
            "the declarant (agentCode) signs and hands in itself",
        ),
    );
    Some(finding.at("agentCode").found(agent_code, acting.signer.code()))
}

/// Whether those behind an inventory may declare it. What the firms it names may be is looked at
/// when the parcel is complete.
pub(crate) fn inventory(
    directory: &Directory,
    acting: &Acting<'_>,
    inventory: &Inventory,
    at: Time,
) -> Vec<Finding> {
    let on = at.date();
    let mut findings = Vec::new();
    if let Err(finding) = directory.firm(&inventory.agent_code, Roles::of(&DECLARANTS), on) {
        findings.push(finding.at("agentCode"));
    }
    let (mode, district) = (inventory.trade_mode.as_str(), inventory.customs_code.as_str());
    let deed = Deed::new(Act::Inventory, Some(mode), Some(district), at);
    if let Err(finding) = directory.may_act_for(acting.signer.code(), &inventory.ebc_code, &deed) {
        findings.push(finding.at("ebcCode"));
    }
    if findings.is_empty() {
        findings.extend(not_declarant(acting, &inventory.agent_code));
    }
    findings
}
