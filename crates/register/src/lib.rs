//! Parties, code lists, tariff, law by date. Read by all.

pub mod party;

mod builtin;
pub mod codes;
pub mod remedies;
pub mod rules;
mod source;
mod table;
pub mod tariff;

pub use source::Source;

/// What this room brings to the door: tables and routes.
pub fn module() -> web::Module {
    web::Module {
        name: "register",
        about: ("企业、证书与委托", "parties, certificates and delegations"),
        migrations: party::MIGRATIONS,
        routes: party::routes::routes,
        checks: &[],
    }
}
