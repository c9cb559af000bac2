//! What the tests share: keys made once, the official files, the outside tools.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use ceb::keys::{CertificateRequest, KeyKind, SigningKey};
use kernel::Time;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A chance that is the same every time.
pub(crate) fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A certificate in force in the years 2024 to 2033.
pub(crate) fn request(name: &str, serial: &str) -> CertificateRequest {
    CertificateRequest {
        subject: format!("CN={name},O=淄博测试电商有限公司,C=CN"),
        serial: serial.to_owned(),
        not_before: Time::parse_compact("20240101080000").unwrap(),
        not_after: Time::parse_compact("20331231080000").unwrap(),
        authority: false,
    }
}

pub(crate) static SM2: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(KeyKind::Sm2, &request("sm2", "03000000000cde6f"), &mut rng(1)).unwrap()
});

pub(crate) static SM2_OTHER: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(KeyKind::Sm2, &request("other", "03000000000cde70"), &mut rng(2)).unwrap()
});

pub(crate) static RSA_2048: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(KeyKind::Rsa2048, &request("rsa", "0178b6b7"), &mut rng(3)).unwrap()
});

pub(crate) static RSA_1024: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::generate(KeyKind::Rsa1024, &request("card", "0178b6b8"), &mut rng(4)).unwrap()
});

/// The folder with the official schemas and samples: `KOUAN_CEB_DIR`, else `shared/ceb` beside the
/// checkout. `None`, said aloud, when it is not there.
pub(crate) fn official() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let dir = std::env::var_os("KOUAN_CEB_DIR")
        .map_or_else(|| workspace.join("../shared/ceb"), PathBuf::from);
    if dir.is_dir() {
        return Some(dir);
    }
    println!("skipped: the official files are not at {} (KOUAN_CEB_DIR)", dir.display());
    None
}

/// All official sample messages.
pub(crate) fn official_samples() -> Vec<PathBuf> {
    let Some(dir) = official() else { return Vec::new() };
    let mut files = Vec::new();
    let mut folders = vec![dir];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Whether a program can be started; says so when not.
pub(crate) fn has(program: &str, argument: &str) -> bool {
    let found = Command::new(program).arg(argument).output().is_ok();
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}

/// Runs a program in a folder; its standard output, or what it said when it failed.
pub(crate) fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&said)))
}

/// A small import inventory message, compact, without Signature.
pub(crate) const INVENTORY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
<ceb:CEB621Message xmlns:ceb=\"http://www.chinaport.gov.cn/ceb\" \
xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
guid=\"4CDE1CFD-EDED-46B1-946C-B8022E42FC94\" version=\"1.0\">\
<ceb:Inventory><ceb:InventoryHead><ceb:orderNo>A&amp;B-1</ceb:orderNo>\
<ceb:ebcName>淄博测试电商有限公司</ceb:ebcName><ceb:note/></ceb:InventoryHead></ceb:Inventory>\
<ceb:BaseTransfer><ceb:copCode>3703960001</ceb:copCode></ceb:BaseTransfer>\
<ceb:ExtendMessage><ceb:name>x</ceb:name><ceb:version>1</ceb:version>\
<ceb:Message><any>thing</any></ceb:Message></ceb:ExtendMessage></ceb:CEB621Message>\n";

/// The same as an export inventory.
pub(crate) fn export_inventory() -> String {
    INVENTORY.replace("CEB621", "CEB603")
}
