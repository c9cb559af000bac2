//! Keys and certificates, among ourselves and with OpenSSL.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ceb::c14n::{Part, canonicalize};
use ceb::certificate::{CERTIFICATE_BYTES_MAX, Certificate, CertificateError, KeyAlgorithm};
use ceb::keys::{CertificateRequest, KeyError, KeyKind, SigningKey};
use ceb::signature::{DS, Spelling, sign, verify};
use kernel::Time;

use crate::support::{INVENTORY, RSA_2048, SM2, SM2_OTHER, has, request, rng, run};

const USER_ID: &str = "distid:1234567812345678";

#[test]
fn a_certificate_says_what_was_asked_for() {
    let certificate = SM2.certificate();
    assert_eq!(certificate.serial, "03000000000cde6f");
    assert_eq!(certificate.subject, "CN=sm2,O=淄博测试电商有限公司,C=CN");
    assert_eq!(certificate.issuer, certificate.subject);
    assert_eq!(certificate.common_name.as_deref(), Some("sm2"));
    assert_eq!(certificate.algorithm, KeyAlgorithm::Sm2);
    assert_eq!(certificate.not_before.to_compact(), "20240101080000");
    assert_eq!(certificate.not_after.to_compact(), "20331231080000");
    assert_eq!(certificate.fingerprint.len(), 64);
    assert!(certificate.in_force(certificate.not_before));
    assert!(certificate.in_force(certificate.not_after));
    assert!(!certificate.in_force(certificate.not_before.plus_millis(-1)));
    assert!(!certificate.in_force(certificate.not_after.plus_millis(1)));
    assert!(certificate.is_issued_by(certificate));
    assert!(!certificate.is_issued_by(SM2_OTHER.certificate()));
    assert!(certificate.has_serial("3000000000CDE6F"));
    assert!(!certificate.has_serial("03000000000cde60"));
    assert_eq!(RSA_2048.certificate().algorithm, KeyAlgorithm::Rsa { bits: 2048 });
    assert!(RSA_2048.certificate().is_issued_by(RSA_2048.certificate()));
}

#[test]
fn the_same_seed_makes_the_same_key() {
    let make =
        |seed| SigningKey::generate(KeyKind::Sm2, &request("x", "01"), &mut rng(seed)).unwrap();
    assert_eq!(make(9).to_pem().unwrap().private, make(9).to_pem().unwrap().private);
    assert_eq!(make(9).certificate(), make(9).certificate());
    assert_ne!(make(9).certificate(), make(10).certificate());
}

#[test]
fn keys_survive_pem() {
    for key in [&*SM2, &*RSA_2048] {
        let pem = key.to_pem().unwrap();
        let again =
            SigningKey::from_pem(&format!("\n{}\n", pem.private), &pem.certificate).unwrap();
        assert_eq!(again.certificate(), key.certificate());
        assert_eq!(again.to_pem().unwrap().private, pem.private);
        assert!(!format!("{again:?}").contains("PRIVATE"));
    }
    let (sm2, other) = (SM2.to_pem().unwrap(), SM2_OTHER.to_pem().unwrap());
    let mismatch = SigningKey::from_pem(&sm2.private, &other.certificate).unwrap_err();
    assert_eq!(mismatch, KeyError::Mismatch);
    assert_eq!(SigningKey::from_pem("x", &sm2.certificate).unwrap_err(), KeyError::Private);
    assert!(matches!(
        SigningKey::from_pem(&sm2.private, "x").unwrap_err(),
        KeyError::Certificate(CertificateError::Malformed(_))
    ));
}

#[test]
fn an_authority_issues_for_others() {
    let ask = CertificateRequest { authority: true, ..request("CA", "01") };
    for (ca_kind, kind) in [(KeyKind::Sm2, KeyKind::Sm2), (KeyKind::Sm2, KeyKind::Rsa1024)] {
        let ca = SigningKey::generate(ca_kind, &ask, &mut rng(20)).unwrap();
        let firm = ca.issue(kind, &request("firm", "02"), &mut rng(21)).unwrap();
        assert_eq!(firm.certificate().issuer, ca.certificate().subject);
        assert!(firm.certificate().is_issued_by(ca.certificate()));
        assert!(!firm.certificate().is_issued_by(firm.certificate()));
        let refused = firm.issue(KeyKind::Sm2, &request("x", "03"), &mut rng(22)).unwrap_err();
        assert_eq!(refused, KeyError::NotAuthority);
    }
}

#[test]
fn faulty_requests_are_refused() {
    let generate = |change: &dyn Fn(&mut CertificateRequest)| {
        let mut asked = request("x", "01");
        change(&mut asked);
        SigningKey::generate(KeyKind::Sm2, &asked, &mut rng(1)).unwrap_err()
    };
    for serial in ["", "1", "0g", "é1", &"11".repeat(21), &"ff".repeat(20)] {
        assert!(
            matches!(generate(&|r| r.serial = serial.to_owned()), KeyError::Serial(_)),
            "{serial}"
        );
    }
    assert!(matches!(generate(&|r| r.subject = "nobody".to_owned()), KeyError::Subject(_)));
    assert_eq!(generate(&|r| r.not_after = r.not_before.plus_millis(-1000)), KeyError::Validity);
    assert_eq!(generate(&|r| r.not_before = Time::from_millis(-1000)), KeyError::Validity);
}

#[test]
fn what_is_no_certificate_is_refused() {
    assert!(Certificate::from_der(&[]).is_err());
    let long = Certificate::from_der(&vec![0x30; CERTIFICATE_BYTES_MAX + 1]);
    assert_eq!(long.unwrap_err(), CertificateError::TooLong);
    let der = SM2.certificate().der();
    for end in 0..der.len() {
        assert!(Certificate::from_der(&der[..end]).is_err());
    }
    assert!(Certificate::from_der(&[der, &[0]].concat()).is_err());
}

/// Every bit of a certificate turned over, and every byte set to 0 or 1: none of them passes for
/// issued by the same key.
#[test]
fn a_changed_certificate_is_not_one_that_was_issued() {
    let good = SM2.certificate().der();
    for at in 0..good.len() {
        let flipped = (0..8).map(|bit| good[at] ^ (1 << bit));
        for byte in flipped.chain([0, 1]).filter(|byte| *byte != good[at]) {
            let mut der = good.to_vec();
            der[at] = byte;
            if let Ok(certificate) = Certificate::from_der(&der) {
                let passes = certificate.is_issued_by(SM2.certificate());
                assert!(!passes, "byte {at} of {}: {} -> {byte}", good.len(), good[at]);
            }
        }
    }
}

/// Writes what OpenSSL needs to check the signature of a signed message.
fn lay_out(folder: &Path, key: &SigningKey, spelling: Spelling) {
    let xml = sign(INVENTORY.as_bytes(), key, spelling).unwrap();
    let message = canonicalize(&xml, Part::Element(DS, "SignedInfo")).unwrap();
    std::fs::write(folder.join("message"), message).unwrap();
    let text = String::from_utf8(xml).unwrap();
    let start = text.find("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let end = text.find("</ds:SignatureValue>").unwrap();
    let mut value = STANDARD.decode(&text[start..end]).unwrap();
    if key.algorithm() == KeyAlgorithm::Sm2 {
        value = sm2::dsa::Signature::from_slice(&value).unwrap().to_der().as_bytes().to_vec();
    }
    std::fs::write(folder.join("value"), value).unwrap();
    std::fs::write(folder.join("cert.pem"), key.to_pem().unwrap().certificate).unwrap();
    let public = run(folder, "openssl", &["x509", "-in", "cert.pem", "-pubkey", "-noout"]).unwrap();
    std::fs::write(folder.join("public.pem"), public).unwrap();
}

fn openssl_has_sm2() -> bool {
    if !has("openssl", "version") {
        return false;
    }
    let listed = run(Path::new("."), "openssl", &["list", "-public-key-algorithms"]);
    let known = listed.is_ok_and(|text| String::from_utf8_lossy(&text).contains("SM2"));
    if !known {
        println!("skipped: this openssl does not know SM2");
    }
    known
}

#[test]
fn openssl_verifies_our_signatures() {
    if !openssl_has_sm2() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    lay_out(folder.path(), &SM2, Spelling::Sm2National);
    let check = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "public.pem",
        "-in",
        "message",
        "-sigfile",
        "value",
        "-rawin",
        "-digest",
        "sm3",
        "-pkeyopt",
        USER_ID,
    ];
    run(folder.path(), "openssl", &check).unwrap();
    for (spelling, digest) in [(Spelling::RsaSha1, "-sha1"), (Spelling::RsaSha256, "-sha256")] {
        lay_out(folder.path(), &RSA_2048, spelling);
        let check = ["dgst", digest, "-verify", "public.pem", "-signature", "value", "message"];
        run(folder.path(), "openssl", &check).unwrap();
    }
}

#[test]
fn openssl_verifies_our_certificates() {
    if !openssl_has_sm2() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ask = CertificateRequest { authority: true, ..request("CA", "01") };
    for kind in [KeyKind::Sm2, KeyKind::Rsa2048] {
        let ca = SigningKey::generate(kind, &ask, &mut rng(30)).unwrap();
        let firm = ca.issue(KeyKind::Sm2, &request("firm", "02aa"), &mut rng(31)).unwrap();
        std::fs::write(folder.join("ca.pem"), ca.to_pem().unwrap().certificate).unwrap();
        std::fs::write(folder.join("firm.pem"), firm.to_pem().unwrap().certificate).unwrap();
        // The user id is heeded for the certificate named last only.
        let common = ["verify", "-attime", "1767225600", "-CAfile", "ca.pem"];
        let verify = |more: &[&str]| run(folder, "openssl", &[&common, more].concat()).unwrap();
        let user_id: &[&str] = if kind == KeyKind::Sm2 { &["-vfyopt", USER_ID] } else { &[] };
        verify(&[user_id, &["firm.pem"]].concat());
        if kind == KeyKind::Rsa2048 {
            verify(&["-check_ss_sig", "ca.pem"]);
        }
    }
    let shown = run(folder, "openssl", &["x509", "-in", "firm.pem", "-noout", "-serial"]).unwrap();
    assert_eq!(String::from_utf8_lossy(&shown).trim(), "serial=02AA");
}

#[test]
fn keys_made_by_openssl_work_here() {
    if !openssl_has_sm2() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (genpkey, req, spelling) in [
        (
            vec!["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"],
            vec!["-sm3", "-sigopt", USER_ID],
            Spelling::Sm2Field,
        ),
        (
            vec!["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
            vec!["-sha1"],
            Spelling::RsaSha1,
        ),
    ] {
        let arguments = [vec!["genpkey", "-out", "key.pem"], genpkey].concat();
        run(folder, "openssl", &arguments).unwrap();
        let common = vec![
            "req",
            "-x509",
            "-new",
            "-key",
            "key.pem",
            "-out",
            "cert.pem",
            "-days",
            "30",
            "-utf8",
            "-subj",
            "/C=CN/O=日照测试/CN=甲,乙",
        ];
        run(folder, "openssl", &[common, req].concat()).unwrap();
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let key = SigningKey::from_pem(&read("key.pem"), &read("cert.pem")).unwrap();
        assert_eq!(key.certificate().subject, "CN=甲\\,乙,O=日照测试,C=CN");
        assert!(key.certificate().is_issued_by(key.certificate()));
        let signed = sign(INVENTORY.as_bytes(), &key, spelling).unwrap();
        assert!(verify(&signed).is_good());
        assert_eq!(verify(&signed).findings, []);
    }
}
