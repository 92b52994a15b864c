//! Code that an issue shows: sessions of a language's own prompt, assertions, calls with a comment
//! behind them, lists and tables of calls and their values.

use super::claim::{Claim, Result, pair};
use super::value::{Call, Value};

/// What is read from a block, or a line of one.
type Known<'a> = &'a dyn Fn(&str) -> bool;

/// What a fenced block says.
pub(super) fn claims(lines: &[&str], is_known: Known<'_>) -> Vec<Claim> {
    let prompt =
        [">>> ", "> "].into_iter().find(|it| lines.iter().any(|line| line.starts_with(it)));
    match prompt {
        Some(prompt) => session(lines, prompt, is_known),
        None => lines.iter().filter_map(|line| line_of(line.trim(), is_known)).collect(),
    }
}

/// `>>> f(1)` and below it what came of it.
fn session(lines: &[&str], prompt: &str, is_known: Known<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut at = 0;
    // What is not a call may change what the calls after it give.
    let mut clean = true;
    while let Some(line) = lines.get(at) {
        at += 1;
        let Some(typed) = line.strip_prefix(prompt) else { continue };
        let begin = at;
        while lines.get(at).is_some_and(|it| !it.starts_with(prompt.trim_end())) {
            at += 1;
        }
        let shown = lines.get(begin..at).unwrap_or_default();
        let shown: Vec<&str> =
            shown.iter().copied().take_while(|it| !it.trim().is_empty()).collect();
        match Value::begins(typed) {
            Some((Value::Call(call), rest)) => {
                let rest = rest.trim().trim_start_matches(';').trim_start();
                let comment = rest.strip_prefix('#').or_else(|| rest.strip_prefix("//"));
                if !clean || !(rest.is_empty() || comment.is_some()) {
                    continue;
                }
                claims.extend(shown_of(call, &shown, comment, is_known));
            }
            _ => clean &= is_import(typed),
        }
    }
    claims
}

fn is_import(line: &str) -> bool {
    let line = line.trim();
    ["from ", "import "].iter().any(|it| line.starts_with(it)) || line.contains("require(")
}

/// What a session shows below a call, and what a comment behind the call says of it.
fn shown_of(
    call: Call,
    shown: &[&str],
    comment: Option<&str>,
    is_known: Known<'_>,
) -> Option<Claim> {
    let result = match shown {
        [] => return comment.and_then(|it| commented(call, it, is_known)),
        [one] if !one.starts_with("Traceback") => Value::of(one).map(Result::Value),
        [first, ..] if first.starts_with("Traceback") => error_of(shown),
        // A stack below the error, in node.
        [first, ..] if first.starts_with("Uncaught ") => error_of(&shown[..1]),
        _ => None,
    };
    let result = result?;
    let more = comment.and_then(|it| commented(call.clone(), it, is_known));
    let wanted = more.and_then(|it| it.wanted);
    let complaint = wanted.is_some();
    Some(Claim { call, said: Some(result), wanted, complaint })
}

/// The error that a traceback ends with.
fn error_of(lines: &[&str]) -> Option<Result> {
    let last = lines.iter().rev().find(|it| !it.starts_with(' '))?;
    let last = last.strip_prefix("Uncaught ").unwrap_or(last);
    let name = last.split([':', ' ']).next()?.rsplit('.').next()?;
    super::is_error(name).then(|| Result::Raises(name.to_owned()))
}

/// One line of code.
fn line_of(line: &str, is_known: Known<'_>) -> Option<Claim> {
    if let Some(claim) = asserted(line) {
        return Some(claim);
    }
    if let Some((call, value)) = pair(line.trim_end_matches(';')) {
        return Some(Claim { said: Some(Result::Value(value)), ..Claim::about(call) });
    }
    let (value, rest) = printed(line).or_else(|| Value::begins(line))?;
    let Value::Call(call) = value else { return None };
    let rest = rest.trim_start().trim_start_matches(';').trim_start();
    // A table without lines, or what somebody says behind it.
    let comment = rest.strip_prefix('#').or_else(|| rest.strip_prefix("//"))?;
    commented(call, comment, is_known)
}

/// `print(f(1))  # 2`: the call in it, and what follows.
fn printed(line: &str) -> Option<(Value, &str)> {
    let inner = ["console.log(", "print("].iter().find_map(|it| line.strip_prefix(it))?;
    let (value, rest) = Value::begins(inner)?;
    Some((value, rest.trim_start().strip_prefix(')')?))
}

/// What a comment says: `=> 2`, `2, should be 3`, `should raise ValueError`.
fn commented(call: Call, comment: &str, is_known: Known<'_>) -> Option<Claim> {
    let comment = comment.trim();
    let plain = ["=>", "->", "→"].iter().find_map(|it| comment.strip_prefix(it)).unwrap_or(comment);
    if let Some(value) = Value::of(plain) {
        return Some(Claim { said: Some(Result::Value(value)), ..Claim::about(call) });
    }
    let mut found = super::claim::claims(comment, Some(call), is_known);
    let claim = found.pop()?;
    found.is_empty().then_some(claim)
}

/// `assert f(1) == 2` and its kin.
fn asserted(line: &str) -> Option<Claim> {
    let line = line.trim_end_matches(';').trim_end();
    let wanted =
        |call, value| Some(Claim { wanted: Some(Result::Value(value)), ..Claim::about(call) });
    if let Some(rest) = line.strip_prefix("assert ") {
        if let Some((call, value)) = pair(rest) {
            return wanted(call, value);
        }
        let (value, rest) = Value::begins(rest)?;
        let rest = rest.trim();
        let constant = rest.strip_prefix("is ").and_then(Value::of);
        return match (value, constant) {
            (Value::Call(call), Some(value @ (Value::Null | Value::Bool(_)))) => {
                wanted(call, value)
            }
            _ => None,
        };
    }
    let two = [
        "assert_eq!(",
        "self.assertEqual(",
        "assertEqual(",
        "assert.equal(",
        "assert.strictEqual(",
        "assert.deepEqual(",
        "assert.deepStrictEqual(",
    ];
    if let Some(inner) = two.iter().find_map(|it| line.strip_prefix(it)) {
        let (first, rest) = Value::begins(inner)?;
        let (second, rest) = Value::begins(rest.trim_start().strip_prefix(',')?)?;
        if rest.trim() != ")" {
            return None;
        }
        return match (first, second) {
            (Value::Call(call), value) | (value, Value::Call(call)) => wanted(call, value),
            _ => None,
        };
    }
    if let Some(inner) = line.strip_prefix("assert(").and_then(|it| it.strip_suffix(')')) {
        let (call, value) = pair(inner)?;
        return wanted(call, value);
    }
    let inner = line.strip_prefix("expect(")?;
    let (value, rest) = Value::begins(inner)?;
    let rest = rest.trim_start().strip_prefix(')')?;
    let rest =
        [".toBe(", ".toEqual(", ".toStrictEqual("].iter().find_map(|it| rest.strip_prefix(it))?;
    let expected = Value::of(rest.strip_suffix(')')?)?;
    match value {
        Value::Call(call) => wanted(call, expected),
        _ => None,
    }
}

/// The rows of a Markdown table whose head says what its columns are.
pub(super) fn table(rows: &[&str]) -> Vec<Claim> {
    let cells = |row: &str| {
        let row = row.trim().trim_start_matches('|').trim_end_matches('|');
        row.split('|').map(|it| it.trim().trim_matches('`').trim().to_owned()).collect::<Vec<_>>()
    };
    let [head, line, body @ ..] = rows else { return Vec::new() };
    if !line.chars().all(|it| matches!(it, '|' | '-' | ':' | ' ')) {
        return Vec::new();
    }
    let head = cells(&head.to_lowercase());
    let column = |words: &[&str]| {
        let mut found =
            head.iter().enumerate().filter(|(_, it)| words.iter().any(|word| it.contains(word)));
        let first = found.next().map(|(at, _)| at);
        if found.next().is_some() { None } else { first }
    };
    let wanted = column(&["expected", "should", "wanted", "期待", "正しい"]);
    let said =
        column(&["actual", "currently", "current", "now", "got", "today", "現在", "実際", "今"]);
    let plain = column(&["result", "returns", "gives", "value", "output", "結果"]);
    let said = said.or(plain.filter(|at| Some(*at) != wanted));
    let rows = body.iter().filter_map(|row| {
        let cells = cells(row);
        let mut calls = cells.iter().filter_map(|it| match Value::of(it) {
            Some(Value::Call(call)) => Some(call),
            _ => None,
        });
        let (call, None) = (calls.next()?, calls.next()) else { return None };
        let cell = |at: Option<usize>| {
            at.and_then(|at| cells.get(at)).map(|it| Value::of(it).map(Result::Value))
        };
        // A cell that is not understood makes the row worthless.
        let (said, wanted) = (cell(said), cell(wanted));
        if said == Some(None) || wanted == Some(None) || cells.len() != head.len() {
            return None;
        }
        let (said, wanted) = (said.flatten(), wanted.flatten());
        let complaint = wanted.is_some();
        (said.is_some() || wanted.is_some()).then_some(Claim { call, said, wanted, complaint })
    });
    rows.collect()
}
