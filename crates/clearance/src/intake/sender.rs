//! Who sends a message, who signed it, and whether they may: against the directory of parties.

use kernel::{Finding, Text, Time};
use register::party::{Act, Deed, Directory, Party, Purpose, Role, Roles};

use crate::document::{CancelApplication, Facts, Inventory, Kind, Order};

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
    if let (Some(known), Some(named)) = (sender.dxp_id.as_deref(), dxp_id)
        && known != named
    {
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
            .found(named, known),
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
        Facts::Order(Order { ebp_code, ebc_code, pay_code, .. }) => {
            firm(ebp_code, &[Role::Platform], "ebpCode");
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
            firm(agent_code, &[Role::Broker, Role::Ecommerce], "agentCode");
        }
        Facts::Warehousing(sheet) => {
            firm(&sheet.operator_code, &[Role::Site], "operatorCode");
            firm(&sheet.logistics_code, &[Role::Logistics], "logisticsCode");
        }
    }
    if findings.is_empty() {
        findings.extend(may_send_paper(directory, acting, facts, at).err());
    }
    findings
}

fn may_send_paper(
    directory: &Directory,
    acting: &Acting<'_>,
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
    };
    let deed = Deed::new(act, None, district, at);
    directory
        .may_act_for_any(acting.signer.code(), &principals, &deed)
        .map_err(|finding| finding.at(responsible_field(facts.kind())))
}

const fn responsible_field(kind: Kind) -> &'static str {
    match kind {
        Kind::Order => "ebpCode",
        Kind::Payment => "payCode",
        Kind::Waybill | Kind::WaybillStatus => "logisticsCode",
        Kind::Inventory | Kind::CancelApplication => "ebcCode",
        Kind::Warehousing => "operatorCode",
    }
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
    let declarants = Roles::of(&[Role::Broker, Role::Ecommerce]);
    if let Err(finding) = directory.firm(&inventory.agent_code, declarants, on) {
        findings.push(finding.at("agentCode"));
    }
    let (mode, district) = (inventory.trade_mode.as_str(), inventory.customs_code.as_str());
    let deed = Deed::new(Act::Inventory, Some(mode), Some(district), at);
    if let Err(finding) = directory.may_act_for(acting.signer.code(), &inventory.ebc_code, &deed) {
        findings.push(finding.at("ebcCode"));
    }
    findings
}
