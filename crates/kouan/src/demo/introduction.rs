//! What firms do before they may send: register a certificate and get a key to the door.

use std::collections::BTreeMap;

use db::{Ctx, Db};
use register::party::{Purpose, flow};
use web::Role;
use web::keys::{self, NewKey};

use super::traffic::Day;
use crate::Failure;

/// Registers the certificates of the day's firms and gives each firm a key to the HTTP door; the
/// keys by firm code. A directory in memory is to be refreshed after this.
///
/// # Errors
/// When the database fails or refuses a certificate.
pub(crate) fn introduce(
    db: &Db,
    ctx: &Ctx,
    day: &Day,
) -> Result<BTreeMap<String, String>, Failure> {
    let certificates = day.certificates();
    let keys = db.write(|tx| {
        let mut given = BTreeMap::new();
        for (code, certificate) in &certificates {
            let found = flow::find(tx, code);
            if found.is_ok() {
                let der = certificate.der();
                flow::register_certificate(tx, ctx, code, der, Purpose::Messages)?;
            }
            let party = found.is_ok().then(|| (*code).to_owned());
            let new = NewKey::of_role(Role::Firm, format!("{} {code}", ctx.actor), party);
            let created = keys::create(tx, ctx, &new)?;
            given.insert((*code).to_owned(), created.secret.reveal().to_owned());
        }
        Ok::<_, web::ApiError>(given)
    })?;
    Ok(keys)
}
