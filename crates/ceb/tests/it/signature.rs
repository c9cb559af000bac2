//! Signatures: what is signed verifies, what is changed does not, and nothing else is believed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceb::c14n::{Part, canonicalize};
use ceb::keys::SigningKey;
use ceb::signature::{
    Algorithm, DS, SignError, Spelling, Verification, Verifier, VerifyReport, sign, verify,
};
use proptest::prelude::*;
use sm2::dsa::signature::Signer;
use sm2::pkcs8::DecodePrivateKey;

use crate::support::{
    INVENTORY, RSA_1024, RSA_2048, SM2, SM2_OTHER, export_inventory, official_samples,
};

const ALL: [Spelling; 4] =
    [Spelling::Sm2National, Spelling::Sm2Field, Spelling::RsaSha1, Spelling::RsaSha256];

fn key_for(spelling: Spelling) -> &'static SigningKey {
    match spelling.algorithm() {
        Algorithm::Sm2Sm3 => &SM2,
        Algorithm::RsaSha1 | Algorithm::RsaSha256 => &RSA_2048,
    }
}

fn signed(xml: &str, spelling: Spelling) -> String {
    let bytes = sign(xml.as_bytes(), key_for(spelling), spelling).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn codes(verification: &Verification) -> Vec<&'static str> {
    verification.findings.iter().map(|finding| finding.code).collect()
}

fn verdict(xml: impl AsRef<[u8]>) -> Vec<&'static str> {
    let verification = verify(xml.as_ref());
    let codes = codes(&verification);
    assert_eq!(verification.is_good(), codes.is_empty() || codes == ["signature.key_name"]);
    codes
}

#[test]
fn every_spelling_signs_and_verifies() {
    for xml in [INVENTORY.to_owned(), export_inventory()] {
        for spelling in ALL {
            let verification = verify(signed(&xml, spelling).as_bytes());
            assert_eq!(verification.findings, [], "{spelling:?}");
            assert!(verification.signed && verification.digest_ok && verification.signature_ok);
            assert_eq!(verification.spelling, Some(spelling));
            assert_eq!(verification.algorithm, Some(spelling.algorithm()));
            let certificate = verification.certificate.unwrap();
            assert_eq!(&certificate, key_for(spelling).certificate());
            assert_eq!(verification.key_name.as_deref(), Some(certificate.serial.as_str()));
        }
    }
}

#[test]
fn old_cards_of_1024_bits_verify() {
    let bytes = sign(INVENTORY.as_bytes(), &RSA_1024, Spelling::RsaSha1).unwrap();
    assert_eq!(verdict(&bytes), [""; 0]);
    let report = serde_json::to_value(VerifyReport::new("a.xml", verify(&bytes))).unwrap();
    assert_eq!(report["file"], "a.xml");
    assert_eq!(report["algorithm"], "RSA-SHA1");
    assert_eq!(report["certificate"]["algorithm"], "RSA-1024");
    assert_eq!(report["certificate"]["serial"], "0178b6b8");
    assert_eq!(report["certificate"]["not_after"], "2033-12-31T08:00:00.000+08:00");
    assert_eq!(report["certificate"]["subject"], "CN=card,O=淄博测试电商有限公司,C=CN");
    assert_eq!(report["findings"], serde_json::json!([]));
}

#[test]
fn the_signature_stands_where_the_schema_puts_it() {
    let import = signed(INVENTORY, Spelling::Sm2National);
    assert!(import.contains("</ceb:ExtendMessage><ds:Signature xmlns:ds="));
    assert!(import.ends_with("</ds:Signature></ceb:CEB621Message>\n"));
    let export = signed(&export_inventory(), Spelling::Sm2National);
    assert!(export.contains("</ceb:BaseTransfer><ds:Signature xmlns:ds="));
    assert!(export.contains("</ds:Signature><ceb:ExtendMessage>"));
    // Everything else stays byte for byte.
    for (signed, plain) in [(import, INVENTORY.to_owned()), (export, export_inventory())] {
        let from = signed.find("<ds:Signature ").unwrap();
        let to = signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        assert_eq!([&signed[..from], &signed[to..]].concat(), plain);
    }
}

#[test]
fn a_byte_order_mark_is_removed_before_signing_and_borne_when_verifying() {
    let marked = format!("\u{feff}{INVENTORY}");
    let bytes = sign(marked.as_bytes(), &SM2, Spelling::Sm2National).unwrap();
    assert_eq!(bytes, sign(INVENTORY.as_bytes(), &SM2, Spelling::Sm2National).unwrap());
    assert_eq!(verdict([&[0xef, 0xbb, 0xbf], bytes.as_slice()].concat()), [""; 0]);
}

#[test]
fn what_canonical_form_does_not_see_may_change() {
    let xml = signed(INVENTORY, Spelling::Sm2National);
    for (from, to) in [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", ""),
        (
            "guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" version=\"1.0\"",
            "version='1.0'\n guid='4CDE1CFD-EDED-46B1-946C-B8022E42FC94'",
        ),
        ("<ceb:note/>", "<ceb:note></ceb:note >"),
        ("A&amp;B-1", "A&#38;<![CDATA[B-1]]>"),
        ("</ds:DigestValue></ds:Reference>", "</ds:DigestValue ></ds:Reference>"),
    ] {
        assert!(xml.contains(from), "{from}");
        assert_eq!(verdict(xml.replace(from, to)), [""; 0], "{to}");
    }
}

#[test]
fn each_fault_has_its_own_finding() {
    let xml = signed(INVENTORY, Spelling::Sm2National);
    let other = signed(INVENTORY, Spelling::RsaSha256);
    let between = |text: &str, from: &str, to: &str| {
        let start = text.find(from).unwrap() + from.len();
        let end = start + text[start..].find(to).unwrap();
        text[start..end].to_owned()
    };
    let certificate = between(&xml, "<ds:X509Certificate>", "</ds:X509Certificate>");
    let others = between(&other, "<ds:X509Certificate>", "</ds:X509Certificate>");
    let value = between(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let stranger = STANDARD.encode(SM2_OTHER.certificate().der());
    let cases: [(&str, &str, &[&str]); 18] = [
        ("A&amp;B-1", "A&amp;B-2", &["signature.digest_mismatch"]),
        ("<ceb:Inventory>", "\n\t<ceb:Inventory>", &["signature.digest_mismatch"]),
        ("guid=\"4", "guid=\"5", &["signature.digest_mismatch"]),
        (&value, "AAAA", &["signature.mismatch"]),
        (&value, "****", &["signature.malformed"]),
        (&certificate, &stranger, &["signature.mismatch", "signature.key_name"]),
        (&certificate, &others, &["signature.certificate_algorithm", "signature.key_name"]),
        (&certificate, "AAAA", &["signature.certificate_malformed"]),
        (&certificate, "?", &["signature.certificate_malformed"]),
        ("<ds:KeyName>03", "<ds:KeyName>04", &["signature.key_name"]),
        ("xmldsig#sm2-sm3", "xmldsig#sm9", &["signature.algorithm_unknown"]),
        ("xmldsig#sm3\"", "xmldsig#md5\"", &["signature.algorithm_unknown"]),
        (
            "20010315\"",
            "20010315#WithComments\"",
            &["signature.canonicalization", "signature.mismatch"],
        ),
        ("URI=\"\"", "URI=\"#x\"", &["signature.reference", "signature.mismatch"]),
        ("URI=\"\"", "Id=\"r\"", &["signature.reference", "signature.mismatch"]),
        ("#enveloped-signature", "#base64", &["signature.transform", "signature.mismatch"]),
        ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>", &["signature.malformed"]),
        ("<ds:SignatureValue>", "x<ds:SignatureValue>", &["signature.malformed"]),
    ];
    for (from, to, expected) in cases {
        assert!(xml.contains(from), "{from}");
        assert_eq!(verdict(xml.replace(from, to)), expected, "{from} -> {to}");
    }
    assert_eq!(verdict(INVENTORY), ["signature.missing"]);
    assert!(!verify(INVENTORY.as_bytes()).signed);
    assert_eq!(verdict("<a>"), ["signature.not_xml"]);
    let start = xml.find("<ds:KeyInfo>").unwrap();
    let end = xml.find("</ds:KeyInfo>").unwrap() + "</ds:KeyInfo>".len();
    let bare = [&xml[..start], &xml[end..]].concat();
    assert_eq!(verdict(&bare), ["signature.certificate_missing"]);
    // Every finding says how to mend it, in both languages.
    for finding in verify(bare.as_bytes()).findings {
        assert!(!finding.message.zh.is_empty() && !finding.message.en.is_empty());
        assert!(!finding.remedy.zh.is_empty() && !finding.remedy.en.is_empty());
    }
}

#[test]
fn several_faults_are_all_reported() {
    let xml = signed(INVENTORY, Spelling::Sm2National);
    let broken = xml.replace("A&amp;B-1", "X").replace("<ds:DigestValue>", "<ds:DigestValue>AAAA");
    assert_eq!(verdict(broken), ["signature.digest_mismatch", "signature.mismatch"]);
}

/// Puts a Signature made by hand before the root ends and gives it a true SM2 value.
fn forge(xml: &str, signature: &str) -> String {
    let secret = sm2::SecretKey::from_pkcs8_pem(&SM2.to_pem().unwrap().private).unwrap();
    let signer = sm2::dsa::SigningKey::new("1234567812345678", &secret).unwrap();
    let at = xml.rfind("</").unwrap();
    let draft = [&xml[..at], signature, &xml[at..]].concat();
    let message = canonicalize(draft.as_bytes(), Part::Element(DS, "SignedInfo")).unwrap();
    let value: sm2::dsa::Signature = signer.sign(&message);
    draft.replace("{VALUE}", &STANDARD.encode(value.to_bytes()))
}

fn digest_of(xml: &str) -> String {
    use sm3::Digest;
    let bytes = canonicalize(xml.as_bytes(), Part::WithoutSignature).unwrap();
    STANDARD.encode(sm3::Sm3::digest(bytes))
}

/// A Signature by hand: what stands in Transforms, in DigestValue, and behind the Reference.
fn by_hand(transforms: &str, digest: &str, more: &str) -> String {
    let certificate = STANDARD.encode(SM2.certificate().der());
    format!(
        "<Signature xmlns=\"{DS}\"><SignedInfo>\
         <CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>\
         <SignatureMethod Algorithm=\"http://www.chinaport.gov.cn/2022/04/xmldsig#sm2-sm3\"/>\
         <Reference URI=\"\"><Transforms>{transforms}</Transforms>\
         <DigestMethod Algorithm=\"http://www.chinaport.gov.cn/2022/04/xmldsig#sm3\"/>\
         <DigestValue>{digest}</DigestValue></Reference>{more}</SignedInfo>\
         <SignatureValue>{{VALUE}}</SignatureValue>\
         <KeyInfo><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></Signature>"
    )
}

const ENVELOPED: &str =
    "<Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";

#[test]
fn signatures_made_by_others_verify() {
    let digest = digest_of(INVENTORY);
    // Without prefix, with white space in and around values.
    assert_eq!(verdict(forge(INVENTORY, &by_hand(ENVELOPED, &digest, ""))), [""; 0]);
    let spaced = format!("\n {}\n {}\n", &digest[..10], &digest[10..]);
    assert_eq!(verdict(forge(INVENTORY, &by_hand(ENVELOPED, &spaced, ""))), [""; 0]);
    let pretty = by_hand(ENVELOPED, &digest, "").replace("><", ">\r\n<");
    let xml = forge(INVENTORY, &pretty);
    assert_eq!(verdict(&xml), [""; 0]);
    // The SM2 value as a DER sequence.
    let start = xml.find("<SignatureValue>").unwrap() + "<SignatureValue>".len();
    let end = xml.find("</SignatureValue>").unwrap();
    let raw = STANDARD.decode(&xml[start..end]).unwrap();
    let der = sm2::dsa::Signature::from_slice(&raw).unwrap().to_der();
    let xml = [&xml[..start], &STANDARD.encode(der.as_bytes()), &xml[end..]].concat();
    assert_eq!(verdict(xml), [""; 0]);
}

#[test]
fn true_values_do_not_save_a_wrong_form() {
    let digest = digest_of(INVENTORY);
    let reference = |uri: &str| {
        format!(
            "<Reference URI=\"{uri}\"><Transforms>{ENVELOPED}</Transforms>\
             <DigestMethod Algorithm=\"http://www.chinaport.gov.cn/2022/04/xmldsig#sm3\"/>\
             <DigestValue>{digest}</DigestValue></Reference>"
        )
    };
    let c14n = "<Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>";
    let xpath = "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\">\
                 <XPath>not(ancestor-or-self::any)</XPath></Transform>";
    let twice = format!("{ENVELOPED}{ENVELOPED}");
    let commented = format!("{}<!-- x -->{}", &digest[..8], &digest[8..]);
    for (signature, expected) in [
        (by_hand(&twice, &digest, ""), "signature.transform"),
        (by_hand(&format!("{ENVELOPED}{c14n}"), &digest, ""), "signature.transform"),
        (by_hand(&format!("{ENVELOPED}{xpath}"), &digest, ""), "signature.transform"),
        (by_hand(xpath, &digest, ""), "signature.transform"),
        (by_hand("", &digest, ""), "signature.transform"),
        (by_hand(ENVELOPED, &digest, &reference("")), "signature.reference"),
        (by_hand(ENVELOPED, &digest, &reference("#x")), "signature.reference"),
        (by_hand(ENVELOPED, &commented, ""), "signature.malformed"),
        (by_hand(ENVELOPED, &digest, "<?pi?>"), "signature.malformed"),
        (by_hand(ENVELOPED, &format!("{digest}<x/>"), ""), "signature.malformed"),
    ] {
        let codes = verdict(forge(INVENTORY, &signature));
        assert!(codes.contains(&expected), "{codes:?} lacks {expected} for {signature}");
    }
}

#[test]
fn wrapping_is_seen_through() {
    let xml = signed(INVENTORY, Spelling::Sm2National);
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let (signature, plain) = (&xml[from..to], [&xml[..from], &xml[to..]].concat());
    let insert = |marker: &str, text: &str| plain.replacen(marker, &format!("{text}{marker}"), 1);
    let root = &plain[plain.find("<ceb:CEB621").unwrap()..];
    for (attack, expected) in [
        // moved
        (insert("<ceb:Inventory>", signature), "signature.misplaced"),
        (insert("<ceb:BaseTransfer>", signature), "signature.misplaced"),
        (insert("<ceb:ExtendMessage>", signature), "signature.misplaced"),
        (insert("</ceb:BaseTransfer>", signature), "signature.misplaced"),
        (insert("<any>", signature), "signature.misplaced"),
        // a second one
        (xml.replacen("<any>", &format!("{signature}<any>"), 1), "signature.misplaced"),
        (
            xml.replacen("</ds:Signature>", &format!("</ds:Signature>{signature}"), 1),
            "signature.duplicate",
        ),
        (
            xml.replacen("<ds:KeyName>", &format!("{signature}<ds:KeyName>"), 1),
            "signature.duplicate",
        ),
        (
            xml.replacen(
                "</ds:Signature>",
                &format!("<ds:Object>{root}</ds:Object></ds:Signature>"),
                1,
            ),
            "signature.malformed",
        ),
        // content added, doubled, or the whole wrapped in another root
        (
            xml.replacen("<ceb:BaseTransfer>", "<ceb:Inventory/><ceb:BaseTransfer>", 1),
            "signature.digest_mismatch",
        ),
        (
            xml.replacen("</ds:Signature>", "</ds:Signature><ceb:Inventory/>", 1),
            "signature.misplaced",
        ),
        (
            format!(
                "<ceb:CEB621Message xmlns:ceb=\"http://www.chinaport.gov.cn/ceb\">{root}{signature}</ceb:CEB621Message>"
            ),
            "signature.digest_mismatch",
        ),
    ] {
        let codes = verdict(&attack);
        assert!(codes.contains(&expected), "{codes:?} lacks {expected} for {attack}");
    }
    // Export messages want it before the ExtendMessage.
    let export = signed(&export_inventory(), Spelling::Sm2National);
    let from = export.find("<ds:Signature ").unwrap();
    let to = export.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let moved = [&export[..from], &export[to..]].concat();
    let moved = moved.replace("</ceb:CEB603", &format!("{}</ceb:CEB603", &export[from..to]));
    assert_eq!(verdict(moved), ["signature.misplaced"]);
}

#[test]
fn every_truncation_fails() {
    let xml = signed(INVENTORY, Spelling::Sm2National);
    let whole = xml.trim_end().len();
    for end in 0..whole {
        assert!(!verify(&xml.as_bytes()[..end]).is_good(), "cut at {end}");
    }
}

#[test]
fn every_bit_counts() {
    for spelling in [Spelling::Sm2National, Spelling::RsaSha1] {
        let xml = signed(INVENTORY, spelling).into_bytes();
        let text = String::from_utf8(xml.clone()).unwrap();
        let declaration = text.find("?>").unwrap();
        let key_info = text.find("<ds:KeyInfo>").unwrap()..text.find("</ds:KeyInfo>").unwrap();
        let original = key_for(spelling).certificate();
        let mut broken = xml.clone();
        for at in 0..xml.len() {
            for bit in 0..8 {
                broken[at] = xml[at] ^ (1 << bit);
                let verification = verify(&broken);
                if verification.is_good() {
                    // The XML declaration is not signed; it says nothing but the encoding. Nor is
                    // KeyInfo: but another certificate shows as another one, and another KeyName
                    // is reported or gone.
                    let certificate = verification.certificate.as_ref().unwrap();
                    let other = certificate.fingerprint != original.fingerprint
                        || verification.key_name.as_deref() != Some(original.serial.as_str());
                    let harmless = canonicalize(&broken, Part::WithoutSignature)
                        == canonicalize(&xml, Part::WithoutSignature);
                    assert!(
                        at < declaration || (key_info.contains(&at) && other && harmless),
                        "bit {bit} of byte {at}: {}",
                        String::from_utf8_lossy(&broken[at.saturating_sub(20)..at + 20])
                    );
                }
            }
            broken[at] = xml[at];
        }
    }
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let sign =
        |xml: &str, key: &SigningKey, spelling| sign(xml.as_bytes(), key, spelling).unwrap_err();
    let signed = signed(INVENTORY, Spelling::Sm2National);
    assert_eq!(sign(&signed, &SM2, Spelling::Sm2National), SignError::AlreadySigned);
    assert_eq!(sign(INVENTORY, &SM2, Spelling::RsaSha1), SignError::KeyMismatch);
    assert_eq!(sign(INVENTORY, &RSA_2048, Spelling::Sm2Field), SignError::KeyMismatch);
    assert_eq!(sign("<a/>", &SM2, Spelling::Sm2National), SignError::Empty);
    assert!(matches!(sign("<a>", &SM2, Spelling::Sm2National), SignError::NotXml(_)));
    let gb = "<?xml version=\"1.0\" encoding=\"gb2312\"?><a>清单</a>";
    let (gb, ..) = encoding_rs::GB18030.encode(gb);
    let refused = ceb::signature::sign(&gb, &SM2, Spelling::Sm2National).unwrap_err();
    assert_eq!(refused, SignError::Encoding);
}

#[test]
fn large_documents_are_digested_on_the_way() {
    let big = INVENTORY.replace("<any>", &format!("<any>{}", "清单 &gt; ".repeat(40_000)));
    for spelling in ALL {
        assert_eq!(verdict(signed(&big, spelling)), [""; 0]);
    }
    let broken = signed(&big, Spelling::Sm2National).replace("A&amp;B-1", "A&amp;B-2");
    assert_eq!(verdict(broken), ["signature.digest_mismatch"]);
}

/// What is canonical as it stands and what is not take turns, up to and beyond what is kept of
/// their places.
#[test]
fn documents_in_many_pieces_have_the_digest_of_their_canonical_form() {
    for count in [0, 1, 100, 2_047, 2_048, 2_049, 4_096, 30_000] {
        let pieces = "<a/><b>清</b> &quot;&amp;".repeat(count);
        let xml = INVENTORY.replace("<any>", &format!("<any>{pieces}"));
        for spelling in ALL {
            let signed = signed(&xml, spelling);
            assert_eq!(verdict(&signed), [""; 0], "{count}");
            assert!(
                signed.contains(&digest_by_canonical_form(&xml, spelling)),
                "{count} {spelling:?}"
            );
        }
    }
}

/// The digest by way of the canonical form, in base 64.
fn digest_by_canonical_form(xml: &str, spelling: Spelling) -> String {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
    use sm3::Digest;
    let canonical = canonicalize(xml.as_bytes(), Part::Document).unwrap();
    STANDARD.encode(match spelling.algorithm() {
        Algorithm::Sm2Sm3 => sm3::Sm3::digest(&canonical).to_vec(),
        Algorithm::RsaSha1 => digest(&SHA1_FOR_LEGACY_USE_ONLY, &canonical).as_ref().to_vec(),
        Algorithm::RsaSha256 => digest(&SHA256, &canonical).as_ref().to_vec(),
    })
}

/// All Signature blocks of the official samples are made up, as their certificates show.
#[test]
fn official_samples_are_signed_but_not_truly() {
    let mut signed = 0;
    for path in official_samples() {
        let verification = verify(&std::fs::read(&path).unwrap());
        if verification.signed {
            signed += 1;
            assert!(!verification.digest_ok && !verification.signature_ok, "{}", path.display());
            let certificate = verification.certificate.expect("a readable certificate");
            assert!(certificate.subject.starts_with("CN="), "{}", certificate.subject);
        }
    }
    println!("{signed} samples carry a signature");
}

#[test]
fn a_small_cache_forgets_and_still_verifies() {
    let verifier = Verifier::new(2);
    let messages = [
        sign(INVENTORY.as_bytes(), &SM2, Spelling::Sm2National).unwrap(),
        sign(INVENTORY.as_bytes(), &SM2_OTHER, Spelling::Sm2National).unwrap(),
        sign(INVENTORY.as_bytes(), &RSA_2048, Spelling::RsaSha256).unwrap(),
        sign(INVENTORY.as_bytes(), &RSA_1024, Spelling::RsaSha1).unwrap(),
    ];
    for round in 0..8 {
        for message in &messages[..=round % 4] {
            assert!(verifier.verify(message).is_good());
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(!verify(&bytes).is_good());
    }

    #[test]
    fn random_changes_to_the_signature_do_not_panic(
        at in any::<prop::sample::Index>(),
        length in 0usize..40,
        text in "[<>/=\"'&;a-z:! -]{0,20}",
    ) {
        let xml = signed(INVENTORY, Spelling::Sm2National);
        let from = xml.find("<ds:Signature ").unwrap();
        let at = from + at.index(xml.len() - from);
        let end = (at + length).min(xml.len());
        let xml = xml.as_bytes();
        let _ = verify(&[&xml[..at], text.as_bytes(), &xml[end..]].concat());
    }

    #[test]
    fn any_text_signs_and_verifies(text in "[^<&\u{0}-\u{1f}\u{fffe}\u{ffff}]{0,60}") {
        let text = text.replace("]]>", "");
        let xml = INVENTORY.replace("thing", &text);
        for spelling in [Spelling::Sm2National, Spelling::Sm2Field] {
            prop_assert_eq!(verdict(signed(&xml, spelling)), [""; 0]);
        }
    }
}

/// What is signed is what is read: however a value is written, the reader sees the text that the
/// signature covers.
#[test]
fn the_reader_sees_what_the_signature_covers() {
    for written in [
        "AB-1",
        "A<!-- x -->B-1",
        "A<![CDATA[B]]>-1",
        "&#65;<?pi?>B&#x2d;1",
        "<!---->AB<![CDATA[]]>-<![CDATA[1]]>",
    ] {
        let xml = INVENTORY.replace("A&amp;B-1", written);
        let bytes = sign(xml.as_bytes(), &SM2, Spelling::Sm2National).unwrap();
        assert_eq!(verdict(&bytes), [""; 0], "{written}");
        let canonical = canonicalize(&bytes, Part::WithoutSignature).unwrap();
        let canonical = String::from_utf8(canonical).unwrap().replace("<?pi?>", "");
        assert!(canonical.contains("<ceb:orderNo>AB-1</ceb:orderNo>"), "{canonical}");
        let reading = ceb::read(&bytes, &ceb::ReadOptions::default());
        let message = reading.message.unwrap();
        assert_eq!(message.documents[0].head.text("orderNo"), Some("AB-1"), "{written}");
    }
}

/// Bytes that two decoders take for different texts: what verifies must be what is read.
#[test]
fn the_text_that_is_verified_is_the_text_that_is_read() {
    // 通 in GB 18030 is the two bytes of U+0368 in UTF-8.
    let template = |text: &str| {
        format!(
            "<ceb:CEB900Message xmlns:ceb=\"http://www.chinaport.gov.cn/ceb\" guid=\"{text}\" \
             version=\"1.0\"></ceb:CEB900Message>"
        )
    };
    for text in ["\u{901a}", "\u{368}"] {
        let signed = signed(&template(text), Spelling::Sm2National);
        let in_gb = signed.replace('\u{901a}', "\u{368}");
        for declaration in [
            "\u{feff}<?xml version=\"1.0\" encoding=\"GB18030\"?>".to_owned(),
            format!("<?xml version=\"1.0\"{}encoding=\"GB18030\"?>", " ".repeat(300)),
            "<?xml version=\"1.0\" encoding=\"GB18030\"?>".to_owned(),
            "<?xml version=\"1.0\" encoding=\"chinese\"?>".to_owned(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        ] {
            let bytes = [declaration.into_bytes(), in_gb.clone().into_bytes()].concat();
            if verify(&bytes).is_good() {
                let read = ceb::read(&bytes, &ceb::ReadOptions::strict());
                assert_eq!(read.message.unwrap().guid, text, "{}", String::from_utf8_lossy(&bytes));
            }
        }
    }
}
