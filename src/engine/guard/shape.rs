//! Whether a text has the shape of a source file: no leftovers of an answer's form in it.

use std::collections::HashSet;

use super::language::{Code, Language};

/// What is wrong with the shape of `new`, as the end of a sentence: "`x.py` …".
pub(super) fn fault(path: &str, old: Option<&str>, new: &str) -> Option<String> {
    let known: HashSet<&str> = old.unwrap_or_default().lines().map(str::trim_end).collect();
    let fresh = |line: &&str| !known.contains(line.trim_end());
    if let Some(marker) = new.lines().filter(fresh).find(|line| is_marker(line)) {
        return Some(format!("has a line `{}` of an edit or a merge in it", marker.trim()));
    }
    let language = Language::of(path)?;
    if old.is_some_and(|old| !old.trim().is_empty()) && new.trim().is_empty() {
        return Some("is empty now".to_owned());
    }
    let code = Code::of(language, new);
    let is_code = |number: usize| code.begins_in_code.get(number) == Some(&true);
    let fence = |line: &str| line.trim_start().starts_with("```") || line.starts_with("~~~");
    if new.lines().enumerate().any(|(i, line)| fresh(&line) && is_code(i) && fence(line)) {
        return Some("has a line ``` in it, which is not code".to_owned());
    }
    let mut filled = new.lines().filter(|line| !line.trim().is_empty());
    let (first, last) = (filled.next(), filled.next_back());
    let here_document = language == Language::Shell && new.contains("<<");
    let ends =
        [first, last.filter(|_| !code.ends_inside && !here_document && ends_in_code(new, &code))];
    if let Some(prose) = ends.into_iter().flatten().filter(fresh).find(|line| is_prose(line)) {
        return Some(format!("has a sentence in it that is not code: \"{}\"", prose.trim()));
    }
    None
}

/// Whether the last line that is not blank begins in code.
fn ends_in_code(text: &str, code: &Code) -> bool {
    let last = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last();
    last.is_some_and(|(i, _)| code.begins_in_code.get(i) == Some(&true))
}

fn is_marker(line: &str) -> bool {
    ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|it| line.starts_with(it))
        || matches!(line.trim(), "<<<<<<<" | ">>>>>>>" | "<<<<<<< SEARCH" | ">>>>>>> REPLACE")
}

/// A sentence to a reader, where code should be: words alone, from a capital to a full stop.
fn is_prose(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let japanese = line.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c));
    if japanese {
        let code = ['#', '/', '*', '"', '\'', '(', '=', '<', '-'];
        return line.ends_with(['。', '：', ':']) && !line.starts_with(code) && !line.contains('=');
    }
    words >= 4
        && line.starts_with(|c: char| c.is_ascii_uppercase())
        && line.ends_with(['.', ':', '!'])
        && line.chars().all(|c| c.is_alphanumeric() || " .,:!'`’-_/\"".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_an_answer_are_no_code() {
        let old = Some("x = 1\n");
        for new in [
            "```python\nx = 2\n```\n",
            "Here is the updated file:\n\nx = 2\n",
            "x = 2\n\nThis function now returns the right value.\n",
            "<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE\n",
            "以下のように修正しました。\nx = 2\n",
            "",
        ] {
            assert!(fault("a.py", old, new).is_some(), "{new}");
        }
        assert_eq!(
            fault(
                "a.py",
                old,
                "def f():\n    \"\"\"Say:\n\n    ```\n    f()\n    ```\n    \"\"\"\n"
            ),
            None
        );
        assert_eq!(fault("a.md", old, "Heading\n=======\n\n```\nx\n```\n"), None);
    }
}
