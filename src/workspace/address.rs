//! Where the remote is, and which questions about a password are really about it.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::domain::task::Repository;

/// The user name that code hosts take with a token.
pub(super) const USER: &str = "x-access-token";

/// What comes before `/{owner}/{name}.git`, checked.
#[derive(Clone, Debug)]
pub(super) struct Address {
    url: String,
    scheme: &'static str,
    authority: String,
}

/// What a question of git's asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    User,
    Password,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = text.trim_end_matches('/').to_owned();
        let (scheme, rest) = url.split_once("://").unwrap_or(("", ""));
        let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
        let ugly = |c: char| c.is_control() || c.is_whitespace() || "?#\\".contains(c);
        let scheme = match scheme {
            "file" if authority.is_empty() && rest.len() > 1 => "file",
            "https" | "http" if url.contains(ugly) || authority.is_empty() => {
                return Err("is no address that git can fetch from".to_owned());
            }
            "https" | "http" if authority.contains('@') => {
                return Err(
                    "holds a user or a password: put the token in `github.token`".to_owned()
                );
            }
            "https" => "https",
            "http" if is_loopback(authority) => "http",
            "http" => {
                return Err("is plain http, which is for this machine only: use https".to_owned());
            }
            _ => return Err("must begin with https:// or file:///".to_owned()),
        };
        Ok(Self { authority: authority.to_owned(), scheme, url })
    }

    /// The one protocol that git may speak.
    pub(super) fn scheme(&self) -> &'static str {
        self.scheme
    }

    pub(super) fn of(&self, repository: &Repository) -> String {
        format!("{}/{}/{}.git", self.url, repository.owner(), repository.name())
    }

    /// Compares whole texts and parses nothing: what is not to the letter a question about our
    /// own remote gets no answer. git asks in English under `LC_ALL=C.UTF-8`.
    pub(super) fn asked(&self, prompt: &str) -> Option<Question> {
        let Self { scheme, authority, .. } = self;
        if *scheme == "file" {
            return None;
        }
        if prompt == format!("Password for '{scheme}://{USER}@{authority}': ") {
            return Some(Question::Password);
        }
        (prompt == format!("Username for '{scheme}://{authority}': ")).then_some(Question::User)
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|it| it.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_a_folder_or_this_machine() {
        for good in [
            "https://github.com",
            "https://ghe.example:8443/git/",
            "file:///srv/git",
            "http://localhost:3000",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "github.com",
            "ssh://git@github.com",
            "git@github.com:a",
            "ext::sh -c x",
            "file://host/x",
            "file://",
            "http://github.com",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "https://",
            "https://token@github.com",
            "https://github.com/a b",
            "https://github.com?x",
            "http://2130706433",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_question_about_our_own_remote_is_answered() {
        let address = Address::parse("https://github.com").unwrap();
        let asked = |prompt: &str| address.asked(prompt);
        assert_eq!(asked("Username for 'https://github.com': "), Some(Question::User));
        assert_eq!(
            asked("Password for 'https://x-access-token@github.com': "),
            Some(Question::Password)
        );
        for foreign in [
            "Password for 'https://x-access-token@evil.example': ",
            "Password for 'http://x-access-token@github.com': ",
            "Password for 'https://x-access-token@github.com:444': ",
            "Password for 'https://x-access-token@github.com.evil.example': ",
            "Password for 'https://other@github.com': ",
            "Password for 'https://x-access-token@github.com@evil.example': ",
            "Password for 'https://x-access-token@github.com': \nPassword for 'https://evil.example': ",
            " Password for 'https://x-access-token@github.com': ",
            "Enter passphrase for key '/root/.ssh/id': ",
            "",
        ] {
            assert_eq!(asked(foreign), None, "{foreign:?}");
        }
        assert_eq!(Address::parse("file:///x").unwrap().asked("Username for 'file://': "), None);
    }
}
