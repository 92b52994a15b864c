//! Python, JavaScript, TypeScript, shell.

use super::{Definition, after, identifier, indent, is_word, without};

pub(super) fn python(code: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    let mut scopes: Vec<(usize, bool, &str)> = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let depth = indent(line);
        let text = without(line.trim(), &["async"]);
        if !text.starts_with([')', ']', '}']) {
            scopes.retain(|(outer, ..)| *outer < depth);
        }
        if scopes.iter().any(|(_, is_class, _)| !is_class) {
            continue; // Inside a function: its own affair.
        }
        let scope = scopes.last().map_or("", |(.., name)| *name);
        let item = |name: &str| {
            let hidden = name.starts_with('_') && !name.starts_with("__");
            Definition::new(scope, name, hidden)
        };
        if let Some(rest) = after(text, "def") {
            let name = identifier(rest);
            found.push(item(name));
            scopes.push((depth, false, name));
        } else if let Some(rest) = after(text, "class") {
            let name = identifier(rest);
            found.push(item(name));
            scopes.push((depth, true, name));
        } else if depth == 0 && is_constant(text) {
            found.push(item(identifier(text)));
        }
    }
    found.retain(|it| !it.name.is_empty());
    found
}

/// `NAME = …` or `NAME: type = …`, in capitals.
fn is_constant(line: &str) -> bool {
    let name = identifier(line);
    let rest = line[name.len()..].trim_start();
    let assigned = rest.starts_with(':') || (rest.starts_with('=') && !rest.starts_with("=="));
    let capitals = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    assigned && name.len() > 1 && capitals && name.contains(|c: char| c.is_ascii_uppercase())
}

pub(super) fn javascript(code: &str) -> Vec<Definition> {
    let (mut found, mut exports) = (Vec::new(), Vec::new());
    let mut class: Option<(&str, usize)> = None;
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let depth = indent(line);
        if depth > 0 {
            if let Some((name, members)) = &mut class {
                *members = if *members == 0 { depth } else { *members };
                if depth == *members {
                    found.extend(member(line.trim()).map(|it| Definition::new(name, it, false)));
                }
            }
            continue;
        }
        if line.starts_with('}') {
            class = None;
            continue;
        }
        let exported = after(line, "export").is_some();
        let text = without(line, &["export", "default", "declare", "abstract", "async"]);
        let Some((kind, name)) = item(text) else { continue };
        if kind == "class" && !line.trim_end().ends_with('}') {
            class = Some((name, 0));
        }
        found.push(Definition::new("", name, true));
        if exported {
            found.push(Definition::export(name));
        }
    }
    collect_exports(code, &mut exports);
    found.extend(exports.iter().map(|name| Definition::export(name)));
    let public: Vec<String> =
        found.iter().filter(|it| it.is_export()).map(|it| it.name.clone()).collect();
    for it in &mut found {
        it.private &= !public.contains(&it.name);
    }
    found
}

/// The kind and the name of what a line at the left margin defines.
fn item(line: &str) -> Option<(&'static str, &str)> {
    const KINDS: [&str; 8] =
        ["function", "class", "interface", "type", "enum", "const", "let", "var"];
    let text = line.replacen("function*", "function ", 1);
    let kind = KINDS.into_iter().find(|kind| after(&text, kind).is_some())?;
    let rest = line.strip_prefix(kind)?.trim_start_matches('*').trim_start();
    let rest = after(rest, "enum").unwrap_or(rest);
    let name = identifier(rest);
    (!name.is_empty()).then_some((kind, name))
}

/// The name of a method or field, for a line at the first level of a class.
fn member(line: &str) -> Option<&str> {
    const MODIFIERS: [&str; 10] = [
        "public",
        "private",
        "protected",
        "readonly",
        "override",
        "abstract",
        "static",
        "async",
        "get",
        "set",
    ];
    let text = without(line, &MODIFIERS).trim_start_matches(['*', '#', ' ']);
    let name = identifier(text);
    let rest = text[name.len()..].trim_start();
    (!name.is_empty() && rest.starts_with(['(', '<', '='])).then_some(name)
}

fn collect_exports<'a>(code: &'a str, exports: &mut Vec<&'a str>) {
    for opening in ["export {", "export type {", "module.exports = {"] {
        for (at, _) in code.match_indices(opening) {
            let body = &code[at + opening.len()..];
            let body = &body[..body.find('}').unwrap_or(body.len())];
            for part in body.split(',') {
                let part = part.trim();
                let name = part.rsplit(" as ").next().unwrap_or(part).trim();
                let name = identifier(name);
                if !name.is_empty() {
                    exports.push(name);
                }
            }
        }
    }
    for line in code.lines() {
        let text = line.strip_prefix("module.").unwrap_or(line);
        if let Some(rest) = text.strip_prefix("exports.") {
            let name = identifier(rest);
            let rest = rest[name.len()..].trim_start();
            if rest.starts_with('=') && !name.is_empty() {
                exports.push(name);
            }
        }
    }
}

pub(super) fn shell(code: &str) -> Vec<Definition> {
    let mut found = Vec::new();
    for line in code.lines() {
        let text = line.trim_start();
        let keyword = after(text, "function");
        let rest = keyword.unwrap_or(text);
        let end = rest.find(|c| !is_word(c) && c != '-').unwrap_or(rest.len());
        let name = &rest[..end];
        let call = rest[end..].trim_start().starts_with("()");
        if !name.is_empty() && (call || keyword.is_some()) {
            found.push(Definition::new("", name, false));
        }
    }
    found
}
