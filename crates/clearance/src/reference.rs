//! What everybody in clearance asks: law, tariff, code lists, remedies, parties.

use std::sync::Arc;

use kernel::Date;
use register::codes::Codes;
use register::party::LiveDirectory;
use register::remedies::Remedies;
use register::rules::{NoRule, Rules};
use register::tariff::Tariff;

use crate::law::{DayLaw, DayLaws};
use crate::receipt::{Advice, advice};

/// Reference data of the running platform. One, shared by intake, flows and routes.
#[derive(Debug)]
pub struct Reference {
    /// Law by date.
    pub rules: Rules,
    /// The tariff.
    pub tariff: Tariff,
    /// Code lists.
    pub codes: Codes,
    /// What to do about the codes of receipts.
    pub remedies: Remedies,
    /// Parties, certificates, delegations; kept in step by whoever owns it.
    pub directory: Arc<LiveDirectory>,
    laws: DayLaws,
}

impl Reference {
    /// Puts the parts together.
    pub fn new(
        rules: Rules,
        tariff: Tariff,
        codes: Codes,
        remedies: Remedies,
        directory: Arc<LiveDirectory>,
    ) -> Reference {
        Reference { rules, tariff, codes, remedies, directory, laws: DayLaws::default() }
    }

    /// What is compiled in, with a directory that may be shared with others.
    pub fn builtin(directory: Arc<LiveDirectory>) -> Reference {
        let (rules, tariff) = (Rules::builtin(), Tariff::builtin());
        Reference::new(rules, tariff, Codes::builtin(), Remedies::builtin(), directory)
    }

    /// What clearance needs of the law of a day.
    ///
    /// # Errors
    /// [`NoRule`] when the law of that day is not known.
    pub fn law(&self, on: Date) -> Result<Arc<DayLaw>, NoRule> {
        self.laws.on(&self.rules, on)
    }

    /// What a receipt of the type with this number means, and what to do about it.
    pub(crate) fn advice(&self, kind: i64, status: Option<i64>, text: &str) -> Advice {
        advice(&self.remedies, &self.codes, kind, status, text)
    }
}
