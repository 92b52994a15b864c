//! Code left out of an answer: "... rest of the code unchanged ...".
//!
//! A line gives itself away by saying nothing else: every word in it is one of a small
//! vocabulary. A comment about the program ("parse the rest of the file") has other words.

use std::collections::HashSet;

use super::language::{Code, Language, is_word};

/// What such a line may speak of besides.
const FILLERS: &str = "the of in this and as is are be was were have has been a an for to up it \
    my your all here below above exactly like with from any no not don't change changes changed \
    modify modified needed required necessary same stay stays remain remains goes go continue \
    continues continued left kept shown part parts section sections line lines todo note pass \
    before previously now intact include included add other etc both these those";
/// What is left out.
const NOUNS: &str = "code file function functions class classes method methods implementation \
    implementations program script module logic body content contents definitions definition \
    test tests import imports struct structs variables constants helpers routes handlers";
/// That it is left out.
const CORES: &str = "rest remaining remainder existing unchanged untouched same omitted previous \
    original other keep kept snip snipped truncated brevity unmodified";
/// That something stays as it is.
const STATES: &str = "unchanged untouched omitted same intact unmodified brevity snip snipped \
    truncated";

const JAPANESE: [&str; 14] = [
    "以下同じ",
    "以下同様",
    "以下省略",
    "以下略",
    "中略",
    "後略",
    "前略",
    "省略",
    "同上",
    "変更なし",
    "変更無し",
    "そのまま",
    "元のまま",
    "既存のまま",
];

/// The first line of `new` that stands for code which it leaves out.
pub(super) fn elided<'a>(path: &str, old: Option<&str>, new: &'a str) -> Option<&'a str> {
    let known: HashSet<&str> = old.unwrap_or_default().lines().map(str::trim).collect();
    let lines: HashSet<&str> = new.lines().map(str::trim).collect();
    let shorter = known.iter().any(|line| !line.is_empty() && !lines.contains(line));
    let source = Language::of(path);
    let code = source.map(|language| Code::of(language, new));
    new.lines().enumerate().find_map(|(number, line)| {
        let text = line.trim();
        let inside =
            code.as_ref().is_some_and(|code| code.begins_in_code.get(number) == Some(&false));
        if text.is_empty() || text.len() > 300 || inside || known.contains(text) {
            return None;
        }
        let found = match comment(text) {
            Some(words) => {
                is_elision(words) || (source.is_some() && shorter && is_dots(words, text))
            }
            None => is_bare(text) && is_elision(text),
        };
        found.then_some(text)
    })
}

/// The inside of the comment that the line is, or ends with.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start_matches('{');
    let opening = ["<!--", "/*", "//", "#", "--", "*"].iter().find(|it| line.starts_with(**it));
    let inside = match opening {
        Some(opening) => &line[opening.len()..],
        None => {
            let at = [" # ", " // ", " /* "].iter().filter_map(|it| line.rfind(it)).max()?;
            line[at..].trim_start().trim_start_matches(['#', '/', '*'])
        }
    };
    Some(inside.trim_end_matches(['}', '/', '*', '>', '-']).trim())
}

/// `// ...` alone; but not in a comment for readers of documentation.
fn is_dots(words: &str, line: &str) -> bool {
    !line.starts_with("///")
        && !line.starts_with("//!")
        && !line.starts_with('*')
        && line.starts_with(|c: char| !c.is_alphanumeric())
        && matches!(words, "..." | "…" | "....")
}

/// A line that is no code: dots or brackets around words. `...rest` is JavaScript.
fn is_bare(line: &str) -> bool {
    let wrapped = line.starts_with("...") || line.starts_with(['…', '[', '(', '<', '（']);
    let japanese = !line.is_ascii() && !line.contains(['=', ';', '"', '\'']);
    (wrapped && line.split_whitespace().count() > 1 && !line.contains(['=', ';', '"', ',']))
        || (japanese && line.chars().count() < 24)
}

fn is_elision(text: &str) -> bool {
    if !text.is_ascii() && is_japanese(text) {
        return true;
    }
    let lower = text.to_lowercase();
    let dots = lower.contains("...") || lower.contains('…');
    let words: Vec<&str> =
        lower.split(|c: char| !is_word(c) && c != '\'').filter(|word| !word.is_empty()).collect();
    let has = |list: &str, word: &str| list.split_whitespace().any(|it| it == word);
    let name = |word: &str| word.contains('_') || text.contains(&format!("{word}()"));
    if words.is_empty() || words.len() > 16 {
        return false;
    }
    let filler =
        |word: &&str| [FILLERS, NOUNS, CORES].iter().any(|list| has(list, word)) || name(word);
    if !words.iter().all(filler) {
        return false;
    }
    let any = |list: &str| words.iter().any(|word| has(list, word));
    let pair =
        |first: &str, second: &str| words.windows(2).any(|it| it[0] == first && has(second, it[1]));
    let code = "code implementation logic file function class content contents program script";
    (dots && any(CORES))
        || (words.contains(&"todo") && words.contains(&"keep"))
        || (words.contains(&"brevity") || words == ["unchanged"] || words == ["omitted"])
        || (any(NOUNS)
            && any(STATES)
            && (any("rest remaining existing other all previous original")
                || any("unchanged omitted untouched")))
        || (words.contains(&"rest") && words.contains(&"of") && any(code))
        || (any("remain remains stay stays") && any(STATES))
        || ["existing", "previous", "remaining", "original"].iter().any(|it| pair(it, "code"))
        || (words.contains(&"your") && words.contains(&"here") && any(NOUNS))
        || (pair("keep", "the rest existing other all") && any(NOUNS))
        || (pair("goes", "here") && any(NOUNS))
        || (words.starts_with(&["no", "changes"])
            && any("needed required necessary here below above"))
}

fn is_japanese(text: &str) -> bool {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric());
    let known = ["残りの", "残りは", "既存の", "以下", "他の", "その他", "元の"];
    let begins = known.iter().any(|it| text.starts_with(it));
    let stays =
        ["同じ", "同様", "省略", "変更なし", "そのまま", "のまま", "変更しない", "変わらない"];
    let last = [text, text.trim_end_matches("です"), text.trim_end_matches("します")];
    JAPANESE.iter().any(|it| last.contains(it))
        || (text.chars().count() < 24
            && begins
            && (last.iter().any(|text| stays.iter().any(|it| text.ends_with(it)))
                || ["コード", "処理", "実装"].iter().any(|it| text.ends_with(it))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_rest_is_unchanged_is_seen() {
        for line in [
            "# ... rest of the code unchanged ...",
            "    # ... (unchanged)",
            "// ... existing code ...",
            "// Rest of the code remains the same",
            "/* ... rest of the file ... */",
            "{/* ... other code ... */}",
            "# TODO: keep",
            "# existing code",
            "# Other functions remain unchanged",
            "// (all other methods stay the same)",
            "... existing code ...",
            "[rest of the code]",
            "    pass  # unchanged",
            "# parse_settings() unchanged...",
            "// code omitted for brevity",
            "# your code here",
            "# keep the existing functions",
            "# No changes needed here",
            "// 以下同じ",
            "# 残りのコードは変更なし",
            "# （以下省略）",
            "# 既存のコード",
            "以下同様",
        ] {
            let new = format!("x = 1\n{line}\n");
            assert!(elided("a.py", Some("x = 1\ny = 2\n"), &new).is_some(), "{line}");
        }
    }

    #[test]
    fn a_comment_about_the_program_is_none() {
        for line in [
            "# parse the rest of the file",
            "// returns the value unchanged",
            "# Handle the remaining arguments...",
            "x = [...rest]",
            "...rest,",
            "  ...existing,",
            "# same as above",
            "# previous page",
            "def f(): ...",
            "...",
            "// Keep only the first word",
            "# other tests",
            "# 省略時は 3",
            "# 値はそのまま返す",
            "(rest, other)",
            "# the original text",
        ] {
            let new = format!("x = 1\n{line}\n");
            assert_eq!(elided("a.py", Some("x = 1\ny = 2\n"), &new), None, "{line}");
        }
    }

    #[test]
    fn a_line_that_was_there_before_is_no_elision() {
        let old = "# ... rest of the code ...\n";
        assert_eq!(elided("a.py", Some(old), "x = 1\n# ... rest of the code ...\n"), None);
    }

    #[test]
    fn dots_alone_count_only_where_lines_are_gone() {
        assert!(elided("a.js", Some("f()\ng()\n"), "f()\n// ...\n").is_some());
        assert_eq!(elided("a.js", Some("f()\n"), "f()\n// ...\ng()\n"), None);
        assert_eq!(elided("a.md", Some("f()\ng()\n"), "f()\n# ...\n"), None);
    }
}
