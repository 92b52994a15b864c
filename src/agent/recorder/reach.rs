//! Where a reply wants to write. Aider writes into `.git` and creates files outside the tree
//! when a model says so, and a command-line flag against it does not exist.

use std::path::Path;

/// What Aider takes for the beginning or the end of a listing.
const FENCES: [&str; 7] = ["```", "~~~~", "<source>", "</source>", "<code>", "</code>", "<pre>"];

/// The first file name in `reply` that no turn may write, if there is one. `tree` is where the
/// reply would be applied: a link in it may lead anywhere.
///
/// A name stands up to three lines above an opening fence or a search block, with the marks
/// around it that Aider takes off. The line right above a fence is a name whatever it says.
pub(super) fn forbidden_path(reply: &str, tree: &Path) -> Option<String> {
    let lines: Vec<&str> = reply.lines().collect();
    let mut inside = false;
    for (at, line) in lines.iter().enumerate() {
        let is_fence = FENCES.iter().any(|it| line.starts_with(it));
        let opens = is_fence && !inside || line.starts_with("<<<<<");
        inside ^= is_fence;
        if !opens {
            continue;
        }
        for (distance, above) in lines[..at].iter().rev().take(3).enumerate() {
            let name = bare(above);
            let may_be_name = distance == 0 || !name.contains(char::is_whitespace);
            if may_be_name && (reaches_out(name) || leads_away(tree, name)) {
                return Some(name.to_owned());
            }
        }
    }
    None
}

/// Whether a part of the path is a link.
fn leads_away(tree: &Path, name: &str) -> bool {
    let mut path = tree.to_owned();
    name.split('/').any(|part| {
        path.push(part);
        path.symlink_metadata().is_ok_and(|it| it.is_symlink())
    })
}

fn bare(line: &str) -> &str {
    line.trim()
        .trim_matches('*')
        .trim_end_matches(':')
        .trim_matches('`')
        .trim_start_matches('#')
        .trim()
        .trim_matches(['`', '*', '"', '\''])
}

fn reaches_out(name: &str) -> bool {
    if name.is_empty() || name.starts_with("//") && name.contains(char::is_whitespace) {
        return false;
    }
    let absolute = name.starts_with('/') || name.starts_with("~/");
    let drive = name.as_bytes().get(1..3).is_some_and(|it| it == b":\\");
    absolute || drive || name.split(['/', '\\']).any(|part| part == ".." || is_git(part))
}

/// Whether a file system may take `part` for `.git`: letter case, trailing dots, 8.3 names and
/// code points that HFS+ ignores.
fn is_git(part: &str) -> bool {
    let seen: String = part
        .chars()
        .filter(|it| {
            !matches!(it, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{206a}'..='\u{206f}' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
        .collect();
    let seen = seen.trim_end_matches(['.', ' ']);
    seen == ".git" || seen == "git~1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(reply: &str) -> Option<String> {
        forbidden_path(reply, Path::new("/nonexistent"))
    }

    #[test]
    fn names_outside_the_tree_are_seen() {
        for name in [
            "../../x",
            "a/../../b",
            "/etc/passwd",
            "~/.bashrc",
            ".git/config",
            "**.git/hooks/x**",
            "`.GIT/config`:",
            "sub/.git/config",
            ".git",
            "git~1/config",
            "### ../x",
            "C:\\x",
            "../with a blank",
        ] {
            assert!(seen(&format!("Here:\n\n{name}\n```\nx\n```\n")).is_some(), "{name}");
            let diff =
                format!("{name}\n```python\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n```");
            assert!(seen(&diff).is_some(), "{name}");
        }
    }

    #[test]
    fn ordinary_replies_pass() {
        for reply in [
            "src/a.py\n```\nx = 1\n```\n",
            ".github/x.yml\n```\nx\n```\n",
            ".gitignore\n```\nx\n```\n",
            "See ../docs for more.\n\na.py\n```\n# ..\n```\n",
            "a.js\n```\n// ../x\n//../x\nlet a = 1 / 2;\n../x\n```\n",
            "",
        ] {
            assert_eq!(seen(reply), None, "{reply}");
        }
    }

    #[test]
    fn a_link_in_the_tree_is_not_written_through() {
        let tree = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/tmp", tree.path().join("out")).unwrap();
        let reply = "out/x.py\n```\nx\n```\n";
        assert_eq!(forbidden_path(reply, tree.path()).as_deref(), Some("out/x.py"));
        assert_eq!(forbidden_path("in/x.py\n```\nx\n```\n", tree.path()), None);
    }
}
