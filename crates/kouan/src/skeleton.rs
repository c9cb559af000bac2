//! What messages look like when nothing is in them: the text a new database's archive begins to
//! compress with, before it has seen a message. No person, no firm stands in it.

use std::fmt::Write;

use ceb::schema::{Form, MessageType, RecordDef};

/// What signers write around the values of a signature.
const SIGNATURE: &str = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
    <ds:SignedInfo><ds:CanonicalizationMethod \
    Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></ds:CanonicalizationMethod>\
    <ds:SignatureMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#rsa-sha1\">\
    </ds:SignatureMethod><ds:SignatureMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sm2-sm3\">\
    </ds:SignatureMethod><ds:Reference URI=\"\"><ds:Transforms><ds:Transform \
    Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
    </ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sm3\">\
    </ds:DigestMethod><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
    <ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:KeyName></ds:KeyName><ds:X509Data>\
    <ds:X509Certificate>MII</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>";

/// The commonest, which go last: what is near is named by shorter distances.
const COMMON: [&str; 9] =
    ["CEB816", "CEB412", "CEB512", "CEB312", "CEB622", "CEB411", "CEB511", "CEB311", "CEB621"];

/// Every message type with empty fields, the commonest last.
pub(crate) fn of_all_messages() -> Vec<u8> {
    let mut text = String::with_capacity(1 << 16);
    let all = ceb::schema::message_types().iter();
    for kind in all.filter(|kind| !COMMON.contains(&kind.code)) {
        message(kind, &mut text);
    }
    for kind in COMMON.iter().filter_map(|code| ceb::schema::message_type(code)) {
        message(kind, &mut text);
    }
    text.into_bytes()
}

fn message(kind: &MessageType, text: &mut String) {
    let (root, guid) = (kind.root, sample(Form::Guid));
    // Writing into a text does not fail.
    let _ = write!(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ceb:{root} \
         xmlns:ceb=\"http://www.chinaport.gov.cn/ceb\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" guid=\"{guid}\" version=\"1.0\">"
    );
    let document = &kind.document;
    if !document.is_flat() {
        let _ = write!(text, "<ceb:{}>", document.element);
    }
    record(document.head, text);
    if let Some(lines) = document.lines {
        record(lines.record, text);
    }
    if !document.is_flat() {
        let _ = write!(text, "</ceb:{}>", document.element);
    }
    if let Some(transfer) = kind.transfer() {
        record(transfer, text);
        text.push_str(SIGNATURE);
    }
    let _ = write!(text, "</ceb:{root}>");
}

fn record(def: &RecordDef, text: &mut String) {
    let _ = write!(text, "<ceb:{}>", def.element);
    for field in def.fields {
        let (name, value) = (field.name, sample(field.form));
        let _ = write!(text, "<ceb:{name}>{value}</ceb:{name}>");
    }
    let _ = write!(text, "</ceb:{}>", def.element);
}

/// A value of nobody's.
const fn sample(form: Form) -> &'static str {
    match form {
        Form::Guid => "00000000-0000-0000-0000-000000000000",
        Form::Moment | Form::MomentMillis | Form::Day => "2026",
        Form::Enterprise | Form::EnterpriseOrNone => "9137",
        Form::Money | Form::Quantity => "0",
        Form::Count | Form::Line => "1",
        Form::Plain | Form::IdNumber | Form::HsCode | Form::PreNo | Form::InventoryNo => "",
    }
}

#[cfg(test)]
mod tests {
    use super::of_all_messages;

    #[test]
    fn the_skeleton_has_every_message_and_fits_a_dictionary() {
        let text = String::from_utf8(of_all_messages()).unwrap_or_default();
        for kind in ceb::schema::message_types() {
            assert!(text.contains(&format!("</ceb:{}>", kind.root)), "{}", kind.code);
        }
        let common = text.len() - text.find("<ceb:CEB816Message").unwrap_or_default();
        assert!(common < 60_000, "the common ones are {common} bytes");
    }
}
