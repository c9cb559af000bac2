//! The one HTTP client: TLS by rustls over aws-lc, no redirects, no proxy, a limit on everything,
//! and, where asked, no address inside a private network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ureq::config::Config;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error};

/// A call that got no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallFailure {
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The address may not be called, or is no address.
    #[error("{0}")]
    Address(String),
    /// The connection could not be made, broke, or was not trusted.
    #[error("{0}")]
    Connection(String),
}

/// Which addresses may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any: the operator configured the address.
    Anywhere,
    /// Public ones only: somebody else chose the address.
    PublicOnly,
}

/// Where Debian, Red Hat, Alpine and SUSE keep the certificates they trust.
const SYSTEM_BUNDLES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Builds an agent. Certificates are trusted as `authorities` (a PEM file) says, or as the system
/// does; with neither, only plain HTTP works.
///
/// # Errors
/// When the PEM file cannot be read or holds no certificate.
pub(crate) fn agent(
    reach: Reach,
    timeout_ms: u64,
    authorities: Option<&Path>,
) -> Result<Agent, String> {
    let roots = match authorities {
        Some(file) => roots(file)?,
        None => SYSTEM_BUNDLES
            .iter()
            .map(PathBuf::from)
            .find_map(|file| roots(&file).ok())
            .unwrap_or_default(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build();
    let config: Config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_millis(timeout_ms)))
        .user_agent("kouan")
        .tls_config(tls)
        .build();
    Ok(Agent::with_parts(config, DefaultConnector::default(), Guard::of(reach)))
}

fn roots(file: &Path) -> Result<Vec<ureq::tls::Certificate<'static>>, String> {
    let pem = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(format!("{}: holds no certificate", file.display()));
    }
    Ok(certificates)
}

/// What a failure of the library means to us.
pub(crate) fn failure(error: &Error) -> CallFailure {
    match error {
        Error::Timeout(_) => CallFailure::Timeout,
        Error::BadUri(_) | Error::RequireHttpsOnly(_) | Error::Http(_) => {
            CallFailure::Address("not an address that can be called".to_owned())
        }
        Error::Other(inner) if inner.is::<Private>() => CallFailure::Address(inner.to_string()),
        other => CallFailure::Connection(other.to_string()),
    }
}

/// Resolves names, and refuses them when an address is private. The connection is made to the
/// very addresses that were looked at, so a name cannot change its answer in between.
struct Guard {
    reach: Reach,
    resolver: DefaultResolver,
}

impl Guard {
    fn of(reach: Reach) -> Guard {
        Guard { reach, resolver: DefaultResolver::default() }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({:?})", self.reach)
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.resolver.resolve(uri, config, timeout)?;
        if self.reach == Reach::PublicOnly && found.iter().any(|to| !is_public(to.ip())) {
            return Err(Error::Other(Box::new(Private)));
        }
        Ok(found)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the address lies in a private network")]
struct Private;

/// Whether an address can belong to somebody on the open internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let reserved = a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !(reserved
        || v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation())
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, .., high, low] = v6.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    match (first, second) {
        // Translated and tunnelled IPv4 addresses are as public as what they carry.
        (0x64, 0xff9b) => embedded(high, low),
        (0x2002, _) => embedded(second, v6.segments()[2]),
        (0x2001, 0xdb8) => false,
        // Only 2000::/3 is given out.
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.2.7",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:c0a8:101::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
