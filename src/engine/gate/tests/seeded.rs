//! Secrets that are made up from their formats, in code as people write it. They are put together
//! here, so that no scanner of repositories takes this file for a leak.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::super::own::Own;
use super::super::token::{Class, KINDS, Part};
use super::super::{Limits, inspect};
use super::entry;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn run(&mut self, class: Class, least: usize, most: usize) -> String {
        let letters: Vec<char> = (33..127_u8).filter(|it| class.has(*it)).map(char::from).collect();
        let length = least + self.below((most - least).min(20) + 1);
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }
}

/// A path and the text around a value, in many languages.
const CODE: [(&str, &str); 20] = [
    (
        "src/client.py",
        "import os\n\nclass Client:\n    def __init__(self):\n        self.auth = \"@\"\n",
    ),
    ("src/config.py", "SETTINGS = {\n    'region': 'eu',\n    'auth': '@',\n}\n"),
    ("lib/api.js", "const api = new Api({ auth: '@', retries: 3 });\n"),
    ("lib/fetch.ts", "export const headers = { Authorization: `Bearer @` };\n"),
    ("src/main.rs", "fn main() {\n    let auth = \"@\";\n    run(auth);\n}\n"),
    ("cmd/main.go", "package main\n\nconst auth = \"@\"\n"),
    ("src/main.c", "static const char *auth = \"@\";\n"),
    ("src/Main.java", "class Main {\n  private static final String AUTH = \"@\";\n}\n"),
    ("app/x.rb", "AUTH = '@'.freeze\n"),
    ("app/x.php", "<?php\n$auth = '@';\n"),
    ("run.sh", "#!/bin/sh\nexport AUTH=@\ncurl -H \"x: $AUTH\" https://acme.io\n"),
    ("deploy.yml", "env:\n  AUTH: @\n  DEBUG: 1\n"),
    ("app.json", "{\"auth\": \"@\", \"n\": 1}\n"),
    ("app.toml", "[http]\nauth = \"@\"\n"),
    ("README.md", "Run it with `--auth @` and wait.\n"),
    ("x.sql", "INSERT INTO keys VALUES (1, '@');\n"),
    ("x.html", "<script>start(\"@\")</script>\n"),
    ("Dockerfile", "FROM scratch\nENV AUTH=@\n"),
    ("main.tf", "variable \"auth\" {\n  default = \"@\"\n}\n"),
    ("tests/test_x.py", "def test_auth():\n    assert call('@') == 200  # 認証\n"),
];

fn in_code(random: &mut Random, value: &str) -> (&'static str, String) {
    let (path, text) = CODE[random.below(CODE.len())];
    (path, text.replace('@', value))
}

fn is_stopped(path: &str, text: &str, own: &[&str]) -> bool {
    !inspect(&[entry(path, None, Some(text))], &Limits::default(), own).stops.is_empty()
}

#[test]
fn the_code_around_the_secrets_is_not_what_stops_them() {
    for (path, text) in CODE {
        for value in
            ["value", "your-token-here", "${AUTH}", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]
        {
            assert!(!is_stopped(path, &text.replace('@', value), &[]), "{path}: {value}");
        }
    }
}

#[test]
fn known_kinds_of_secrets_are_found() {
    let mut random = Random(3);
    let (mut all, mut missed) = (0, Vec::new());
    let mut kinds = BTreeSet::new();
    for format in KINDS {
        for _ in 0..4 {
            let mut value = String::new();
            if let Some((class, least, most)) = format.lead {
                value.push_str(&random.run(class, least, most));
            }
            value.push_str(random.of(format.anchors));
            for part in format.rest {
                match part {
                    Part::Lit(text) => value.push_str(text),
                    Part::Run(class, least, most) => {
                        value.push_str(&random.run(*class, *least, *most));
                    }
                }
            }
            kinds.insert(format.kind);
            all += 1;
            let (path, text) = in_code(&mut random, &value);
            let made_up =
                format.kind == super::super::token::JSON_WEB_TOKEN && path.starts_with("tests/");
            if !made_up && !is_stopped(path, &text, &[]) {
                missed.push(format!("{} in {path}", format.kind));
            }
        }
    }
    assert!(all >= 300 && kinds.len() >= 75, "{all} of {} kinds", kinds.len());
    assert!(missed.len() * 100 <= all, "{} of {all}: {missed:#?}", missed.len());
}

/// The same formats once more, written down from the vendors' pages apart from the table:
/// beginning, letters, how many.
const VENDORS: [(&str, &str, usize); 26] = [
    ("AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    ("ASIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    ("ghp_", "w", 36),
    ("gho_", "w", 36),
    ("ghs_", "w", 36),
    ("github_pat_", "w", 82),
    ("glpat-", "w-_", 20),
    ("xoxb-123456789012-1234567890123-", "w", 24),
    ("https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/", "w", 24),
    ("sk_live_", "w", 24),
    ("rk_live_", "w", 99),
    ("AIza", "w-_", 35),
    ("GOCSPX-", "w-_", 28),
    ("sk-proj-", "w-_", 156),
    ("sk-ant-api03-", "w-_", 95),
    ("hf_", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34),
    ("npm_", "w", 36),
    ("pypi-AgEIcHlwaS5vcmc", "w-_", 150),
    ("dckr_pat_", "w-_", 27),
    ("SK", "0123456789abcdef", 32),
    ("123456789:AA", "w-_", 33),
    ("dop_v1_", "0123456789abcdef", 64),
    ("shpat_", "0123456789abcdef", 32),
    ("dapi", "0123456789abcdef", 32),
    ("hvs.", "w-_", 95),
    ("lin_api_", "w", 40),
];

#[test]
fn what_the_vendors_pages_show_is_found() {
    let word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = Random(5);
    let (mut all, mut missed) = (0, Vec::new());
    for (start, letters, length) in VENDORS {
        let more = letters.strip_prefix('w').map(|more| format!("{word}{more}"));
        let letters: Vec<char> = more.as_deref().unwrap_or(letters).chars().collect();
        for _ in 0..8 {
            let value: String = (0..length).map(|_| letters[random.below(letters.len())]).collect();
            let (path, text) = in_code(&mut random, &format!("{start}{value}"));
            all += 1;
            if !is_stopped(path, &text, &[]) {
                missed.push(format!("{start} in {path}"));
            }
        }
    }
    assert!(all >= 200 && missed.len() * 100 <= all, "{} of {all}: {missed:#?}", missed.len());
}

/// The ways in which a program may write a secret down.
fn encoded(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let each = |write: &dyn Fn(u8) -> String| bytes.iter().map(|it| write(*it)).collect::<String>();
    let halves = secret.split_at(secret.len() / 2);
    let base64 = STANDARD.encode(secret);
    let thirds = |it: &str, between: &str| {
        it.as_bytes()
            .chunks(9)
            .map(|it| String::from_utf8_lossy(it).into_owned())
            .collect::<Vec<_>>()
            .join(between)
    };
    vec![
        ("plain", secret.to_owned()),
        ("upper", secret.to_uppercase()),
        ("json", serde_json::to_string(secret).unwrap()),
        ("shell", format!("'{}'", secret.replace('\'', "'\\''"))),
        ("reversed", secret.chars().rev().collect()),
        (
            "rot13",
            each(&|it| match it.to_ascii_lowercase() {
                b'a'..=b'm' => char::from(it + 13).to_string(),
                b'n'..=b'z' => char::from(it - 13).to_string(),
                _ => char::from(it).to_string(),
            }),
        ),
        ("hex", each(&|it| format!("{it:02x}"))),
        ("HEX", each(&|it| format!("{it:02X}"))),
        ("hex with colons", each(&|it| format!("{it:02x}:"))),
        ("\\x", each(&|it| format!("\\x{it:02x}"))),
        ("0x", each(&|it| format!("0x{it:02X}, "))),
        ("\\u", each(&|it| format!("\\u00{it:02x}"))),
        ("octal", each(&|it| format!("\\{it:03o}"))),
        ("numbers", each(&|it| format!("{it}, "))),
        ("entities", each(&|it| format!("&#{it};"))),
        ("percent", url::form_urlencoded::byte_serialize(bytes).collect()),
        ("percent, all", each(&|it| format!("%{it:02X}"))),
        (
            "percent, twice",
            each(&|it| match it.is_ascii_alphanumeric() {
                true => char::from(it).to_string(),
                false => format!("%25{it:02X}"),
            }),
        ),
        ("base64", base64.clone()),
        ("base64, at 1", STANDARD.encode(format!("a{secret}"))),
        ("base64, at 2", STANDARD.encode(format!("ab{secret}, and more"))),
        ("base64, url", URL_SAFE_NO_PAD.encode(format!("x:{secret}"))),
        ("base64, twice", STANDARD.encode(&base64)),
        ("base64, reversed", base64.chars().rev().collect()),
        ("base64 of reversed", STANDARD.encode(secret.chars().rev().collect::<String>())),
        ("base64, in lines", thirds(&base64, "\n    ")),
        ("in lines", thirds(secret, "\\\n")),
        ("in pieces", thirds(secret, "\" +\n        \"")),
        ("in two", format!("{}\" \"{}", halves.0, halves.1)),
        ("wide", secret.chars().flat_map(|it| [it, '\0']).collect()),
    ]
}

#[test]
fn the_workers_own_secrets_are_found_in_every_form() {
    let mut random = Random(7);
    let (mut all, mut missed) = (0, Vec::new());
    for round in 0..12 {
        let fresh = match round % 6 {
            0 => format!("ghp_{}", random.run(Class::Word, 36, 36)),
            1 => format!("github_pat_{}", random.run(Class::Under, 82, 82)),
            2 => random.run(Class::Hex, 40, 40),
            3 => random.run(Class::Base64, 32, 44),
            4 => format!(
                "p/{}+%\"\\'{}&=",
                random.run(Class::Word, 8, 8),
                random.run(Class::Tilde, 9, 9)
            ),
            _ => format!("{}-{}", random.run(Class::Letter, 9, 9), random.run(Class::Digit, 6, 6)),
        };
        let own = ["another-secret-of-ours", fresh.as_str()];
        for (form, value) in encoded(&fresh) {
            let (path, text) = in_code(&mut random, &value);
            all += 1;
            if !is_stopped(path, &text, &own) {
                missed.push(format!("{form} of {fresh} in {path}"));
            }
        }
        let (path, text) = in_code(&mut random, "nothing at all");
        assert!(!is_stopped(path, &text, &own));
        // Nothing but being ours stops such a value.
        let (path, text) = in_code(&mut random, &fresh);
        assert_eq!(is_stopped(path, &text, &[]), round % 6 < 2, "{text}");
    }
    assert!(all >= 300, "{all}");
    assert_eq!(missed, [""; 0]);
}

#[test]
fn a_key_of_many_lines_is_found_by_any_of_them() {
    let mut random = Random(11);
    let lines: Vec<String> = (0..20).map(|_| random.run(Class::Base64, 64, 64)).collect();
    let key = format!("-----BEGIN KEY-----\n{}\n-----END KEY-----\n", lines.join("\n"));
    let own = Own::new(&[&key]);
    for line in &lines {
        assert!(own.is_in(format!("x {line}\n").as_bytes()));
        assert!(own.is_in(STANDARD.encode(line).as_bytes()));
    }
    assert!(own.is_in(STANDARD.encode(&key).as_bytes()));
    assert!(!own.is_in(random.run(Class::Base64, 64, 64).as_bytes()));
}

#[test]
fn a_secret_in_a_name_in_a_links_target_or_in_an_old_file_is_found() {
    let own = "zq81Kd02mXw9Lp47vRt6";
    assert!(is_stopped(&format!("docs/{own}.md"), "x\n", &[own]));
    assert!(is_stopped("a.py", &format!("x = '{own}'\n"), &[own]));
    let (old, new) = (format!("x = '{own}'\n"), format!("x = '{own}'\ny = 1\n"));
    let kept = [entry("a.py", Some(&old), Some(&new))];
    assert!(!inspect(&kept, &Limits::default(), &[own]).stops.is_empty());
    let gone = [entry("a.py", Some(&old), Some("y = 1\n"))];
    assert!(inspect(&gone, &Limits::default(), &[own]).stops.is_empty());
}
