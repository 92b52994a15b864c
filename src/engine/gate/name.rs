//! Names of files: which a push may bring in, and which are the same file on another machine.

use unicode_normalization::UnicodeNormalization;

use super::invisible;

/// The longest path that is pushed, in bytes.
const LONGEST: usize = 4_096;

/// Why a path must not come in, as the end of a sentence. `new`: it was not there before.
pub(super) fn fault(path: &[u8], new: bool) -> Option<&'static str> {
    let text = String::from_utf8_lossy(path);
    if text.split(['/', '\\']).any(is_dot_git) {
        return Some("is a `.git` in disguise: it could run commands on other machines");
    }
    if !new {
        return None;
    }
    if std::str::from_utf8(path).is_err() {
        return Some("has a name that is not UTF-8");
    }
    if path.len() > LONGEST {
        return Some("has a name that is longer than 4096 bytes");
    }
    if text.chars().any(char::is_control) {
        return Some("has control characters in its name");
    }
    if text.chars().any(|c| c.is_whitespace() && c != ' ' && c != '\u{3000}')
        || invisible::first(&text).is_some()
    {
        return Some("has invisible characters in its name");
    }
    if text.contains('\\') {
        return Some("has a `\\` in its name, which parts folders on other machines");
    }
    if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Some("is no path within the repository");
    }
    text.split('/')
        .any(is_short_name)
        .then_some("has a name that another file has on Windows, as its short form")
}

/// `.git` as macOS and Windows would understand it: in any case, with code points that HFS+
/// ignores, with dots and spaces at the end, as a stream, as a short name.
pub(super) fn is_dot_git(part: &str) -> bool {
    let short = |name: &str| {
        let number = name.strip_prefix("git~");
        number.is_some_and(|it| !it.is_empty() && it.bytes().all(|c| c.is_ascii_digit()))
    };
    [folded(part), folded(without_stream(part))].iter().any(|it| it == ".git" || short(it))
}

/// `GITHUB~1` is what Windows also calls `.github`.
fn is_short_name(part: &str) -> bool {
    let stem = part.split('.').next().unwrap_or(part);
    let Some((start, number)) = stem.rsplit_once('~') else { return false };
    !start.is_empty()
        && stem.len() <= 8
        && (1..=3).contains(&number.len())
        && number.bytes().all(|it| it.is_ascii_digit())
}

/// NTFS takes `name:stream` for the file `name`.
fn without_stream(part: &str) -> &str {
    part.split(':').next().unwrap_or(part)
}

/// A name as the most forgiving of file systems compares it, and a little more: compatible
/// forms, case, what HFS+ ignores, dots and spaces at the end. `ı` and `ſ` are folded too, which
/// none does: to protect one name too many costs little.
pub(super) fn folded(part: &str) -> String {
    let plain: String = part.chars().filter(|&it| !invisible::is_ignorable(it)).collect();
    let upper: String = plain.nfkc().flat_map(char::to_uppercase).collect();
    let lower: String = upper.to_lowercase().nfkc().collect();
    // What is left of `İ` is an `i` with a dot.
    let lower = lower.replace("i\u{307}", "i");
    let trimmed = lower.trim_end_matches(['.', ' ']);
    if trimmed.is_empty() { lower } else { trimmed.to_owned() }
}

/// The forms of a path that patterns are matched with: as it is, and without streams.
pub(super) fn forms(path: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(path);
    let parts = || text.split(['/', '\\']).filter(|it| !it.is_empty() && *it != ".");
    let mut forms = vec![parts().map(folded).collect()];
    if text.contains(':') {
        forms.push(parts().map(|it| folded(without_stream(it))).collect());
    }
    forms
}

/// What two paths have in common that are one file on machines which ignore case.
pub(super) fn collision_key(path: &[u8]) -> String {
    let text = String::from_utf8_lossy(path);
    let part = |part: &str| part.nfc().flat_map(char::to_lowercase).collect::<String>();
    let parts: Vec<String> =
        text.split('/').map(|it| part(it.trim_end_matches(['.', ' ']))).collect();
    parts.join("/")
}

/// A path for people: as code, in one line, harmless and short.
pub(super) fn shown(path: &[u8]) -> String {
    const MOST: usize = 120;
    let text = String::from_utf8_lossy(path);
    let plain = |c: char| match c {
        '`' => '\'',
        c if c.is_control() || (c.is_whitespace() && c != ' ') || invisible::is_ignorable(c) => {
            '\u{fffd}'
        }
        c => c,
    };
    let all: Vec<char> = text.chars().map(plain).collect();
    match all.len() {
        0 => "``".to_owned(),
        1..=MOST => format!("`{}`", all.iter().collect::<String>()),
        many => {
            let (start, end) = (&all[..MOST / 2], &all[many - MOST / 2..]);
            format!("`{}…{}`", start.iter().collect::<String>(), end.iter().collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_folder_is_known_in_every_disguise_at_any_depth() {
        for bad in [
            ".git",
            ".GIT",
            ".Git/config",
            "a/b/.gi\u{200c}t/hooks/x",
            "\u{feff}.git",
            "git~1",
            "GIT~21/config",
            ".git.",
            ".git . .",
            ".git::$INDEX_ALLOCATION/config",
            "a\\.git\\config",
            "．git/config",
            ".ｇｉｔ",
            ".gıt",
            ".gİt",
            ".g\u{200d}it",
        ] {
            assert!(fault(bad.as_bytes(), false).unwrap().contains(".git"), "{bad:?}");
        }
        for good in [".gitignore", "git", "x.git", "git~a", "git~", "a.git/b", "dot.git"] {
            assert_eq!(fault(good.as_bytes(), true), None, "{good:?}");
        }
    }

    #[test]
    fn a_new_name_is_printable_and_means_one_file_everywhere() {
        for good in
            ["src/lib.rs", "日本語/空 白.txt", "a'b\"c", "x/家族👨‍👩‍👧.md", "a~b", "notes~1000", "été"]
        {
            assert_eq!(fault(good.as_bytes(), true), None, "{good}");
        }
        let long = "a/".repeat(2_500);
        for bad in [
            "a\nb",
            "a\u{1b}b",
            "a\u{85}b",
            "a\u{202e}gpj.exe",
            "a\u{200b}b",
            "a\u{3164}b",
            "a\u{e0041}b",
            "a\u{a0}b",
            "a\\b",
            "a//b",
            "../a",
            "a/./b",
            "",
            "GITHUB~1/workflows/x.yml",
            "progra~1",
            &long,
        ] {
            assert!(fault(bad.as_bytes(), true).is_some(), "{bad:?}");
            assert!(bad.contains('~') || fault(bad.as_bytes(), false).is_none(), "{bad:?}");
        }
        assert!(fault(b"a\xffb", true).is_some());
    }

    #[test]
    fn names_that_one_file_system_or_another_takes_for_the_same_are_folded() {
        for same in
            [".GitHub", "．github", ".gıthub", ".gi\u{200d}thub", ".github. ", ".ＧＩＴＨＵＢ"]
        {
            assert_eq!(folded(same), ".github", "{same:?}");
        }
        assert_eq!(folded("\u{212a}.\u{17f}h"), "k.sh");
        assert_eq!(collision_key("É/a".as_bytes()), collision_key("e\u{301}/A".as_bytes()));
        assert_ne!(collision_key(b"x2"), collision_key("x²".as_bytes()));
        assert_eq!(forms(b"a/.npmrc:x/./b")[1], ["a", ".npmrc", "b"]);
    }

    #[test]
    fn a_path_is_shown_harmless_and_short() {
        assert_eq!(shown(b"src/a.rs"), "`src/a.rs`");
        assert_eq!(shown("a`b\n\u{202e}c\u{1b}[m".as_bytes()), "`a'b\u{fffd}\u{fffd}c\u{fffd}[m`");
        assert!(shown(&[b'a'; 5_000]).chars().count() < 130);
    }
}
