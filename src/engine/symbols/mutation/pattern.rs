//! Small changes of a regular expression: a quantifier more or less, a class turned round, an anchor,
//! a flag. The operators are those of mutation testing for expressions (Stryker's `Regex` mutator).

use tree_sitter::Node;

/// What may stand behind a part to say how often.
const QUANTIFIERS: [char; 4] = ['+', '*', '?', '{'];

/// Other patterns, close to this one.
pub(super) fn close(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, end) in parts(pattern) {
        let (before, own, behind) = (&pattern[..start], &pattern[start..end], &pattern[end..]);
        match behind.chars().next().filter(|it| QUANTIFIERS.contains(it)) {
            None => found.push(format!("{before}{own}+{behind}")),
            Some('+') => {
                found.extend(["", "*"].map(|it| format!("{before}{own}{it}{}", &behind[1..])));
            }
            Some('*') => {
                found.extend(["", "+"].map(|it| format!("{before}{own}{it}{}", &behind[1..])));
            }
            Some(_) => {}
        }
        if let Some(inner) = own.strip_prefix('[') {
            let turned =
                inner.strip_prefix('^').map_or_else(|| format!("[^{inner}"), |it| format!("[{it}"));
            found.push(format!("{before}{turned}{behind}"));
        }
    }
    match pattern.strip_prefix('^') {
        Some(rest) => found.push(rest.to_owned()),
        None => found.push(format!("^{pattern}")),
    }
    match pattern.strip_suffix('$').filter(|it| !it.ends_with('\\')) {
        Some(rest) => found.push(rest.to_owned()),
        None => found.push(format!("{pattern}$")),
    }
    found
}

/// Where the classes and the escaped classes of a pattern stand.
fn parts(pattern: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut class = None;
    let mut chars = pattern.char_indices();
    while let Some((at, it)) = chars.next() {
        match it {
            '\\' => {
                let Some((next, escaped)) = chars.next() else { break };
                if class.is_none() && "wWsSdD".contains(escaped) {
                    found.push((at, next + 1));
                }
            }
            '[' if class.is_none() => class = Some(at),
            ']' => found.extend(class.take().map(|start| (start, at + 1))),
            _ => {}
        }
    }
    found
}

/// The pattern that `node` is, and its flags, as far as JavaScript writes them behind it; and what
/// Python gives the functions of `re` first.
pub(super) fn of<'t>(node: Node<'t>, text: &str) -> Option<(Node<'t>, Option<Node<'t>>)> {
    if node.kind() == "regex" {
        return Some((node.child_by_field_name("pattern")?, node.child_by_field_name("flags")));
    }
    let function = node.child_by_field_name("function").filter(|_| node.kind() == "call")?;
    let object = function.child_by_field_name("object")?;
    let first = node.child_by_field_name("arguments")?.named_child(0)?;
    let content = first.named_child(1).filter(|it| it.kind() == "string_content")?;
    let is_plain = first.kind() == "string" && first.named_child_count() == 3;
    (text.get(object.byte_range()) == Some("re") && is_plain).then_some((content, None))
}
