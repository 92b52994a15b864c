//! The head of a function with what it is to give, as its own description: a small model completes
//! such a head better than it follows a list.

use crate::domain::example::{Expected, Tried};
use crate::engine::guard::language::Language;

use super::super::unfenced;

/// More calls describe nothing more.
const MOST: usize = 8;
/// A longer call or value is left out, in bytes.
const LONGEST: usize = 100;
/// What stands for the description of a function that has none.
const NOTHING: &str = "What the issue says.";

/// `head`, which is the beginning of a function of the file at `path` or what an issue calls it
/// with, described by `examples`. `None`: there is no head or no example that fits.
pub(super) fn described(path: &str, head: &str, examples: &[Tried]) -> Option<String> {
    let calls: Vec<(String, String)> = examples
        .iter()
        // Statements describe what goes before a call too.
        .filter(|it| it.example.expected != Expected::Passes)
        // Blanks in a text are part of it.
        .map(|it| (it.example.call.clone(), it.example.expected.words()))
        .filter(|(call, gives)| call.len() + gives.len() <= LONGEST && plain(call) && plain(gives))
        .take(MOST)
        .collect();
    let head = head.trim_end();
    if calls.is_empty() || !head.contains('(') {
        return None;
    }
    let text = match Language::of(path)? {
        Language::Python => python(head, &calls),
        Language::JavaScript => {
            let is_code = head.contains("function") || head.contains("=>") || head.ends_with('{');
            let head = if is_code { head.to_owned() } else { format!("function {head}") };
            commented("// ", &head, &calls)
        }
        Language::Rust => commented("/// ", head, &calls),
        Language::C | Language::Go => commented("// ", head, &calls),
        Language::Shell => return None,
    };
    Some(unfenced(&text))
}

/// Whether it ends no comment, no line, and no description.
fn plain(text: &str) -> bool {
    !["\"\"\"", "*/", "```", "\n"].iter().any(|it| text.contains(it))
}

fn python(head: &str, calls: &[(String, String)]) -> String {
    let lines = |indent: &str| -> String {
        let line = |(call, gives): &(String, String)| match gives.strip_prefix("raises ") {
            Some(error) => format!("{indent}>>> {call}\n{indent}{error}\n"),
            None => format!("{indent}>>> {call}\n{indent}{gives}\n"),
        };
        calls.iter().map(line).collect()
    };
    let first = head.lines().find(|it| it.trim_start().starts_with("def ")).unwrap_or(head);
    let indent = " ".repeat(first.len() - first.trim_start().len() + 4);
    if let Some(open) = head.strip_suffix("\"\"\"") {
        return format!("{}\n\n{}{indent}\"\"\"", open.trim_end(), lines(&indent));
    }
    let head = match head.trim_start().starts_with(['d', '@', 'a', '#']) && head.contains("def ") {
        true => head.to_owned(),
        false => format!("def {head}"),
    };
    let head = head.trim_end_matches(':');
    format!("{head}:\n{indent}\"\"\"{NOTHING}\n\n{}{indent}\"\"\"", lines(&indent))
}

/// An answer without the description that was given to it: that is of the issue, and not of the
/// code.
pub fn undescribed(reply: &str, examples: &[Tried]) -> String {
    let told = |line: &str| {
        let line = line.trim();
        let typed = line.strip_prefix(">>> ");
        let commented = ["/// ", "// "].iter().find_map(|it| line.strip_prefix(it));
        examples.iter().find_map(|it| {
            let (call, gives) = (&it.example.call, it.example.expected.words());
            if typed == Some(call) {
                return Some(Some(gives.strip_prefix("raises ").unwrap_or(&gives).to_owned()));
            }
            (commented == Some(&format!("{call} gives {gives}"))).then_some(None)
        })
    };
    let mut out = String::with_capacity(reply.len());
    let mut result: Option<String> = None;
    for line in reply.split_inclusive('\n') {
        if let Some(found) = told(line) {
            result = found;
        } else if result.take().is_none_or(|it| line.trim() != it) {
            out.push_str(line);
        }
    }
    if out.len() == reply.len() {
        return out;
    }
    undocumented(&out.replace(NOTHING, ""))
}

/// Without empty descriptions, and with those of one line in one.
fn undocumented(text: &str) -> String {
    const MARK: &str = "\"\"\"";
    let Some((before, rest)) = text.split_once(MARK) else { return text.to_owned() };
    let Some((own, after)) = rest.split_once(MARK) else { return text.to_owned() };
    let (plain, after) = (own.trim_end(), undocumented(after));
    if plain.trim().is_empty() {
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        return format!("{}{}", &before[..line], after.strip_prefix('\n').unwrap_or(&after));
    }
    match plain.contains('\n') {
        true => format!("{before}{MARK}{own}{MARK}{after}"),
        false => format!("{before}{MARK}{plain}{MARK}{after}"),
    }
}

fn commented(mark: &str, head: &str, calls: &[(String, String)]) -> String {
    let (above, own) = match head.rfind('\n') {
        Some(at) if head[at..].contains('(') => head.split_at(at + 1),
        _ => ("", head),
    };
    let lines: String =
        calls.iter().map(|(call, gives)| format!("{mark}{call} gives {gives}\n")).collect();
    let open = if own.ends_with('{') { "" } else { " {" };
    format!("{above}{lines}{own}{open}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example::{Example, Language as Code, Source, Verdict};

    fn tried(call: &str, expected: Expected) -> Tried {
        Tried {
            example: Example {
                language: Code::Python,
                path: "a".to_owned(),
                call: call.to_owned(),
                expected,
                given: None,
                source: Source::Spelled,
            },
            verdict: Verdict::Holds,
        }
    }

    fn value(call: &str, value: &str) -> Tried {
        tried(call, Expected::Value(value.to_owned()))
    }

    #[test]
    fn a_function_of_python_is_described_as_its_own_prompt_shows_it() {
        let examples =
            [value("half(3)", "1.5"), tried("half(-1)", Expected::Raises("ValueError".to_owned()))];
        let shown = "    >>> half(3)\n    1.5\n    >>> half(-1)\n    ValueError\n    \"\"\"";
        let begins = "def half(x):\n    \"\"\"";
        for (head, text) in [
            ("def half(x):", format!("{begins}What the issue says.\n\n{shown}")),
            ("half(x)", format!("{begins}What the issue says.\n\n{shown}")),
            (
                "def half(x):\n    \"\"\"Of two parts one.\"\"\"",
                format!("{begins}Of two parts one.\n\n{shown}"),
            ),
        ] {
            assert_eq!(described("a.py", head, &examples), Some(text), "{head}");
        }
    }

    #[test]
    fn elsewhere_by_lines_above_its_head() {
        let examples = [value("half(3)", "1.5")];
        let blanks = [value("half('  a')", "'  '")];
        let text = described("a.js", "half(x)", &blanks).unwrap();
        assert!(text.starts_with("// half('  a') gives '  '\n"), "{text}");
        for (path, head, text) in [
            ("a.js", "half(x)", "// half(3) gives 1.5\nfunction half(x) {"),
            (
                "a.js",
                "// One of two.\nexport function half(x)",
                "// One of two.\n// half(3) gives 1.5\nexport function half(x) {",
            ),
            (
                "a.rs",
                "pub fn half(x: f64) -> f64",
                "/// half(3) gives 1.5\npub fn half(x: f64) -> f64 {",
            ),
            ("a.c", "double half(double x)", "// half(3) gives 1.5\ndouble half(double x) {"),
        ] {
            assert_eq!(described(path, head, &examples).as_deref(), Some(text));
        }
    }

    #[test]
    fn an_answer_is_rid_of_the_description_that_it_was_given() {
        let examples =
            [value("half(3)", "1.5"), tried("half(-1)", Expected::Raises("ValueError".to_owned()))];
        let body = "    return x / 2\n";
        for (head, text) in [
            ("half(x)", format!("def half(x):\n{body}")),
            (
                "def half(x):\n    \"\"\"Of two.\"\"\"",
                format!("def half(x):\n    \"\"\"Of two.\"\"\"\n{body}"),
            ),
        ] {
            let answer = described("a.py", head, &examples).unwrap() + "\n" + body;
            assert_eq!(undescribed(&answer, &examples), text);
            assert_eq!(undescribed(&text, &examples), text);
        }
        let answer = described("a.js", "half(x)", &examples).unwrap() + "\n";
        assert_eq!(undescribed(&answer, &examples), "function half(x) {\n");
    }

    #[test]
    fn without_a_head_or_an_example_there_is_nothing_to_describe() {
        let examples = [value("half(3)", "1.5")];
        assert_eq!(described("a.py", "", &examples), None);
        assert_eq!(described("a.py", "half", &examples), None);
        assert_eq!(described("a.py", "half(x)", &[]), None);
        assert_eq!(described("a.sh", "half(x)", &examples), None);
        assert_eq!(described("a.py", "half(x)", &[value("half('\"\"\"')", "1")]), None);
    }
}
