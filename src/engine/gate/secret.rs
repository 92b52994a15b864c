//! Secrets that no vendor's format tells: private keys, passwords in addresses, and what is
//! assigned to a name that says so. And the search for all kinds in one text.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::token::{self, Found, entropy, is_placeholder};
use crate::engine::guard::is_test_file;

/// All secrets in a text that is at `path`, in the order of their kinds.
pub(super) fn find(path: &str, text: &str) -> Vec<Found> {
    let made_up = is_made_up(path);
    let mut found = token::find(text);
    found.retain(|it| !made_up || it.kind != token::JSON_WEB_TOKEN);
    found.extend(private_keys(text));
    found.extend(addresses(text));
    if !made_up {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if let Some(kind) = assigned(path, line) {
                found.push(Found { span: at..at + line.len(), kind });
            }
            at += line.len();
        }
    }
    found
}

/// Where values are made up all the time. Only what a vendor's format tells is a secret there.
fn is_made_up(path: &str) -> bool {
    const FOLDERS: [&str; 14] = [
        "test",
        "tests",
        "__tests__",
        "spec",
        "specs",
        "fixtures",
        "fixture",
        "testdata",
        "mocks",
        "__mocks__",
        "examples",
        "example",
        "e2e",
        "cassettes",
    ];
    is_test_file(path)
        || path.split('/').any(|part| FOLDERS.contains(&part.to_ascii_lowercase().as_str()))
}

/// Private keys in PEM armour, with something in them: code that knows the armour is no key.
fn private_keys(text: &str) -> impl Iterator<Item = Found> + '_ {
    const ARMOUR: &str = "-----BEGIN ";
    text.match_indices(ARMOUR).filter_map(move |(start, _)| {
        let rest = &text[start + ARMOUR.len()..];
        let rest = &rest[..rest.floor_char_boundary(800)];
        let label = &rest[..rest.find("-----")?];
        if !label.ends_with("PRIVATE KEY") && !label.ends_with("PRIVATE KEY BLOCK") {
            return None;
        }
        let body = &rest[label.len() + 5..];
        let body = body.split("-----END").next().unwrap_or(body);
        // An escaped line break is none of the key's letters.
        let body = body.replace("\\n", "\n").replace("\\r", "\n");
        let letters = |it: &&str| it.len() >= 40 && entropy(it.as_bytes()) > 3.5;
        let mut runs = body.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)));
        let key = runs.find(|it| letters(it))?;
        // Before it is nothing but how a text literal goes on, and headers.
        let before = &body[..body.find(key)?];
        let is_filler = |line: &str| {
            let line = line.trim_matches(|c: char| !c.is_alphanumeric());
            let header = line.split_once(": ").is_some_and(|(name, _)| {
                name.starts_with(|c: char| c.is_ascii_uppercase())
                    && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            });
            line.is_empty() || header
        };
        let end = start + ARMOUR.len() + rest.len();
        let span = start..end;
        before.lines().all(is_filler).then_some(Found { span, kind: "private key" })
    })
}

/// `https://name:password@host`, unless the host is this machine or nobody's.
fn addresses(text: &str) -> impl Iterator<Item = Found> + '_ {
    text.match_indices("://").filter_map(move |(at, _)| {
        let rest = &text[at + 3..];
        let rest = &rest[..rest.floor_char_boundary(400)];
        let end = rest.find(|c: char| c.is_whitespace() || "\"'`<>\\/)|,;?#".contains(c));
        let authority = &rest[..end.unwrap_or(rest.len())];
        let (user, host) = authority.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        let host = host.split(':').next().unwrap_or(host);
        let far = host.contains('.')
            && !["localhost", "127.", "0.0.0.0", "10.", "192.168."]
                .iter()
                .any(|it| host.starts_with(it))
            && ![".test", ".invalid", ".local", ".localhost", ".example"]
                .iter()
                .any(|it| host.ends_with(it))
            && !host.contains("example.");
        let made = password.len() >= 8
            && password.bytes().any(|it| it.is_ascii_digit())
            && password.bytes().any(|it| it.is_ascii_alphabetic())
            && entropy(password.as_bytes()) >= 2.8
            && !is_placeholder(password)
            && !is_filled_in_later(password)
            && !password.to_ascii_lowercase().contains("pass");
        let span = at..at + 3 + authority.len();
        (far && made).then_some(Found { span, kind: "password in an address" })
    })
}

/// Whether a program puts the value in.
fn is_filled_in_later(value: &str) -> bool {
    value.contains(['$', '{', '}', '<', '>', '%', '(', ')', '[', ']', '*'])
}

static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "token",
        "api_key",
        "apikey",
        "api-key",
        "access_key",
        "accesskey",
        "access-key",
        "auth_key",
        "authkey",
        "private_key",
        "privatekey",
        "signing_key",
        "encryption_key",
        "credential",
        "license_key",
        "app_key",
    ];
    AhoCorasick::builder().ascii_case_insensitive(true).build(names).ok()
});

/// Whether a line gives a secret to a name that says so.
fn assigned(path: &str, line: &str) -> Option<&'static str> {
    if line.len() > 2_000 {
        return None;
    }
    let bare = holds_bare_values(path);
    let names = NAMES.as_ref()?;
    names
        .find_iter(line)
        .take(8)
        .any(|name| {
            let after = &line[name.end()..];
            let value = quoted(after).or_else(|| if bare { unquoted(after) } else { None });
            value.is_some_and(is_random)
        })
        .then_some("secret that is assigned to a name")
}

/// The text literal that is assigned to the name whose end this follows.
fn quoted(after: &str) -> Option<&str> {
    let tail_end = after.find(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)))?;
    if tells_something_else(&after[..tail_end]) {
        return None;
    }
    let rest = &after[tail_end..];
    // The name's own closing quote, a type, and the sign of assignment.
    let rest = rest.strip_prefix(['"', '\'', '`']).unwrap_or(rest);
    let open = rest.find(['"', '\'', '`'])?;
    let between = &rest[..open];
    let plain = |c: char| c.is_ascii_alphanumeric() || " \t:=>&?[]_.".contains(c);
    let sign = between.trim_end().ends_with(['=', ':', '>']) && !between.contains("==");
    if open > 40 || !sign || !between.chars().all(plain) {
        return None;
    }
    let quote = &rest[open..=open];
    let value = &rest[open + 1..];
    value.find(quote).map(|end| &value[..end])
}

/// The value of `NAME=value` or `name: value`, to the line's end.
fn unquoted(after: &str) -> Option<&str> {
    let (tail, value) = after.split_once(['=', ':'])?;
    let tail = tail.trim_end();
    let name = tail.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it));
    if !name || tells_something_else(tail) {
        return None;
    }
    Some(value.trim()).filter(|it| !it.contains([' ', '\t', '"', '\'', '(']))
}

/// Files in which values need no quotes.
fn holds_bare_values(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit('.').next().unwrap_or_default();
    let known =
        ["env", "yml", "yaml", "properties", "ini", "cfg", "conf", "tfvars", "sh", "bash", "zsh"];
    known.contains(&extension) || name.starts_with(".env") || name.starts_with("dockerfile")
}

/// `token_type`, `secretName`: what follows the word says that the value is no secret.
fn tells_something_else(tail: &str) -> bool {
    const ENDS: [&str; 31] = [
        "id", "name", "type", "url", "uri", "path", "file", "field", "header", "prefix", "regex",
        "pattern", "format", "label", "error", "message", "hash", "digest", "length", "size",
        "count", "arn", "ref", "class", "kind", "hint", "help", "text", "endpoint", "version", "s",
    ];
    let lower = tail.to_ascii_lowercase();
    ENDS.iter().any(|it| lower.ends_with(it))
}

/// Whether a machine made this up: letters and digits in no order that a person would write.
fn is_random(value: &str) -> bool {
    let fits = |it: u8| it.is_ascii_alphanumeric() || b"+/=_.~!@#^&-".contains(&it);
    if !(16..=200).contains(&value.len()) || !value.bytes().all(fits) {
        return false;
    }
    if is_placeholder(value) || is_filled_in_later(value) || value.starts_with(['/', '.', '@', '#'])
    {
        return false;
    }
    // Words with something between them: a path, a file, the name of another thing.
    let mut words = value.split(['-', '_', '.', '/', '@', '+', '=', '~', '!', '#', '^', '&']);
    let is_word = |it: &str| {
        it.len() < 4
            || it.bytes().all(|c| c.is_ascii_alphabetic())
            || it.bytes().all(|c| c.is_ascii_digit())
    };
    if words.all(is_word) || is_uuid(value) {
        return false;
    }
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let class = |it: u8| (it.is_ascii_digit(), it.is_ascii_uppercase(), it.is_ascii_lowercase());
    let turns = value.as_bytes().windows(2).filter(|it| class(it[0]) != class(it[1])).count();
    let hex = value.bytes().all(|it| it.is_ascii_hexdigit());
    let least = if hex { 3.0 } else { 3.4 };
    digits >= 2
        && turns * 100 >= value.len() * 24
        && entropy(value.as_bytes()) >= least
        && (!hex || value.len() >= 32)
}

fn is_uuid(value: &str) -> bool {
    let lengths: Vec<usize> = value.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(path: &str, text: &str) -> Vec<&'static str> {
        find(path, text).into_iter().map(|it| it.kind).collect()
    }

    #[test]
    fn a_private_key_is_one_when_there_is_something_in_it() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        for key in [
            format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"),
            format!("k = \"-----BEGIN RSA PRIVATE KEY-----\\n{body}\\n\""),
            format!("'-----BEGIN OPENSSH PRIVATE KEY-----\\n' +\n  '{body}\\n'"),
            format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}\n"),
            format!("-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n{body}\n"),
        ] {
            assert_eq!(kinds("a.py", &key), ["private key"], "{key}");
        }
        for none in [
            "if text.starts_with(\"-----BEGIN PRIVATE KEY-----\") { parse(text) }".to_owned(),
            "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----".to_owned(),
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"),
            format!("-----BEGIN PUBLIC KEY-----\n{body}\n"),
            format!(
                "// -----BEGIN PRIVATE KEY----- is how a key begins\nlet d: &str = \"{body}\";"
            ),
        ] {
            assert_eq!(kinds("a.py", &none), [""; 0], "{none}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_one_unless_it_is_made_up() {
        let text = "url = 'postgres://app:k3Jf9sLq2Zx@db.acme.io:5432/app'";
        assert_eq!(kinds("a.py", text), ["password in an address"]);
        for none in [
            "postgres://app:k3Jf9sLq2Zx@localhost:5432/app",
            "postgres://postgres:postgres@db.acme.io/app",
            "https://user:password1@acme.io/",
            "https://user:${PASSWORD1}@acme.io/",
            "https://user:k3Jf9sLq2Zx@host.example.com/",
            "https://x-access-token:{token}@github.com/",
            "git@github.com:a/b.git ssh://git@github.com/a/b",
            "https://acme.io/@user:12ab34cd56@x",
        ] {
            assert_eq!(kinds("a.py", none), [""; 0], "{none}");
        }
    }

    #[test]
    fn a_value_that_a_machine_made_up_is_a_secret_when_its_name_says_so() {
        for (path, text) in [
            ("a.py", "API_KEY = 'q8Zr2LmX0vTc7KpYb4NsD9wH'"),
            ("a.ts", "  clientSecret: \"q8Zr2LmX0vTc7KpYb4NsD9wH\","),
            ("a.rs", "const TOKEN: &str = \"q8Zr2LmX0vTc7KpYb4NsD9wH\";"),
            ("a.json", "{\"db_password\": \"q8Zr2LmX0vTc7KpYb4NsD9wH\"}"),
            ("a.go", "token := `3f9a1c0e7b2d4586af01c9d3e2b47a60`"),
            ("a.rb", "secret => 'q8Zr2LmX0vTc7KpYb4NsD9wH'"),
            ("a.yml", "  password: q8Zr2LmX0vTc7KpYb4NsD9wH"),
            (".env.x", "DD_API_KEY=3f9a1c0e7b2d4586af01c9d3e2b47a60"),
        ] {
            assert_eq!(kinds(path, text), ["secret that is assigned to a name"], "{text}");
            assert_eq!(kinds(&format!("tests/{path}"), text), [""; 0], "{text}");
        }
    }

    #[test]
    fn names_of_secrets_and_places_for_them_are_none() {
        for none in [
            "token = os.environ['GITHUB_TOKEN_2024_PRODUCTION']",
            "const token = process.env.API_TOKEN_V2_PROD;",
            "api_key = \"<your-api-key-goes-here-1234>\"",
            "password = \"correct-horse-battery-staple\"",
            "secret_name = \"prod/q8Zr2LmX0vTc7KpYb4NsD9wH\"",
            "token_url = \"q8Zr2LmX0vTc7KpYb4NsD9wHq8Zr\"",
            "if token == \"q8Zr2LmX0vTc7KpYb4NsD9wH\":",
            "secret: ${{ secrets.DEPLOY_TOKEN_2024 }}",
            "token = \"123e4567-e89b-42d3-a456-426614174000\"",
            "password_field = \"input#password-1234-abcd\"",
            "tokenize(\"q8Zr2LmX0vTc7KpYb4NsD9wH\")",
            "token: getAccessTokenFromHeader2(req)",
            "integrity = \"sha512-q8Zr2LmX0vTc7KpYb4NsD9wHq8Zr2LmX0vTc7KpYb4NsD9wH==\"",
            "secretKey = \"accessTokenVersion2OfTheUser\"",
            "image: acme/token@sha256:3f9a1c0e7b2d4586af01c9d3e2b47a60",
        ] {
            assert_eq!(kinds("a.yml", none), [""; 0], "{none}");
        }
    }
}
