//! What asserts, in each language.

use std::ops::Range;

use tree_sitter::Node;

use super::{Assertion, Same};
use crate::domain::example::Language;

/// Functions of JavaScript's that take a condition.
const CONDITIONS: [&str; 3] = ["assert", "assert.ok", "console.assert"];
/// Those that take two values, and how they compare them.
const PAIRS: [(&str, &str); 7] = [
    ("assert.equal", "=="),
    ("assert.strictEqual", "is"),
    ("assert.deepEqual", "deep"),
    ("assert.deepStrictEqual", "deep"),
    ("toBe", "is"),
    ("toEqual", "deep"),
    ("toStrictEqual", "deep"),
];
/// Rust's macros.
const MACROS: [&str; 3] = ["assert", "assert_eq", "assert_ne"];

/// The assertion that `node` is, if it is one; `end` is where the outermost statement ends.
pub(super) fn of(language: Language, node: Node<'_>, text: &str, end: usize) -> Option<Assertion> {
    let found = found(language, node, text)?;
    let condition = match &found.same {
        Some(it) => it.left.start..it.right.end,
        None => found.parts.first()?.byte_range(),
    };
    Some(Assertion { bytes: node.byte_range(), end, condition, same: found.same })
}

/// The nodes of an assertion that are looked at.
pub(super) fn parts<'t>(language: Language, node: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    arguments(language, node).into_iter()
}

struct Found<'t> {
    parts: Vec<Node<'t>>,
    same: Option<Same>,
}

fn found<'t>(language: Language, node: Node<'t>, text: &str) -> Option<Found<'t>> {
    let written = |it: Node<'_>| text.get(it.byte_range()).unwrap_or_default();
    let parts = arguments(language, node);
    let first = *parts.first()?;
    match language {
        Language::Python => {
            (node.kind() == "assert_statement").then(|| Found { same: compared(first), parts })
        }
        Language::C => {
            let call = node.named_child(0)?;
            let name = call.child_by_field_name("function").map(written)?;
            let fits =
                node.kind() == "expression_statement" && name == "assert" && parts.len() == 1;
            fits.then(|| Found { same: compared(first), parts })
        }
        Language::JavaScript => {
            if node.kind() != "expression_statement" {
                return None;
            }
            let function = node.named_child(0)?.child_by_field_name("function")?;
            let name = written(function);
            if CONDITIONS.contains(&name) {
                return Some(Found { same: compared(first), parts });
            }
            let expects = function.child_by_field_name("object").filter(|it| is_expect(*it, text));
            let key = match (expects, function.child_by_field_name("property")) {
                (Some(_), Some(property)) => written(property),
                _ => name,
            };
            let how = PAIRS.iter().find(|(it, _)| *it == key)?.1;
            let [left, right, ..] = parts.as_slice() else { return None };
            let same = Same { left: left.byte_range(), right: right.byte_range(), how };
            Some(Found { same: Some(same), parts })
        }
        Language::Rust => {
            let call = node.named_child(0)?;
            let name = call.child_by_field_name("macro").map(written)?;
            let fits = node.kind() == "expression_statement" && MACROS.contains(&name);
            fits.then_some(Found { parts, same: None })
        }
        Language::Shell => None,
    }
}

/// The arguments of a call that is a statement, or what Python's `assert` has behind it.
fn arguments<'t>(language: Language, node: Node<'t>) -> Vec<Node<'t>> {
    let Some(call) = node.named_child(0) else { return Vec::new() };
    match language {
        // A message may follow.
        Language::Python if node.kind() == "assert_statement" => named(node),
        Language::Python | Language::Shell => Vec::new(),
        Language::Rust => named(call).into_iter().filter(|it| it.kind() == "token_tree").collect(),
        Language::C => of_call(call),
        Language::JavaScript => {
            let function = call.child_by_field_name("function");
            let expected = function.and_then(|it| it.child_by_field_name("object"));
            let expected = expected.filter(|it| it.kind() == "call_expression");
            let mut parts = expected.map(of_call).unwrap_or_default();
            parts.extend(of_call(call));
            parts
        }
    }
}

fn of_call(call: Node<'_>) -> Vec<Node<'_>> {
    call.child_by_field_name("arguments").map(named).unwrap_or_default()
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|it| !it.kind().contains("comment")).collect()
}

fn is_expect(node: Node<'_>, text: &str) -> bool {
    let function = node.child_by_field_name("function");
    let name: Option<Range<usize>> = function.map(|it| it.byte_range());
    node.kind() == "call_expression" && name.and_then(|it| text.get(it)) == Some("expect")
}

/// The sides of a comparison for being the same.
fn compared(node: Node<'_>) -> Option<Same> {
    let how = |it: Node<'_>| match it.kind() {
        "==" => Some("=="),
        "===" => Some("==="),
        _ => None,
    };
    let sides = match node.kind() {
        "comparison_operator" if node.named_child_count() == 2 => {
            (node.named_child(0)?, node.child(1)?, node.named_child(1)?)
        }
        "binary_expression" => (
            node.child_by_field_name("left")?,
            node.child_by_field_name("operator")?,
            node.child_by_field_name("right")?,
        ),
        _ => return None,
    };
    let (left, operator, right) = sides;
    Some(Same { left: left.byte_range(), right: right.byte_range(), how: how(operator)? })
}
