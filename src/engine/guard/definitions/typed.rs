//! Rust, Go, C and C++.

use super::{Definition, after, identifier, indent, is_word, without};

/// What a line of Rust stands inside of.
enum Scope {
    /// `impl` or `trait`: its header, and whether its members are for others.
    Members(String, bool),
    Module,
    /// A function or the tests: their inside is their own affair.
    Closed,
}

pub(super) fn rust(code: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut scopes: Vec<(usize, Scope)> = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let (depth, text) = (indent(line), line.trim());
        if !text.starts_with([')', ']', '{', '>', '-']) && !text.starts_with("where") {
            scopes.retain(|(outer, _)| *outer < depth);
        }
        if text.starts_with('#') || scopes.iter().any(|it| matches!(it.1, Scope::Closed)) {
            continue;
        }
        let (public, rest) = visibility(text);
        if rest.starts_with("impl") && !rest[4..].starts_with(is_word) {
            let header = rest.split(" where").next().unwrap_or(rest);
            let header = header.trim_end_matches(['{', ' ', '}']).to_owned();
            let for_others = header.contains(" for ");
            scopes.push((depth, Scope::Members(header, for_others)));
            continue;
        }
        let Some((kind, name)) = rust_item(rest) else { continue };
        let (scope, open) = match scopes.last() {
            Some((_, Scope::Members(header, open))) => (header.as_str(), *open),
            _ => ("", false),
        };
        let tests = kind == "mod" && name.contains("test");
        if !tests && kind != "mod" {
            found.push(Definition::new(scope, name, !public && !open && kind != "macro_rules!"));
        }
        match kind {
            "mod" if text.ends_with(';') => {}
            "mod" if !tests => scopes.push((depth, Scope::Module)),
            "trait" => scopes.push((depth, Scope::Members(format!("trait {name}"), true))),
            "fn" | "mod" | "macro_rules!" => scopes.push((depth, Scope::Closed)),
            _ => {}
        }
    }
    found
}

fn visibility(text: &str) -> (bool, &str) {
    let Some(rest) = text.strip_prefix("pub") else { return (false, text) };
    match rest.chars().next() {
        Some('(') => (true, rest.split_once(')').map_or("", |it| it.1).trim_start()),
        Some(c) if c.is_whitespace() => (true, rest.trim_start()),
        _ => (false, text),
    }
}

fn rust_item(text: &str) -> Option<(&'static str, &str)> {
    const KINDS: [&str; 9] =
        ["fn", "struct", "enum", "trait", "type", "const", "static", "mod", "union"];
    if let Some(rest) = text.strip_prefix("macro_rules!") {
        let name = identifier(rest.trim_start());
        return (!name.is_empty()).then_some(("macro_rules!", name));
    }
    let mut text = without(text, &["default", "async", "unsafe", "extern"]);
    if let Some(rest) = after(text, "const") {
        let rest = without(rest, &["async", "unsafe", "extern"]);
        text = if after(rest, "fn").is_some() { rest } else { text };
    }
    let (kind, rest) = KINDS.into_iter().find_map(|kind| Some((kind, after(text, kind)?)))?;
    let name = identifier(after(rest, "mut").unwrap_or(rest));
    (!name.is_empty() && name != "_").then_some((kind, name))
}

pub(super) fn go(code: &str) -> Vec<Definition> {
    let item = |scope: &str, name: &str| {
        let private = !name.starts_with(char::is_uppercase);
        (!name.is_empty() && name != "_").then(|| Definition::new(scope, name, private))
    };
    let mut found = Vec::new();
    let mut in_group = false;
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        if in_group && indent(line) == 0 {
            in_group = false;
        } else if in_group && indent(line) == 1 {
            found.extend(item("", identifier(line.trim())));
        }
        if let Some(rest) = after(line, "func") {
            match rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                Some((receiver, rest)) => {
                    let owner = receiver.rsplit([' ', '*']).find(|it| !it.is_empty());
                    let owner = identifier(owner.unwrap_or_default());
                    found.extend(item(owner, identifier(rest.trim_start())));
                }
                None => found.extend(item("", identifier(rest))),
            }
        }
        for kind in ["type", "const", "var"] {
            if let Some(rest) = after(line, kind) {
                in_group = rest.starts_with('(');
                found.extend(item("", identifier(rest)));
            }
        }
    }
    found
}

pub(super) fn c(code: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    for line in code.lines().filter(|line| indent(line) == 0 && !line.trim().is_empty()) {
        let line = line.trim_end();
        if let Some(rest) = line.strip_prefix('#') {
            let name = after(rest.trim_start(), "define").map(identifier).unwrap_or_default();
            found.push(Definition::new("", name, false));
        } else if after(line, "typedef").is_some() || line.starts_with('}') {
            // `typedef struct { … } name;`, on one line or on its last.
            let end = line.trim_end_matches([';', ' ']);
            let at = end.rfind(|c| !is_word(c)).map_or(0, |at| at + c_width(end, at));
            if line.ends_with(';') && end.len() > at {
                found.push(Definition::new("", identifier(&end[at..]), false));
            }
        } else if let Some(name) = c_type(line) {
            found.push(Definition::new("", name, false));
        } else if let Some(name) = c_function(line) {
            let scope = if line.ends_with(';') { "proto" } else { "" };
            found.push(Definition::new(scope, name, after(line, "static").is_some()));
        }
    }
    found.retain(|it| !it.name.is_empty());
    found
}

fn c_width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

/// `struct ring {`, also without the brace on the same line.
fn c_type(line: &str) -> Option<&str> {
    let rest = ["struct", "enum", "union", "class"].iter().find_map(|kind| after(line, kind))?;
    let name = identifier(rest);
    let rest = rest[name.len()..].trim_start();
    (rest.is_empty() || rest.starts_with(['{', ':'])).then_some(name)
}

/// `int *put(struct ring *r)`, with its type on the same line or the one above.
fn c_function(line: &str) -> Option<&str> {
    const OTHERS: [&str; 9] =
        ["if", "for", "while", "switch", "return", "else", "do", "sizeof", "defined"];
    let head = &line[..line.find('(')?];
    let name = head.trim_end();
    let at = name.rfind(|c| !is_word(c)).map_or(0, |at| at + c_width(name, at));
    let name = &name[at..];
    let plain = !head.contains(['=', '{', '}', '"', '.', ',']) && identifier(name) == name;
    let alone = at == 0 && line.ends_with(';'); // A macro's call.
    (plain && !alone && !name.is_empty() && !OTHERS.contains(&identifier(head))).then_some(name)
}
