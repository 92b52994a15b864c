//! `unittest` and `pytest`.

use super::Names;

pub(super) fn read(output: &str, names: &mut Names) {
    if output.lines().any(|line| line.starts_with("Ran ") && line.contains(" test")) {
        unittest(output, names);
    }
    if output.contains("::") || output.contains("short test summary info") {
        pytest(output, names);
    }
}

/// Failures stand under a double line; with `-v` each test has a line, which its own output may
/// tear apart.
fn unittest(output: &str, names: &mut Names) {
    let mut begun: Option<String> = None;
    let mut after_rule = false;
    for line in output.lines() {
        if after_rule
            && let Some(failed) =
                line.strip_prefix("ERROR: ").or_else(|| line.strip_prefix("FAIL: "))
        {
            if let Some((name, _)) = unittest_name(failed) {
                names.add(false, name);
            }
            begun = None;
        }
        after_rule = line.starts_with("======");
        if let Some((name, rest)) = unittest_name(line)
            && (rest.is_empty() || rest.starts_with(" ... "))
        {
            begun = Some(name);
        }
        let result = line.rsplit_once(" ... ").map_or(line, |(_, result)| result);
        match result.split_whitespace().next() {
            Some("ok") if result.trim() == "ok" => {
                if let Some(name) = begun.take() {
                    names.add(true, name);
                }
            }
            Some("FAIL" | "ERROR" | "skipped" | "expected") if line.contains(" ... ") => {
                begun = None
            }
            _ => {}
        }
    }
}

/// `test_two (calc.Sums.test_two)`, before Python 3.11 `test_two (calc.Sums)`: the full name, and
/// what comes after it.
pub(super) fn unittest_name(line: &str) -> Option<(String, &str)> {
    let (test, rest) = line.trim_start().split_once(" (")?;
    let (path, rest) = rest.split_once(')')?;
    let word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_.<>".contains(c))
    };
    if !word(test) || !word(path) {
        return None;
    }
    let full = path.rsplit('.').next() == Some(test);
    Some((if full { path.to_owned() } else { format!("{path}.{test}") }, rest))
}

/// Lines of `-v` and of the short summary.
fn pytest(output: &str, names: &mut Names) {
    for line in output.lines() {
        for (word, passed) in [("PASSED", true), ("FAILED", false), ("ERROR", false)] {
            if let Some(name) = line.strip_prefix(word).and_then(|rest| rest.strip_prefix(' ')) {
                if is_test_id(name) {
                    names.add(passed, without_reason(name));
                }
            } else if let Some((_, name)) = line.split_once(&format!("] {word} "))
                && line.starts_with("[gw")
            {
                // pytest-xdist: `[gw0] [ 14%] PASSED tests/test_a.py::test_b`
                if is_test_id(name) {
                    names.add(passed, name.trim());
                }
            } else if let Some((name, rest)) = line.rsplit_once(&format!(" {word}")) {
                let rest = rest.trim();
                let is_end = rest.is_empty() || (rest.starts_with('[') && rest.ends_with("%]"));
                if is_end && name.contains("::") && is_test_id(name) {
                    names.add(passed, name);
                }
            }
        }
    }
}

/// A path that ends in `.py`, alone or with `::` and more.
fn is_test_id(text: &str) -> bool {
    let path = text.split("::").next().unwrap_or(text);
    let path = path.split(" - ").next().unwrap_or(path);
    !path.contains(' ') && path.ends_with(".py")
}

/// `tests/test_a.py::test_b[1 - 2] - AssertionError: …` without the reason.
fn without_reason(text: &str) -> &str {
    let end = match (text.find('['), text.find(" - ")) {
        (Some(bracket), Some(reason)) if bracket < reason => {
            text.find("] - ").map_or(text.len(), |end| end + 1)
        }
        (_, Some(reason)) => reason,
        (_, None) => text.len(),
    };
    text[..end].trim()
}
