//! What a stranger may name: images and paths. Both end up in command lines and API calls, so
//! only what is plainly one gets through.

/// Docker's own limit for a name without tag and digest.
const MOST_NAME: usize = 255;
const MOST_TAG: usize = 128;
const MOST_PATH: usize = 1024;
/// The worker's own images, of whatever repository: their contents are nobody else's.
const OURS: &str = "codingworker-";

/// Whether `text` names an image as one pulls it: `node:22`, `ghcr.io/owner/name@sha256:…`.
///
/// # Errors
/// With what is wrong with it.
pub fn checked_image(text: &str) -> Result<(), String> {
    let wrong = |problem: &str| Err(format!("`{}` {problem}", shown(text)));
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    // A colon after the last slash is the tag's; one before is a port's.
    let last = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[last..].find(':') {
        Some(at) => (&rest[..last + at], Some(&rest[last + at + 1..])),
        None => (rest, None),
    };
    if name.len() > MOST_NAME || !is_name(name) {
        return wrong("is no image's name, such as `node:22` or `ghcr.io/owner/name:1.0`");
    }
    if tag.is_some_and(|it| !is_tag(it)) {
        return wrong("has a tag that no image can have");
    }
    if digest.is_some_and(|it| !is_digest(it)) {
        return wrong("has a digest that is not `sha256:` and 64 hexadecimal digits");
    }
    let mut parts = name.split('/');
    if parts.any(|it| it.starts_with(OURS)) {
        return wrong(
            "is the worker's own: images that begin with `codingworker-` are of its jobs",
        );
    }
    if name == "scratch" {
        return wrong("is empty: nothing can run in it");
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let (first, rest) = name.split_once('/').unwrap_or(("", name));
    let is_host = first.contains(['.', ':']) || first == "localhost";
    let path = if is_host { rest } else { name };
    (!is_host || is_host_name(first)) && path.split('/').all(is_part)
}

fn is_host_name(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let is_label = |it: &str| {
        !it.is_empty()
            && it.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !it.starts_with('-')
            && !it.ends_with('-')
    };
    name.split('.').all(is_label)
        && port.is_none_or(|it| {
            (1..=5).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit())
        })
}

/// Lower case and digits, with one `.`, one or two `_`, or any number of `-` in between.
fn is_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let outer = part.starts_with(is_word) && part.ends_with(is_word);
    let mut between = part.split(is_word);
    let known = |it: &str| matches!(it, "" | "." | "_" | "__") || it.bytes().all(|it| it == b'-');
    outer && between.all(known)
}

fn is_tag(tag: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=MOST_TAG).contains(&tag.len())
        && tag.starts_with(is_word)
        && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
}

fn is_digest(digest: &str) -> bool {
    let hex = digest.strip_prefix("sha256:");
    hex.is_some_and(|it| {
        it.len() == 64 && it.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Whether `text` is a file's path from the repository's root, which stays inside.
///
/// # Errors
/// With what is wrong with it.
pub fn checked_path(text: &str) -> Result<(), String> {
    let wrong = |problem: &str| Err(format!("`{}` {problem}", shown(text)));
    if text.is_empty() || text.len() > MOST_PATH {
        return wrong("is no path");
    }
    if text.starts_with('/') {
        return wrong("begins with `/`; paths are from the repository's root");
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return wrong("holds characters that no path here may have");
    }
    if text.split('/').any(|it| it == "..") {
        return wrong("leads out of the repository");
    }
    if text.split('/').any(|it| it.is_empty() || it == "." || it.eq_ignore_ascii_case(".git")) {
        return wrong("is not written plainly, such as `docker/Dockerfile`");
    }
    Ok(())
}

/// `relative` as seen from the repository's root, when it is meant from the folder `from` there.
/// `None` when it leads out of the repository.
pub(super) fn resolve(from: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').filter(|it| !it.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (path.is_empty() || checked_path(&path).is_ok()).then_some(path)
}

/// The beginning of what was written, harmless to show.
fn shown(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_image_is_named_as_one_pulls_it() {
        let digest = format!("node@sha256:{}", "0a".repeat(32));
        let both = format!("ghcr.io/a/b:1.0@sha256:{}", "f".repeat(64));
        for good in [
            "node",
            "node:22",
            "python:3.12-slim",
            "golang:1.24-bookworm",
            "library/node",
            "ghcr.io/owner/na_me/x--y:V1.0_rc",
            "localhost/x",
            "localhost:5000/x:y",
            "registry.example.com:443/a/b__c",
            digest.as_str(),
            both.as_str(),
        ] {
            assert_eq!(checked_image(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_no_image_is_refused_with_the_reason() {
        for (bad, why) in [
            ("", "no image's name"),
            ("Node:22", "no image's name"),
            ("node 22", "no image's name"),
            (" node", "no image's name"),
            ("node:", "tag"),
            ("node:-1", "tag"),
            ("node:22 --privileged", "tag"),
            ("node:22\n", "tag"),
            ("node:$(id)", "tag"),
            ("--privileged", "no image's name"),
            ("-v/:/host", "no image's name"),
            ("$(id)", "no image's name"),
            ("${BASE}", "no image's name"),
            ("node;id", "no image's name"),
            ("a..b", "no image's name"),
            ("a___b", "no image's name"),
            ("a//b", "no image's name"),
            ("/a", "no image's name"),
            ("a/", "no image's name"),
            ("../a", "no image's name"),
            ("https://ghcr.io/a", "no image's name"),
            ("ghcr.io:99999999/a", "no image's name"),
            ("-x.io/a", "no image's name"),
            ("node@sha256:12", "digest"),
            ("node@md5:00", "digest"),
            ("node:22@", "digest"),
            ("scratch", "nothing can run in it"),
            ("codingworker-cache-api", "the worker's own"),
            ("docker.io/library/codingworker-api-7", "the worker's own"),
            ("ノード", "no image's name"),
        ] {
            let answer = checked_image(bad).unwrap_err();
            assert!(answer.contains(why), "{bad}: {answer}");
        }
        assert!(checked_image(&"a".repeat(256)).is_err());
        assert!(checked_image(&format!("a:{}", "b".repeat(129))).is_err());
    }

    #[test]
    fn a_path_stays_in_the_repository() {
        for good in
            ["Dockerfile", "docker/ci.Dockerfile", "a b/c", ".devcontainer/Dockerfile", "a..b"]
        {
            assert_eq!(checked_path(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "/etc/passwd",
            "..",
            "../x",
            "a/../../x",
            "a/..",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "a\nb",
            "a\0b",
            ".git/config",
            "sub/.GIT/x",
        ] {
            assert!(checked_path(bad).is_err(), "{bad}");
        }
        assert!(checked_path(&"a".repeat(2000)).is_err());
    }

    #[test]
    fn a_path_from_a_folder_is_found_from_the_root() {
        for (from, relative, expected) in [
            (".devcontainer", "Dockerfile", Some(".devcontainer/Dockerfile")),
            (".devcontainer", "../Dockerfile", Some("Dockerfile")),
            (".devcontainer", "..", Some("")),
            (".devcontainer", ".", Some(".devcontainer")),
            ("", ".", Some("")),
            ("", "./docker/./x", Some("docker/x")),
            (".devcontainer", "../..", None),
            ("", "..", None),
            ("", "/etc", None),
            ("", ".git/x", None),
        ] {
            assert_eq!(resolve(from, relative).as_deref(), expected, "{from} + {relative}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_what_passes_is_plain(text in "\\PC{0,60}") {
            if checked_image(&text).is_ok() {
                prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@".contains(c)));
                prop_assert!(!text.starts_with('-'));
            }
            if checked_path(&text).is_ok() {
                let inside = text.split('/').all(|it| it != "..");
                prop_assert!(inside);
            }
            let _ = resolve("a/b", &text);
        }
    }
}
