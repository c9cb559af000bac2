//! Where a webhook may point: not into our own network. A firm that could make the platform send
//! requests to any address would reach what is meant to be closed to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::Uri;
use kernel::{Finding, Text};

/// Which addresses webhooks may point at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TargetPolicy {
    /// Whether private and local addresses are good targets: for a laptop or a closed network.
    pub allow_private: bool,
}

const URL_CHARS_MAX: usize = 2_000;

/// Why an address is not a good target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// Not an absolute URL, too long, or with a user name in it.
    Malformed,
    /// Neither http nor https.
    Scheme,
    /// A private or local address.
    Private,
}

impl UrlFault {
    /// The finding to show.
    pub fn finding(self, url: &str) -> Finding {
        let (code, text, remedy) = match self {
            UrlFault::Malformed => (
                "webhook.url",
                Text::new("推送地址不是有效的网址", "this is not a usable URL"),
                Text::new("请填写完整网址,不含用户名", "give a whole URL without a user name"),
            ),
            UrlFault::Scheme => (
                "webhook.scheme",
                Text::new("推送地址须为 http 或 https", "the URL is neither http nor https"),
                Text::new("请改用 https", "use https"),
            ),
            UrlFault::Private => (
                "webhook.private",
                Text::new("推送地址指向内部网络", "the URL points into a private network"),
                Text::new(
                    "请填写公网地址;没有公网地址可改用通知领取接口",
                    "give a public address, or pull notices instead",
                ),
            ),
        };
        Finding::error(code, text, remedy).at("url").found(url, "https://…")
    }
}

impl TargetPolicy {
    /// Judges a URL by its text. Names are judged again when resolved, by [`Self::allows_ip`].
    pub fn check(self, url: &str) -> Result<(), UrlFault> {
        if url.len() > URL_CHARS_MAX {
            return Err(UrlFault::Malformed);
        }
        let uri: Uri = url.parse().map_err(|_| UrlFault::Malformed)?;
        let authority = uri.authority().ok_or(UrlFault::Malformed)?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(UrlFault::Malformed);
        }
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(UrlFault::Scheme);
        }
        if self.allows_host(authority.host())? { Ok(()) } else { Err(UrlFault::Private) }
    }

    fn allows_host(self, host: &str) -> Result<bool, UrlFault> {
        if let Some(v6) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return v6
                .parse()
                .map(|ip| self.allows_ip(IpAddr::V6(ip)))
                .map_err(|_| UrlFault::Malformed);
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        // What ends in a number is read as an IPv4 address by resolvers, also `127.1` and
        // `0x7f000001`; only the plain form is taken.
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            let ip: Ipv4Addr = name.parse().map_err(|_| UrlFault::Malformed)?;
            return Ok(self.allows_ip(IpAddr::V4(ip)));
        }
        let local = !name.contains('.') || matches!(last, "localhost" | "local" | "internal");
        Ok(self.allow_private || !local)
    }

    /// Judges a resolved address. The sender must call this on the address it connects to, or a
    /// name could be pointed elsewhere after it was checked.
    pub fn allows_ip(self, ip: IpAddr) -> bool {
        self.allow_private || is_public(ip)
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Not one of the special-purpose ranges of RFC 6890.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let words = ip.segments();
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match words {
        // Addresses that wrap an IPv4 one: mapped, compatible (also :: and ::1), NAT64, 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => v4(high, low),
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0xdb8, ..] | [0x2001, 0, ..] => false,
        // Only global unicast, 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), UrlFault> {
        TargetPolicy::default().check(url)
    }

    #[test]
    fn public_addresses_are_good() {
        for url in [
            "https://erp.example.com/hook",
            "http://8.8.8.8:8080/a?b=c",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn no_spelling_of_a_private_address_gets_through() {
        for url in [
            "http://127.0.0.1/",
            "http://localhost:5432/",
            "http://LOCALHOST./",
            "http://db/",
            "http://metadata.internal/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0.0.0.0/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
        ] {
            assert_eq!(check(url), Err(UrlFault::Private), "{url}");
            assert_eq!(TargetPolicy { allow_private: true }.check(url), Ok(()), "{url}");
        }
        for url in
            ["http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://017.0.0.1/"]
        {
            assert!(check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_whole_http_urls_are_taken() {
        assert_eq!(check("ftp://example.com/"), Err(UrlFault::Scheme));
        assert_eq!(check("file:///etc/passwd"), Err(UrlFault::Malformed));
        assert_eq!(check("/hook"), Err(UrlFault::Malformed));
        assert_eq!(check("https://user:pass@example.com/"), Err(UrlFault::Malformed));
        assert_eq!(
            check(&format!("https://example.com/{}", "a".repeat(2_000))),
            Err(UrlFault::Malformed)
        );
    }
}
