//! What a path may be: files, and links that stay within the repository.

use super::name::{self, folded, is_dot_git};
use super::protect::Protected;
use super::{Entry, Kind};

/// What is wrong with what stands at a path, apart from its content.
pub(super) fn faults(entry: &Entry<'_>, name: &str, protected: &Protected) -> Vec<String> {
    let kind = |it: Option<super::Blob<'_>>| it.map(|it| it.kind);
    if [kind(entry.old), kind(entry.new)].contains(&Some(Kind::Submodule)) {
        return vec![format!(
            "{name} is a submodule: which commit of another repository it is must not change."
        )];
    }
    match entry.new {
        Some(new) if new.kind == Kind::Other => {
            vec![format!("{name} is neither a file nor a link.")]
        }
        Some(new) if new.kind == Kind::Link => {
            let Some(target) = new.bytes else {
                return vec![format!("{name} is a link whose target cannot be read.")];
            };
            link_fault(entry.path, target, protected)
                .map(|why| format!("{name} is a link that {why}."))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Why a link must not be pushed, as the end of a sentence.
fn link_fault(path: &[u8], target: &[u8], protected: &Protected) -> Option<String> {
    let Ok(target) = std::str::from_utf8(target) else {
        return Some("points at a name that is not UTF-8".to_owned());
    };
    if target.is_empty() || target.contains('\0') || target.len() > 4_096 {
        return Some("points at nothing that there can be".to_owned());
    }
    let absolute = target.starts_with(['/', '\\', '~'])
        || target.split(['/', '\\']).next().is_some_and(|it| it.ends_with(':'));
    if absolute {
        return Some("points at an absolute path".to_owned());
    }
    let text = String::from_utf8_lossy(path);
    let mut at: Vec<String> = text.split(['/', '\\']).map(folded).collect();
    at.pop();
    let mut down = false;
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            // `a/..` is where the folder that `a` may point at is in.
            ".." if down || at.is_empty() => {
                return Some("points out of the repository".to_owned());
            }
            ".." => drop(at.pop()),
            name if is_dot_git(name) => return Some("points at `.git`".to_owned()),
            name => {
                down = true;
                at.push(folded(name));
            }
        }
    }
    if at.is_empty() {
        return Some("points at the whole repository".to_owned());
    }
    if name::fault(target.trim_start_matches("../").as_bytes(), false).is_some() {
        return Some("points at `.git`".to_owned());
    }
    let why = protected.why(at.join("/").as_bytes(), true)?;
    Some(format!("points at what is protected: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_stays_in_the_repository_and_away_from_what_is_protected() {
        let fault = |path: &str, target: &str| {
            link_fault(path.as_bytes(), target.as_bytes(), &Protected::new(&[], &[]))
        };
        for (path, target) in [
            ("l", "a"),
            ("l", "./a/b"),
            ("d/l", "../a"),
            ("d/e/l", "../../a"),
            ("d/l", "a/"),
            ("docs/README.md", "../README.md"),
            ("l", "日本語/x"),
        ] {
            assert_eq!(fault(path, target), None, "{path} -> {target}");
        }
        for (path, target) in [
            ("l", "/etc/passwd"),
            ("l", "~/.ssh/id_rsa"),
            ("l", "C:/Windows"),
            ("l", "\\\\host\\share"),
            ("l", ".."),
            ("l", "."),
            ("d/l", ".."),
            ("d/l", "../.."),
            ("d/l", "a/../../.."),
            ("l", "k/.."),
            ("l", ".git/config"),
            ("l", ".GIT"),
            ("l", "a/GIT~1/x"),
            ("l", ""),
            ("l", "a\0b"),
            ("d/l", "../.GitHub"),
            ("d/l", "../.github/workflows/ci.yml"),
            (".x/l", "../.vscode"),
            ("l", ".npmrc"),
            ("l", "．env"),
        ] {
            assert!(fault(path, target).is_some(), "{path} -> {target}");
        }
        assert!(link_fault(b"l", b"a\xff", &Protected::new(&[], &[])).is_some());
    }
}
