//! Addresses: which are taken without encryption, and which are not.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Distance {
    Loopback,
    /// A private network, or a name that only such a network can resolve.
    Private,
    Public,
}

/// `https`, or `http` to this machine; with `files`, also `file`. Without a slash at the end.
pub(super) fn checked(text: &str, files: bool) -> Result<String, String> {
    let url = parse(text)?;
    let near = distance(&url) == Distance::Loopback;
    match url.scheme() {
        "https" => {}
        "http" if near => {}
        "http" => {
            return Err(format!(
                "`{text}` is not encrypted: plain http is accepted for this machine only, \
                 so write https"
            ));
        }
        "file" if files && url.host().is_none() => {}
        other => return Err(format!("`{text}` has the scheme `{other}`: expected https")),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The address of an Ollama: the forms of `OLLAMA_HOST` are taken, with or without a scheme.
///
/// Ollama itself speaks no TLS, so plain http to a private network is taken, with a warning.
pub(super) fn ollama(text: &str) -> Result<(String, Option<String>), String> {
    let text = text.trim().trim_end_matches('/');
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let default_port = match (scheme, text.contains("://")) {
        ("https", _) => 443,
        ("http", true) => 80,
        ("http", false) => 11434,
        _ => return Err(format!("`{text}` has the scheme `{scheme}`: expected http or https")),
    };
    let rest = if rest.starts_with(':') { format!("127.0.0.1{rest}") } else { rest.to_owned() };
    let mut url = parse(&format!("{scheme}://{rest}"))?;
    // The server listens on this address; a client cannot call it.
    if url.host() == Some(Host::Ipv4(Ipv4Addr::UNSPECIFIED)) {
        url.set_ip_host(Ipv4Addr::LOCALHOST.into()).map_err(|()| format!("`{text}` is no host"))?;
    }
    if url.port().is_none() && !written_port(&rest) {
        url.set_port(Some(default_port)).map_err(|()| format!("`{text}` takes no port"))?;
    }
    let host = url.as_str().trim_end_matches('/').to_owned();
    let warning = match (url.scheme(), distance(&url)) {
        ("https", _) | (_, Distance::Loopback) => None,
        // As a worker in a container calls its machine, and the container beside it.
        _ if matches!(
            url.host_str(),
            Some("host.docker.internal" | "ollama.codingworker.internal")
        ) =>
        {
            None
        }
        (_, Distance::Private) => Some(format!(
            "ollama.host is {host}: prompts and code travel unencrypted over your network"
        )),
        (_, Distance::Public) => {
            return Err(format!(
                "`{text}` is not encrypted and not on a private network: put TLS before Ollama \
                 and write https, or use a tunnel"
            ));
        }
    };
    Ok((host, warning))
}

/// The name of a host, and nothing else: no scheme, port, path, pattern or number.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    let wrong = |why: &str| format!("`{text}` {why}: expected a host's name, such as `api.x.ai`");
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let label = |it: &str| {
        let plain = it.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        plain && (1..=63).contains(&it.len()) && !it.starts_with('-') && !it.ends_with('-')
    };
    match () {
        () if name.len() > 253 || !name.split('.').all(label) => Err(wrong("is no host's name")),
        // What looks like a number is one to whoever resolves it: `0x7f.1`.
        () if !matches!(Host::parse(&name), Ok(Host::Domain(_))) => Err(wrong("is an address")),
        () if name == "localhost" || name.ends_with(".localhost") => Err(wrong("is this machine")),
        () => Ok(name),
    }
}

fn written_port(rest: &str) -> bool {
    let authority = rest.split('/').next().unwrap_or(rest);
    authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        && !authority.ends_with(']')
}

fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address with a name or a password in it: leave them out".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{text}` has a query or a fragment: leave it out"));
    }
    Ok(url)
}

/// How far away a host is: a name, or the number of one.
pub(super) fn distance_of(host: &str) -> Distance {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    Url::parse(&format!("https://{host}")).map_or(Distance::Public, |url| distance(&url))
}

fn distance(url: &Url) -> Distance {
    let address = match url.host() {
        Some(Host::Ipv4(it)) => IpAddr::V4(it),
        Some(Host::Ipv6(it)) => it.to_ipv4_mapped().map_or(IpAddr::V6(it), IpAddr::V4),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let inside = [".local", ".lan", ".internal", ".home.arpa"];
            return match () {
                () if name == "localhost" || name.ends_with(".localhost") => Distance::Loopback,
                () if !name.contains('.') => Distance::Private,
                () if inside.iter().any(|it| name.ends_with(it)) => Distance::Private,
                () => Distance::Public,
            };
        }
        None => return Distance::Public,
    };
    match address {
        it if it.is_loopback() => Distance::Loopback,
        IpAddr::V4(it) if it.is_private() || it.is_link_local() || is_shared(it) => {
            Distance::Private
        }
        IpAddr::V6(it) if it.is_unique_local() || it.is_unicast_link_local() => Distance::Private,
        _ => Distance::Public,
    }
}

/// 100.64.0.0/10: what Tailscale and carriers use.
fn is_shared(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    a == 100 && (64..128).contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in
            ["https://x.example", "http://127.0.0.1:3", "http://localhost:3", "http://[::1]"]
        {
            assert_eq!(checked(good, false).as_deref(), Ok(good));
        }
        for bad in [
            "http://x.example",
            "http://10.0.0.1",
            "http://127.0.0.1.nip.io",
            "ftp://x.example",
            "x.example",
            "",
            "https://a:b@x.example",
            "file:///srv",
            "https://x.example?a=b",
        ] {
            assert!(checked(bad, false).is_err(), "{bad} was taken");
        }
        assert_eq!(checked("file:///srv/git/", true).as_deref(), Ok("file:///srv/git"));
        assert!(checked("file://host/srv", true).is_err());
    }

    #[test]
    fn a_host_is_a_name_without_scheme_port_or_pattern_and_never_this_machine() {
        for (given, name) in
            [("API.x.ai", "api.x.ai"), ("llm", "llm"), ("a-b.example.", "a-b.example")]
        {
            assert_eq!(host_name(given).as_deref(), Ok(name));
        }
        for bad in [
            "",
            ".",
            "a..b",
            "https://x.ai",
            "x.ai:443",
            "x.ai/v1",
            "*.x.ai",
            "-x.ai",
            "a b",
            "u@x.ai",
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "[::1]",
            "::1",
            "localhost",
            "a.localhost",
            "ä.de",
        ] {
            assert!(host_name(bad).is_err(), "{bad} was taken");
        }
        assert!(host_name(&"a".repeat(64)).is_err());
    }

    #[test]
    fn an_ollama_host_is_taken_in_all_its_forms() {
        for (given, expected) in [
            ("127.0.0.1", "http://127.0.0.1:11434"),
            ("127.0.0.1:9", "http://127.0.0.1:9"),
            (":9", "http://127.0.0.1:9"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("http://localhost:11434/", "http://localhost:11434"),
            ("https://x.example", "https://x.example"),
            ("[::1]", "http://[::1]:11434"),
        ] {
            assert_eq!(ollama(given).unwrap(), (expected.to_owned(), None), "{given}");
        }
    }

    #[test]
    fn an_ollama_on_a_private_network_is_warned_of_and_a_public_one_refused() {
        for private in ["192.168.1.5", "ollama", "box.local:11434", "100.64.0.9", "[fd00::1]"] {
            assert!(ollama(private).unwrap().1.is_some(), "{private}");
        }
        for public in ["http://ollama.example", "8.8.8.8", "ftp://x"] {
            assert!(ollama(public).is_err(), "{public}");
        }
    }
}
