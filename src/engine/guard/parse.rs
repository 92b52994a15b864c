//! Whether a text still parses that did before. Grammars are not compilers: where one could be
//! wrong about a good program, nothing is said.

use super::MAX_READ;
use super::language::{Code, Language, is_word};
use super::path::is_fixture;
use crate::engine::symbols;

/// Letters of the line at fault that are shown.
const MAX_SHOWN: usize = 80;

/// What is wrong with `new`, as the end of a sentence: "`x.py` …".
pub(super) fn fault(path: &str, old: Option<&str>, new: &str) -> Option<String> {
    if new.len() >= MAX_READ {
        return None;
    }
    let Some(outline) = symbols::outline(path, new) else { return cut_off(path, old, new) };
    let broken = outline.broken?;
    let language = Language::of(path);
    match old {
        // A text that was never right for the grammar says nothing about the next one.
        Some(old) if symbols::outline(path, old)?.broken.is_some() => return None,
        None if is_doubtful(path, language, new) => return None,
        _ => {}
    }
    if language == Some(Language::C) && is_preprocessed(new, broken) {
        return None;
    }
    let line = new.lines().nth(broken.saturating_sub(1)).unwrap_or_default().trim();
    let shown: String = line.chars().take(MAX_SHOWN).collect();
    let shown = if shown.is_empty() { shown } else { format!(" (`{shown}`)") };
    Some(format!("does not parse: line {broken}{shown}"))
}

/// Whether a new file may be right although its grammar has something against it: C's macros,
/// a shell's many forms, a dialect, a file that is wrong on purpose.
fn is_doubtful(path: &str, language: Option<Language>, new: &str) -> bool {
    let solid = matches!(
        language,
        Some(Language::Python | Language::JavaScript | Language::Rust | Language::Go)
    );
    !solid || is_fixture(path) || new.contains("@flow") || new.contains("{{ ")
}

/// Whether a macro may be what the grammar of C does not understand: at the line at fault or
/// next to it stands a directive or a word in capitals.
fn is_preprocessed(text: &str, broken: usize) -> bool {
    let capitals = |word: &str| {
        let letters = word.chars().filter(|it| it.is_alphabetic());
        letters.clone().count() > 1 && letters.clone().all(char::is_uppercase)
    };
    let mut near = text.lines().skip(broken.saturating_sub(2)).take(3);
    near.any(|line| line.trim_start().starts_with('#') || line.split(|c| !is_word(c)).any(capitals))
}

/// For languages without a grammar of ours: whether the brackets of `old` were all closed, and
/// those of `new` are not.
fn cut_off(path: &str, old: Option<&str>, new: &str) -> Option<String> {
    let language = Language::of(path)?;
    let cut = is_closed(language, old?)? && !is_closed(language, new)?;
    cut.then(|| "ends in the middle: a bracket or a text is not closed".to_owned())
}

/// Whether all brackets are closed at the end; `None` where this reading may be wrong.
fn is_closed(language: Language, text: &str) -> Option<bool> {
    let markup = language == Language::JavaScript && (text.contains("</") || text.contains("/>"));
    let conditional =
        language == Language::C && text.lines().any(|line| line.trim_start().starts_with("#el"));
    if language == Language::Shell || markup || conditional {
        return None;
    }
    let code = Code::of(language, text);
    if code.ends_inside {
        return Some(false);
    }
    let mut open = Vec::new();
    for c in code.text.chars() {
        match c {
            '(' | '[' | '{' => open.push(c),
            ')' | ']' | '}' => {
                let pair = matches!((open.pop()?, c), ('(', ')') | ('[', ']') | ('{', '}'));
                if !pair {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(open.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_ends_in_the_middle_is_seen() {
        let old = "export function f() {\n  return g(1);\n}\n";
        assert!(fault("a.js", Some(old), "export function f() {\n  return g(").is_some());
        assert_eq!(fault("a.js", Some(old), "export function f() {\n  return /[{]/;\n}\n"), None);
        assert!(fault("a.py", Some("x = 1\n"), "def f():\n    \"\"\"Doc\n").is_some());
        let old = "int f() {\n  return 1;\n}\n";
        assert!(fault("a.cpp", Some(old), "int f() {\n  return g(").is_some());
    }

    #[test]
    fn a_text_that_may_be_cut_says_nothing() {
        let long = format!("x = 1\n{}", "# more\n".repeat(MAX_READ / 7));
        let cut = format!("{long}y = (");
        assert_eq!(fault("a.py", Some("x = 1\n"), &cut), None);
        assert!(fault("a.py", Some("x = 1\n"), "x = 1\ny = (").is_some());
    }

    #[test]
    fn the_line_is_named_in_every_language() {
        for (path, old, new, line) in [
            ("a.py", "x = 1\n", "x = 1\nif x\n    y = 1\n", 2),
            ("a.py", "x = 1\n", "def f():\n    x = 1\n     y = 2\n", 3),
            ("a.ts", "f();\n", "f();\nconst a: = 1;\n", 2),
            ("a.tsx", "f();\n", "const A = () => <p>a</;\n", 1),
            ("a.rs", "fn f() {}\n", "fn f() {\n    let x = ;\n}\n", 2),
            ("a.go", "package a\n", "package a\n\nfunc f() {\n\tx := }\n", 4),
            ("a.c", "int f(void);\n", "int f(void)\n{\n    return g(1;\n}\n", 3),
        ] {
            let words = fault(path, Some(old), new).unwrap_or_default();
            assert!(
                words.starts_with(&format!("does not parse: line {line} (")),
                "{path}: {words}"
            );
        }
        assert!(fault("a.sh", Some("x\n"), "if x; then\n  y\n").is_some());
    }

    #[test]
    fn a_new_file_must_parse_where_the_grammar_can_be_trusted() {
        let (python, script) = ("def f(:\n    pass\n", "if x; then\n");
        assert!(fault("a.py", None, python).is_some());
        assert_eq!(fault("tests/fixtures/bad.py", None, python), None);
        assert_eq!(fault("a.sh", None, script), None);
        assert_eq!(fault("a.c", None, "API_BEGIN int f( {"), None);
        assert_eq!(fault("a.js", None, "// @flow\nfunction f(a: ?string) {}\n"), None);
        assert_eq!(fault("a.md", None, "if x; then\n"), None);
    }

    #[test]
    fn in_doubt_nothing_is_said() {
        assert_eq!(fault("a.js", Some("f(1)"), "const a = <p>it's (</p>;"), None);
        let conditional = "#if A\nint f() {\n#else\nint g() {\n#endif\n}";
        assert_eq!(fault("a.c", Some("f(1);"), conditional), None);
        assert_eq!(fault("a.cpp", Some("f(1);"), conditional), None);
        let each = "int f(list *l)\n{\n    LIST_EACH(it, l)\n        g(it);\n}\n";
        assert_eq!(fault("a.c", Some("int f(list *l);\n"), each), None);
        assert_eq!(fault("a.js", Some("f(1"), "f(1, g("), None, "it did not parse before");
        assert_eq!(fault("a.sh", Some("f"), "case x in\n  a) b ;;\nesac\n"), None);
    }
}
