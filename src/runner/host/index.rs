//! Where this machine fetches packages from: settings that its administrator made, for commands
//! that have the network. Nothing that holds a secret is among them, and nothing of the operator's
//! own home.

use std::io::Read;
use std::path::{Path, PathBuf};

/// What holds for everybody on the machine. (`/usr/etc/npmrc` is in every cage anyway.)
const FILES: [&str; 3] = ["/etc/pip.conf", "/etc/xdg/pip/pip.conf", "/etc/npmrc"];

/// Addresses of indexes and of proxies. Proxies are asked for by both spellings.
const NAMES: [&str; 14] = [
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "npm_config_registry",
    "NPM_CONFIG_REGISTRY",
    "GOPROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

/// The largest file of settings that is looked through.
const MOST: u64 = 64 << 10;

/// The settings in the operator's environment that a command may know.
pub(super) fn variables(env: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let found = NAMES.iter().filter_map(|name| Some(((*name).to_owned(), env(name)?)));
    let (open, secret): (Vec<_>, Vec<_>) = found.partition(|(_, value)| !holds_secret(value));
    for (name, _) in secret {
        tracing::warn!(name, "holds a user or a password, and is kept from preparations");
    }
    open
}

/// The settings on disk that a command may read.
pub(super) fn files() -> Vec<PathBuf> {
    FILES.iter().map(PathBuf::from).filter(|path| is_open(path)).collect()
}

fn is_open(path: &Path) -> bool {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|it| it.take(MOST).read_to_string(&mut text));
    read.is_ok_and(|read| (read as u64) < MOST) && !holds_secret(&text)
}

/// Whether there is a user in an address, or what npm calls its secrets.
fn holds_secret(text: &str) -> bool {
    let authority = |after: &str| {
        let end = after.find(|it: char| it.is_whitespace() || "/?#,|\"'".contains(it));
        after[..end.unwrap_or(after.len())].contains('@')
    };
    let names = ["_auth", "_password", "password", "username", "token"];
    let lower = text.to_ascii_lowercase();
    // A proxy may be written without its scheme.
    authority(text)
        || text.split("//").skip(1).any(authority)
        || names.iter().any(|it| lower.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_user_or_a_token_is_a_secret() {
        for secret in [
            "https://me:pw@index.example/simple",
            "https://open.example/simple https://token@index.example/simple",
            "me:pw@proxy.example:3128",
            "//registry.example/:_authToken=abc",
            "https://a.example,http://u@b.example|direct",
        ] {
            assert!(holds_secret(secret), "{secret}");
        }
        for open in [
            "https://index.example/simple",
            "[global]\nindex-url = https://index.example/simple/a@b\ncert = /etc/ssl/ca.crt",
            "registry=https://registry.example/npm/@scope",
            "localhost,127.0.0.1",
        ] {
            assert!(!holds_secret(open), "{open}");
        }
    }

    #[test]
    fn only_addresses_without_a_secret_are_handed_on() {
        let env = |name: &str| match name {
            "PIP_INDEX_URL" => Some("https://index.example/simple".to_owned()),
            "HTTPS_PROXY" => Some("http://me:pw@proxy.example:3128".to_owned()),
            "GITHUB_TOKEN" | "PIP_CONFIG_FILE" => Some("never asked for".to_owned()),
            _ => None,
        };
        let expected = [("PIP_INDEX_URL".to_owned(), "https://index.example/simple".to_owned())];
        assert_eq!(variables(&env), expected);
    }
}
