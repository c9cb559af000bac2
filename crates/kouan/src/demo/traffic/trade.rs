//! Who trades with whom: the firms of a zone, put together so that every delegation holds.

use kernel::Date;
use register::party::{Act, PartyDraft, Role, Zone};

use super::chance::Chance;

/// A firm as documents name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Firm {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) dxp_id: String,
    guarantor: bool,
}

/// A bonded warehouse and its account book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Warehouse {
    pub(super) firm: Firm,
    pub(super) ems_no: String,
}

/// The firms that take part in one parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) platform: Firm,
    pub(super) seller: Firm,
    pub(super) payment: Firm,
    pub(super) carrier: Firm,
    pub(super) declarant: Firm,
    pub(super) warehouse: Warehouse,
    pub(super) site: Firm,
    pub(super) guarantor: Firm,
    /// `1210` or `9610`.
    pub(super) mode: &'static str,
    /// Customs district of the declaration.
    pub(super) district: String,
}

/// Bonded mode 网购保税.
pub(super) const BONDED: &str = "1210";
/// Direct mail 直购进口.
pub(super) const DIRECT: &str = "9610";

/// The firms of a zone by role.
#[derive(Clone, Debug)]
pub(super) struct Trade {
    platforms: Vec<Firm>,
    sellers: Vec<Seller>,
    payments: Vec<Firm>,
    carriers: Vec<Firm>,
    warehouses: Vec<Warehouse>,
    sites: Vec<Firm>,
    brokers: Vec<Firm>,
    district: String,
}

#[derive(Clone, Debug)]
struct Seller {
    firm: Firm,
    /// Who may declare for it, by mode.
    bonded: Vec<Firm>,
    direct: Vec<Firm>,
}

/// A zone that cannot trade.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the zone has no {0}, so no parcel can be sent through it")]
pub struct Incomplete(&'static str);

impl Trade {
    /// The trade of a zone on a day.
    ///
    /// # Errors
    /// When a role is not filled, or no seller has a declarant.
    pub(super) fn of(zone: &Zone, on: Date) -> Result<Trade, Incomplete> {
        let district = zone.about.home_district.clone();
        let firms = |role: Role| -> Vec<Firm> {
            zone.parties.iter().filter(|p| p.roles.has(role)).filter_map(firm).collect()
        };
        let warehouses: Vec<Warehouse> = zone
            .account_books
            .iter()
            .filter(|book| book.district == district)
            .filter_map(|book| {
                let holder = zone.parties.iter().find(|party| has_code(party, &book.firm))?;
                Some(Warehouse { firm: firm(holder)?, ems_no: book.ems_no.clone() })
            })
            .collect();
        let sellers: Vec<Seller> = firms(Role::Ecommerce)
            .into_iter()
            .map(|seller| Seller {
                bonded: declarants(zone, &seller, BONDED, on),
                direct: declarants(zone, &seller, DIRECT, on),
                firm: seller,
            })
            .collect();
        let trade = Trade {
            platforms: firms(Role::Platform),
            sellers,
            payments: firms(Role::Payment),
            carriers: firms(Role::Logistics),
            warehouses,
            sites: firms(Role::Site),
            brokers: firms(Role::Broker),
            district,
        };
        trade.check()?;
        Ok(trade)
    }

    fn check(&self) -> Result<(), Incomplete> {
        for (filled, what) in [
            (!self.platforms.is_empty(), "platform"),
            (!self.sellers.is_empty(), "seller"),
            (!self.payments.is_empty(), "payment firm"),
            (!self.carriers.is_empty(), "carrier"),
            (!self.warehouses.is_empty(), "account book in its home district"),
            (!self.sites.is_empty(), "supervised place"),
            (!self.brokers.is_empty(), "broker"),
            (self.guarantors().next().is_some(), "guarantor among platforms, sellers, carriers"),
        ] {
            if !filled {
                return Err(Incomplete(what));
            }
        }
        Ok(())
    }

    fn guarantors(&self) -> impl Iterator<Item = &Firm> {
        let sellers = self.sellers.iter().map(|seller| &seller.firm);
        let all = self.platforms.iter().chain(sellers).chain(&self.carriers);
        all.filter(|firm| firm.guarantor)
    }

    /// Firms for one lot of parcels. The guarantor is one of platform, seller and carrier, as the
    /// law wants it.
    pub(super) fn route(&self, mode: &'static str, chance: &mut Chance) -> Option<Route> {
        let seller = chance.pick(&self.sellers)?;
        let declarants = if mode == BONDED { &seller.bonded } else { &seller.direct };
        let platform = chance.pick(&self.platforms)?;
        let mut carrier = chance.pick(&self.carriers)?;
        if ![platform, &seller.firm, carrier].iter().any(|firm| firm.guarantor) {
            let standing: Vec<&Firm> = self.carriers.iter().filter(|c| c.guarantor).collect();
            carrier = chance.pick(&standing).copied().unwrap_or(carrier);
        }
        let guarantor = [platform, &seller.firm, carrier]
            .into_iter()
            .find(|firm| firm.guarantor)
            .unwrap_or(platform);
        Some(Route {
            platform: platform.clone(),
            seller: seller.firm.clone(),
            payment: chance.pick(&self.payments)?.clone(),
            carrier: carrier.clone(),
            declarant: chance.pick(declarants)?.clone(),
            warehouse: chance.pick(&self.warehouses)?.clone(),
            site: chance.pick(&self.sites)?.clone(),
            guarantor: guarantor.clone(),
            mode,
            district: self.district.clone(),
        })
    }

    /// A broker that may not declare for this route's seller; `None` when all may.
    pub(super) fn stranger(&self, route: &Route) -> Option<Firm> {
        let seller = self.sellers.iter().find(|seller| seller.firm == route.seller)?;
        self.brokers
            .iter()
            .find(|broker| !seller.bonded.contains(broker) && !seller.direct.contains(broker))
            .cloned()
    }

    /// Every firm that signs something.
    pub(super) fn signers(&self) -> Vec<Firm> {
        let mut all: Vec<Firm> = self.platforms.clone();
        for seller in &self.sellers {
            all.push(seller.firm.clone());
            all.extend(seller.bonded.iter().chain(&seller.direct).cloned());
        }
        all.extend(self.payments.iter().chain(&self.carriers).chain(&self.sites).cloned());
        all.extend(self.brokers.iter().cloned());
        all.sort_by(|a, b| a.code.cmp(&b.code));
        all.dedup();
        all
    }
}

impl Firm {
    /// A firm that no zone knows: its code has the right form, and nobody was given it.
    pub(super) fn unknown() -> Firm {
        let body = "91370303XAK999999";
        let code = match kernel::identifier::social_credit_code(&format!("{body}0")) {
            kernel::identifier::Verdict::WrongCheck(check) => format!("{body}{check}"),
            _ => format!("{body}0"),
        };
        Firm {
            code,
            name: "未登记示例贸易有限公司".to_owned(),
            dxp_id: "DXPENT9999999999".to_owned(),
            guarantor: false,
        }
    }
}

fn has_code(party: &PartyDraft, code: &str) -> bool {
    [&party.social_credit_code, &party.customs_code]
        .into_iter()
        .any(|own| own.as_deref() == Some(code))
}

fn firm(party: &PartyDraft) -> Option<Firm> {
    Some(Firm {
        code: party.social_credit_code.clone().or_else(|| party.customs_code.clone())?,
        name: party.name_zh.clone(),
        dxp_id: party.dxp_id.clone()?,
        guarantor: party.roles.has(Role::Guarantor),
    })
}

/// Those who may declare for a seller: itself, and the brokers it gave leave to for the mode.
fn declarants(zone: &Zone, seller: &Firm, mode: &str, on: Date) -> Vec<Firm> {
    let principal = zone.parties.iter().find(|party| has_code(party, &seller.code));
    let mut all = vec![seller.clone()];
    for delegation in &zone.delegations {
        let ours = principal.is_some_and(|party| has_code(party, &delegation.from));
        let modes = delegation.modes.is_empty() || delegation.modes.iter().any(|m| m == mode);
        let districts = delegation.districts.is_empty()
            || delegation.districts.contains(&zone.about.home_district);
        let days =
            delegation.valid_from <= on && delegation.valid_until.is_none_or(|until| on <= until);
        let acts = delegation.acts.has(Act::Inventory) && delegation.acts.has(Act::Cancel);
        if ours && modes && districts && days && acts {
            let agent = zone.parties.iter().find(|party| has_code(party, &delegation.to));
            all.extend(agent.filter(|party| party.roles.has(Role::Broker)).and_then(firm));
        }
    }
    all
}
