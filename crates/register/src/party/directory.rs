//! All parties, certificates and delegations in memory, for the path of every message.
//!
//! Never changed once built; a new one takes its place when the register changes (see
//! [`super::live::LiveDirectory`]). Look-ups allocate nothing unless they end in a finding.

use std::borrow::Cow;
use std::collections::HashMap;

use kernel::{Date, Finding, Time};

use super::rules::{self, Deed};
use super::types::*;

/// A snapshot of the register of parties.
#[derive(Debug, Default)]
pub struct Directory {
    version: i64,
    parties: Vec<Party>,
    certificates: Vec<Certificate>,
    delegations: Vec<Delegation>,
    by_id: HashMap<PartyId, usize>,
    by_code: HashMap<Box<str>, usize>,
    by_dxp_id: HashMap<Box<str>, usize>,
    by_fingerprint: HashMap<Box<str>, usize>,
    by_serial: HashMap<Box<str>, Vec<usize>>,
    between: HashMap<(PartyId, PartyId), Vec<usize>>,
}

impl Directory {
    /// Builds the snapshot. `version` is the register's change number at which it was read.
    pub fn new(
        version: i64,
        parties: Vec<Party>,
        certificates: Vec<Certificate>,
        delegations: Vec<Delegation>,
    ) -> Directory {
        let mut directory = Directory { version, ..Directory::default() };
        for (i, party) in parties.iter().enumerate() {
            directory.by_id.insert(party.id, i);
            for code in [&party.social_credit_code, &party.customs_code].into_iter().flatten() {
                directory.by_code.insert(code.clone(), i);
            }
            if let Some(dxp_id) = &party.dxp_id {
                directory.by_dxp_id.insert(dxp_id.clone(), i);
            }
        }
        for (i, certificate) in certificates.iter().enumerate() {
            directory.by_fingerprint.insert(certificate.fingerprint.clone(), i);
            let serial = certificate.serial.trim_start_matches('0').into();
            directory.by_serial.entry(serial).or_default().push(i);
        }
        for (i, delegation) in delegations.iter().enumerate() {
            directory.between.entry((delegation.from, delegation.to)).or_default().push(i);
        }
        Directory { parties, certificates, delegations, ..directory }
    }

    /// The register's change number at which this was read.
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Every party, in order of registration.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// A party by our id.
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.by_id.get(&id).map(|i| &self.parties[*i])
    }

    /// A party by either of its codes.
    pub fn by_code(&self, code: &str) -> Option<&Party> {
        self.by_code.get(code).map(|i| &self.parties[*i])
    }

    /// A party by its transport address.
    pub fn by_dxp_id(&self, dxp_id: &str) -> Option<&Party> {
        self.by_dxp_id.get(dxp_id).map(|i| &self.parties[*i])
    }

    /// A certificate by its fingerprint (SM3 of the DER bytes, lower-case hex).
    pub fn by_fingerprint(&self, fingerprint: &str) -> Option<&Certificate> {
        self.by_fingerprint.get(fingerprint).map(|i| &self.certificates[*i])
    }

    /// A certificate by fingerprint or by serial number (hex, either case, leading zeros aside), as
    /// `ds:KeyName` carries it. Two issuers may give the same serial number: then the one of `party` is preferred.
    pub fn by_certificate(&self, presented: &str, party: Option<PartyId>) -> Option<&Certificate> {
        let hex = if presented.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(presented.to_ascii_lowercase())
        } else {
            Cow::Borrowed(presented)
        };
        if let Some(certificate) = self.by_fingerprint(&hex) {
            return Some(certificate);
        }
        let same_serial = self.by_serial.get(hex.trim_start_matches('0'))?;
        let of_party = |i: &&usize| Some(self.certificates[**i].party) == party;
        let i = same_serial.iter().find(of_party).or(same_serial.first())?;
        Some(&self.certificates[*i])
    }

    /// The certificates of a party.
    pub fn certificates_of(&self, party: PartyId) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter().filter(move |certificate| certificate.party == party)
    }

    /// The delegations from a principal to an agent, valid or not.
    pub fn delegations(
        &self,
        principal: PartyId,
        agent: PartyId,
    ) -> impl Iterator<Item = &Delegation> {
        let found = self.between.get(&(principal, agent));
        found.into_iter().flatten().map(|i| &self.delegations[*i])
    }

    /// The firm a document names: registered, active on the day, and with one of the roles.
    ///
    /// # Errors
    /// `party.unknown`, `party.suspended`, `party.closed`, `party.role_missing`; no path set.
    pub fn firm(&self, code: &str, roles: Roles, on: Date) -> Result<&Party, Finding> {
        rules::firm(self.by_code(code), code, roles, on)
    }

    /// Whether the firm with code `agent` may do the deed in the name of the firm with code
    /// `principal`. A firm may always act for itself if it has a responsible role.
    ///
    /// # Errors
    /// The first thing in the way: the agent unknown or not active, the principal unknown or not
    /// active, a role missing, no delegation, or what is wrong with the nearest delegation.
    pub fn may_act_for(
        &self,
        agent: &str,
        principal: &str,
        deed: &Deed<'_>,
    ) -> Result<(), Finding> {
        let every = Roles::from_bits(i64::MAX);
        let agent = self.firm(agent, every, deed.on)?;
        let principal = self.firm(principal, every, deed.on)?;
        rules::may_act(agent, principal, self.delegations(principal.id, agent.id), deed)
    }

    /// Whether `agent` may do the deed for at least one of `principals` (an order is the platform's
    /// or the e-commerce firm's to send).
    ///
    /// # Errors
    /// What is in the way with the first of them; `party.unknown` when there are none.
    pub fn may_act_for_any(
        &self,
        agent: &str,
        principals: &[&str],
        deed: &Deed<'_>,
    ) -> Result<(), Finding> {
        let mut first = None;
        for principal in principals {
            match self.may_act_for(agent, principal, deed) {
                Ok(()) => return Ok(()),
                Err(finding) => first = first.or(Some(finding)),
            }
        }
        Err(first.unwrap_or_else(|| rules::unknown("")))
    }

    /// Whether the presented certificate (fingerprint or serial number) may sign messages of
    /// `party` at an instant.
    ///
    /// # Errors
    /// `certificate.unknown`, `.other_party`, `.purpose`, `.revoked`, `.not_yet`, `.expired`.
    pub fn signer(
        &self,
        presented: &str,
        party: &Party,
        purpose: Purpose,
        at: Time,
    ) -> Result<&Certificate, Finding> {
        let certificate = self.by_certificate(presented, Some(party.id));
        rules::signer(certificate, presented, party, purpose, at)
    }
}
