//! Which names of branches git takes, and which paths must not reach a commit.

use super::WorkspaceError;

/// git's own rules (`git check-ref-format`), and no beginning that looks like an option.
pub(super) fn branch(name: &str) -> Result<(), WorkspaceError> {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let good = name.len() <= 250
        && name.split('/').all(part)
        && !name.starts_with('-')
        && !name.ends_with('.')
        && name != "@"
        && name != "HEAD"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c));
    if good { Ok(()) } else { Err(WorkspaceError::BadBranch(super::diagnosis::printable(name))) }
}

/// A path that was not on the base: may it be added?
pub(super) fn new_path(path: &[u8]) -> Result<(), WorkspaceError> {
    let refuse = |why: &str| Err(WorkspaceError::unsafe_path(path, why));
    let Ok(text) = std::str::from_utf8(path) else {
        return refuse("its name is not UTF-8");
    };
    if text.chars().any(char::is_control) {
        return refuse("its name holds control characters");
    }
    if path.len() > 4_096 {
        return refuse("its name is longer than 4096 bytes");
    }
    if text.split('/').any(is_dot_git) {
        return refuse("`.git` inside a repository could run commands on other machines");
    }
    Ok(())
}

/// `.git` as macOS and Windows would understand it: in any case, with code points that HFS+
/// ignores, with dots and spaces at the end, as a short name, as a stream.
pub(super) fn is_dot_git(component: &str) -> bool {
    let ignored = |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String = component.chars().filter(|&c| !ignored(c)).collect();
    let plain = plain.to_lowercase();
    plain.split('\\').any(|part| {
        let part = part.split(':').next().unwrap_or(part).trim_end_matches(['.', ' ']);
        part == ".git"
            || part.strip_prefix("git~").is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
    })
}

/// Files that the agent keeps for itself.
pub(super) fn is_agents_own(path: &[u8]) -> bool {
    path.split(|&byte| byte == b'/').any(|component| component.starts_with(b".aider"))
}

/// Whether a symbolic link at `path` stays in the tree: first up by no more than it is deep, then
/// only down. By induction no chain of such links leaves the tree. `a/../b` is not understood:
/// `a` may be a link.
pub(super) fn link_stays(path: &[u8], target: &[u8]) -> bool {
    let mut depth = path.iter().filter(|&&byte| byte == b'/').count();
    let mut down = false;
    if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
        return false;
    }
    for component in target.split(|&byte| byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." if down || depth == 0 => return false,
            b".." => depth -= 1,
            name if is_dot_git(&String::from_utf8_lossy(name)) => return false,
            _ => down = true,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_the_names_that_git_allows() {
        for good in ["main", "trunk", "feature/x", "ai/issue-7", "課題/直す", "v1.0", "a@b"] {
            assert!(branch(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-x",
            "--upload-pack=x",
            "a b",
            "a..b",
            "a//b",
            "/a",
            "a/",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a@{1}",
            "@",
            "HEAD",
            "a.",
            "a\nb",
            "a\u{7f}",
        ] {
            assert!(branch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_git_folder_is_known_in_every_disguise() {
        for bad in [
            ".git",
            ".GIT",
            ".Git",
            ".gi\u{200c}t",
            "\u{feff}.git",
            "git~1",
            "GIT~2",
            ".git.",
            ".git ",
            ".git::$INDEX_ALLOCATION",
            "a\\.git",
        ] {
            assert!(is_dot_git(bad), "{bad:?}");
        }
        for good in [".gitignore", ".github", "git", ".gitattributes", "x.git", "git~a"] {
            assert!(!is_dot_git(good), "{good:?}");
        }
    }

    #[test]
    fn a_link_may_go_up_and_then_down_within_the_tree() {
        let stays = |path: &str, target: &str| link_stays(path.as_bytes(), target.as_bytes());
        for (path, target) in [
            ("l", "a"),
            ("l", "./a/b"),
            ("d/l", "../a"),
            ("d/e/l", "../../a"),
            ("l", "."),
            ("d/l", "a/"),
        ] {
            assert!(stays(path, target), "{path} -> {target}");
        }
        for (path, target) in [
            ("l", "/etc/passwd"),
            ("l", ".."),
            ("d/l", "../.."),
            ("d/l", "a/../../.."),
            ("l", "k/.."),
            ("l", ".git/config"),
            ("l", ".GIT"),
            ("l", ""),
        ] {
            assert!(!stays(path, target), "{path} -> {target}");
        }
    }

    #[test]
    fn a_new_path_is_utf_8_printable_and_no_git_folder() {
        for good in ["src/lib.rs", "日本語/空 白.txt", ".github/x", "a'b\"c"] {
            assert!(new_path(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in
            [b"a\nb".as_slice(), b"a\x1bb", b"a\xffb", b"d/.git/config", b".GIT/x", b"GIT~1/x"]
        {
            assert!(new_path(bad).is_err(), "{bad:?}");
        }
    }
}
