//! The certificate check finds what customs would.

use std::sync::{Arc, LazyLock};

use ceb::certificate::Certificate;
use ceb::keys::{KeyKind, SigningKey};
use kernel::Time;
use originals::{CertificateCheck, Sign, SoftKey, check_certificate};
use register::rules::Rules;

use super::fixture::{PLATFORM, RSA, SM2, key};

static LAW: LazyLock<Rules> = LazyLock::new(Rules::builtin);

fn codes(sign: &dyn Sign, cert_no: &str, day: &str) -> Vec<(&'static str, bool)> {
    let now = Time::parse_compact(&format!("{day}100000")).unwrap();
    let law = LAW.on(now.date());
    let found = check_certificate(&CertificateCheck { sign, party: PLATFORM, cert_no, now, law });
    for finding in &found {
        assert!(!finding.remedy.zh.is_empty() && !finding.remedy.en.is_empty());
    }
    found.iter().map(|finding| (finding.code, finding.is_error())).collect()
}

fn soft(key: &SigningKey) -> SoftKey {
    SoftKey(key.clone())
}

/// Signs with one key and shows the certificate of another.
struct Mixed(SigningKey, SigningKey);

impl Sign for Mixed {
    fn certificate(&self, _: &str) -> Option<Arc<Certificate>> {
        Some(Arc::clone(self.1.certificate()))
    }

    fn sign(&self, party: &str, bytes: &[u8]) -> Result<Vec<u8>, String> {
        SoftKey(self.0.clone()).sign(party, bytes)
    }
}

/// Has nothing, or cannot sign.
struct Broken(Option<Arc<Certificate>>);

impl Sign for Broken {
    fn certificate(&self, _: &str) -> Option<Arc<Certificate>> {
        self.0.clone()
    }

    fn sign(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        Err("the card was drawn".to_owned())
    }
}

#[test]
fn a_good_certificate_has_no_findings() {
    assert_eq!(codes(&soft(&SM2), "03000000000cde6f", "20261123"), []);
    assert_eq!(codes(&soft(&SM2), "03000000000CDE6F", "20261123"), [], "case does not matter");
}

#[test]
fn each_fault_is_found() {
    let serial = "03000000000cde6f";
    let error = |code| vec![(code, true)];
    assert_eq!(codes(&soft(&SM2), "0300", "20261123"), error("certificate.number"));
    assert_eq!(codes(&soft(&SM2), serial, "20251231"), error("certificate.expired"));
    assert_eq!(codes(&soft(&SM2), serial, "20290101"), error("certificate.expired"));
    let soon = vec![("certificate.expires_soon", false)];
    assert_eq!(codes(&soft(&SM2), serial, "20281215"), soon);
    assert_eq!(codes(&Broken(None), serial, "20261123"), error("certificate.missing"));
    let drawn = Broken(Some(Arc::clone(SM2.certificate())));
    assert_eq!(codes(&drawn, serial, "20261123"), error("certificate.cannot_sign"));
    let other = key(KeyKind::Rsa1024, "03", "20260101", "20281231");
    let mixed = Mixed(other, SM2.clone());
    assert_eq!(codes(&mixed, serial, "20261123"), error("certificate.pair"));
}

#[test]
fn old_cards_may_go_on_and_new_ones_must_be_national() {
    assert_eq!(codes(&soft(&RSA), "0100ab", "20220630"), [], "nothing was asked yet");
    let warned = vec![("certificate.old_algorithm", false)];
    assert_eq!(codes(&soft(&RSA), "0100ab", "20261123"), warned);
    let new = key(KeyKind::Rsa2048, "0a", "20230101", "20281231");
    assert_eq!(codes(&soft(&new), "0a", "20261123"), [("certificate.old_algorithm", true)]);
}
