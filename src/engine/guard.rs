//! Looks at what the agent changed before any check runs: what a weak model does to a tree that
//! no test notices. It stays silent when in doubt; a good edit that is refused costs a turn.

mod cases;
pub(in crate::engine) mod definitions;
mod elision;
pub(in crate::engine) mod language;
mod parse;
mod path;
mod shape;

use crate::engine::symbols;
use language::{Language, basename, mentions, stem};

pub use cases::lost_tests;
pub(crate) use path::is_lock_file;
pub use path::is_test_file;

/// What an issue says that is about comments.
const OF_COMMENTS: [&str; 9] = [
    "comment",
    "docstring",
    "doc ",
    "docs",
    "document",
    "typo",
    "spell",
    "コメント",
    "ドキュメント",
];

/// Bytes of a file that are looked at. A text of this length may be the beginning of a longer one.
pub const MAX_READ: usize = 256 * 1024;

/// One file before and after the agent's turn.
#[derive(Clone, Copy, Debug)]
pub struct ChangedFile<'a> {
    /// From the repository's root, with `/`.
    pub path: &'a str,
    /// Its text before; `None`: it was not there.
    pub old: Option<&'a str>,
    /// Its text now; `None`: it is gone.
    pub new: Option<&'a str>,
}

/// Something that speaks against a file, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which file.
    pub path: String,
    /// What to do.
    pub remedy: Remedy,
    /// One sentence, for the agent and for a person.
    pub words: String,
}

/// What is done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// This file is put back as it was: junk, or none of the agent's business.
    Drop,
    /// The whole answer is undone and asked for again.
    AskAgain,
}

/// What speaks against `changes`, at most one finding of each kind for a file. `issue_text` is
/// the title, a line break and the body.
pub fn inspect(issue_text: &str, changes: &[ChangedFile<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut kept = Vec::new();
    for change in changes {
        let why = path::out_of_bounds(issue_text, change).or_else(|| match change {
            ChangedFile { path, old: None, new: Some(new) } => path::junk(issue_text, path, new),
            _ => None,
        });
        match why {
            Some(why) => findings.push(finding(change.path, Remedy::Drop, why)),
            None => kept.push(*change),
        }
    }
    let olds: Vec<_> = kept.iter().filter_map(|it| Some((it.path, it.old?))).collect();
    let news: Vec<_> = kept.iter().filter_map(|it| Some((it.path, it.new?))).collect();
    for change in &kept {
        if let Some(words) = spoiled(change) {
            findings.push(finding(change.path, Remedy::AskAgain, &words));
        }
        let Some(old) = change.old.filter(|_| !is_test_file(change.path)) else { continue };
        let mut lost = definitions::lost(change.path, old, &olds, &news);
        lost.retain(|name| !may_go(issue_text, name));
        let emptied = change.new.is_some_and(|new| new.trim().is_empty());
        if !lost.is_empty() && !emptied {
            findings.push(finding(change.path, Remedy::AskAgain, &lost_words(&lost)));
        }
    }
    findings
}

fn finding(path: &str, remedy: Remedy, rest: &str) -> Finding {
    Finding { path: path.to_owned(), remedy, words: format!("`{path}` {rest}.") }
}

/// What is wrong with the new text itself.
fn spoiled(change: &ChangedFile<'_>) -> Option<String> {
    let new = change.new?;
    if let Some(line) = elision::elided(change.path, change.old, new) {
        return Some(format!("has the line \"{line}\" where code was left out"));
    }
    shape::fault(change.path, change.old, new)
        .or_else(|| parse::fault(change.path, change.old, new))
}

fn lost_words(lost: &[String]) -> String {
    let shown: Vec<String> = lost.iter().take(8).map(|name| format!("`{name}`")).collect();
    let more = if lost.len() > 8 { " and more" } else { "" };
    format!("no longer has {}{more}, which the issue does not ask to remove", shown.join(", "))
}

/// Whether the issue asks for `name` to go: it names it and speaks of renaming, removing or
/// moving; or its first line, the title, begins with such a word.
pub fn may_go(issue_text: &str, name: &str) -> bool {
    const WORDS: [&str; 42] = [
        "rename",
        "renaming",
        "remove",
        "removing",
        "removal",
        "delete",
        "deleting",
        "drop ",
        "dropping",
        "replace",
        "replacing",
        "get rid",
        "move ",
        "moving",
        "merge",
        "split",
        "extract",
        "inline",
        "instead",
        "no longer",
        "obsolete",
        "deprecat",
        "unused",
        "dead code",
        "refactor",
        "clean up",
        "cleanup",
        "rewrite",
        "convert",
        "migrate",
        "リネーム",
        "改名",
        "名前を",
        "削除",
        "置き換",
        "移動",
        "廃止",
        "変更",
        "be called",
        "be named",
        "the name",
        "名称",
    ];
    let lower = issue_text.to_lowercase();
    let first = lower.lines().next().unwrap_or_default().trim_start();
    let title = WORDS[..30].iter().any(|word| first.starts_with(word))
        || ["リネーム", "削除", "改名", "廃止"].iter().any(|word| first.contains(word));
    title || (mentions(issue_text, name) && WORDS.iter().any(|word| lower.contains(word)))
}

/// What to tell an agent that only added files nobody asked for, while the code that the issue
/// speaks of stayed as it is in `focus_edit`. `None` when that is not what it did.
pub fn beside_the_point(
    issue_text: &str,
    focus_edit: &[String],
    changes: &[ChangedFile<'_>],
) -> Option<String> {
    let asked = |path: &str| {
        let lower = issue_text.to_lowercase();
        let speaks_of_files = ["file", "module", "script", "package", "ファイル", "モジュール"]
            .iter()
            .any(|word| lower.contains(word));
        let own = mentions(&lower, &stem(path).to_lowercase());
        mentions(issue_text, path)
            || mentions(issue_text, basename(path))
            || (own && (speaks_of_files || Language::of(path).is_none()))
    };
    let only_new = changes.iter().all(|it| it.old.is_none() && it.new.is_some());
    let new: Vec<_> = changes.iter().filter(|it| !is_test_file(it.path)).collect();
    if focus_edit.is_empty() || new.is_empty() || !only_new || new.iter().any(|it| asked(it.path)) {
        return None;
    }
    let files: Vec<String> = focus_edit.iter().map(|path| format!("`{path}`")).collect();
    Some(format!(
        "You only added new files, and nothing uses them. The code that the issue is about is \
         in {}: change that, and add no new file.",
        files.join(", ")
    ))
}

/// Whether a change does something: not where it is code, and only comments, blanks and the texts of
/// Python's functions differ, of which the issue does not speak.
pub fn has_effect(issue_text: &str, changes: &[ChangedFile<'_>]) -> bool {
    let lower = issue_text.to_lowercase();
    let idle = |it: &ChangedFile<'_>| match (it.old, it.new) {
        (Some(old), Some(new)) => {
            let tokens = symbols::tokens(it.path, old);
            tokens.is_some() && tokens == symbols::tokens(it.path, new)
        }
        _ => false,
    };
    OF_COMMENTS.iter().any(|it| lower.contains(it)) || !changes.iter().all(idle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OLD: &str = "def mean(v):\n    return sum(v) / len(v)\n\n\ndef spread(v):\n    return max(v) - min(v)\n";

    fn words(issue: &str, changes: &[(&str, Option<&str>, Option<&str>)]) -> Vec<String> {
        let changes: Vec<_> =
            changes.iter().map(|&(path, old, new)| ChangedFile { path, old, new }).collect();
        inspect(issue, &changes)
            .into_iter()
            .map(|it| format!("{:?}: {}", it.remedy, it.words))
            .collect()
    }

    #[test]
    fn a_good_edit_passes_without_a_word() {
        let new =
            OLD.replace("sum(v) / len(v)", "sum(v) / max(1, len(v))  # the same for no values");
        assert!(words("mean fails", &[("stats.py", Some(OLD), Some(&new))]).is_empty());
    }

    #[test]
    fn a_function_that_vanished_is_asked_for_again() {
        let new = "def mean(v):\n    return 0\n";
        assert_eq!(
            words("mean fails", &[("stats.py", Some(OLD), Some(new))]),
            [
                "AskAgain: `stats.py` no longer has `spread`, which the issue does not ask to remove."
            ]
        );
        // The guard off for this file: moved elsewhere, or asked for.
        let moved = "def spread(v):\n    return 1\n";
        assert!(
            words("", &[("stats.py", Some(OLD), Some(new)), ("b.py", None, Some(moved))])
                .is_empty()
        );
        assert!(words("Please remove `spread`", &[("stats.py", Some(OLD), Some(new))]).is_empty());
        assert!(!words("`spread` is slow", &[("stats.py", Some(OLD), Some(new))]).is_empty());
        assert!(!words("", &[("stats.py", Some(OLD), None)]).is_empty());
    }

    #[test]
    fn a_file_that_no_longer_parses_is_asked_for_again_with_the_line() {
        let new = OLD.replace("max(v) - min(v)", "max(v - min(v)");
        assert_eq!(
            words("spread is wrong", &[("stats.py", Some(OLD), Some(&new))]),
            ["AskAgain: `stats.py` does not parse: line 6 (`return max(v - min(v)`)."]
        );
        assert!(words("spread is wrong", &[("stats.py", Some(&new), Some(&new))]).is_empty());
    }

    #[test]
    fn code_left_out_is_named_with_its_line() {
        let new = "def mean(v):\n    return 0\n\n# ... rest of the code unchanged ...\ndef spread(v): pass\n";
        assert_eq!(
            words("", &[("stats.py", Some(OLD), Some(new))]),
            [
                "AskAgain: `stats.py` has the line \"# ... rest of the code unchanged ...\" where code was left out."
            ]
        );
    }

    #[test]
    fn junk_is_dropped_and_does_not_hide_a_lost_definition() {
        let found = words(
            "",
            &[
                ("path/to/filename.js", None, Some("function spread() {}")),
                ("Cargo.lock", Some("a"), Some("b")),
                ("stats.py", Some(OLD), Some("def mean(v): pass\n")),
            ],
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("Drop: `path/to/filename.js`"));
        assert!(found[1].starts_with("Drop: `Cargo.lock`"));
        assert!(found[2].starts_with("AskAgain: `stats.py` no longer has `spread`"));
    }

    #[test]
    fn a_rename_that_the_issue_asks_for_passes() {
        let old = "export function getUsr(id) {\n  return 1;\n}\n";
        let new = old.replace("getUsr", "findUser");
        assert!(words("Rename getUsr to findUser", &[("u.js", Some(old), Some(&new))]).is_empty());
        assert!(!words("Make it faster", &[("u.js", Some(old), Some(&new))]).is_empty());
    }

    #[test]
    fn a_new_file_instead_of_an_edit_misses_the_point() {
        let focus = ["lib/slug.js".to_owned()];
        let new = |path| ChangedFile { path, old: None, new: Some("x") };
        let issue = "slugify leaves dashes\nIt should not.";
        assert!(beside_the_point(issue, &focus, &[new("slugify.js")]).is_some());
        assert!(beside_the_point(issue, &[], &[new("slugify.js")]).is_none());
        assert!(beside_the_point("Add slugify.js", &focus, &[new("slugify.js")]).is_none());
        assert!(beside_the_point("Add a changelog", &focus, &[new("CHANGELOG.md")]).is_none());
        let edit = ChangedFile { path: "lib/slug.js", old: Some("a"), new: Some("b") };
        assert!(beside_the_point(issue, &focus, &[new("slugify.js"), edit]).is_none());
        assert!(beside_the_point(issue, &focus, &[new("test/slug.test.js")]).is_none());
    }

    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "\\PC{0,12}",
            "[ \\n\\t{}()'\"`/#*$\\\\]{0,6}",
            Just("export { ".to_owned()),
            Just("\nfn a<'b>(".to_owned()),
            Just("\nimpl é for ü {\n  pub(".to_owned()),
            Just("r#\"".to_owned()),
            Just("\n#define é\ntypedef é;\n}ü;".to_owned()),
            Just("\nfunc (é".to_owned()),
            Just("# ... 残りの".to_owned()),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|it| it.concat())
    }

    proptest! {
        #[test]
        fn nothing_panics_on_arbitrary_text(issue in text(), old in text(), new in text(), name in "\\PC{0,8}") {
            for end in ["py", "ts", "rs", "go", "c", "sh", "md"] {
                let path = format!("{name}.{end}");
                let change = ChangedFile { path: &path, old: Some(&old), new: Some(&new) };
                let added = ChangedFile { path: &path, old: None, new: Some(&new) };
                inspect(&issue, &[change]);
                inspect(&issue, &[added]);
                beside_the_point(&issue, std::slice::from_ref(&path), &[added]);
                // What did not change has nothing against it.
                let same = ChangedFile { path: "a", old: Some(&old), new: Some(&old) };
                prop_assert!(inspect(&issue, &[same]).iter().all(|it| it.remedy == Remedy::Drop));
            }
            lost_tests(&old, &new);
            is_test_file(&name);
        }
    }

    #[test]
    fn a_change_of_comments_alone_does_nothing_unless_they_are_what_was_asked_for() {
        let change = |new| ChangedFile { path: "a.py", old: Some("x = 1\n"), new: Some(new) };
        assert!(!has_effect("x is wrong", &[change("x = 1  # right\n")]));
        assert!(!has_effect("x is wrong", &[]));
        assert!(has_effect("a typo in x", &[change("x = 1  # right\n")]));
        assert!(has_effect("x is wrong", &[change("x = 2\n")]));
        let text = ChangedFile { path: "a.md", old: Some("x"), new: Some("y") };
        assert!(has_effect("x is wrong", &[change("x = 1  # right\n"), text]));
        assert!(has_effect("x is wrong", &[ChangedFile { old: None, ..change("x = 1\n") }]));
    }
}
