//! C: functions, types, macros and constants of the file; a prototype is only announced.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    match node.kind() {
        "function_definition" => {
            let declared = node.child_by_field_name("declarator").and_then(declared);
            if let Some((name, _)) = declared {
                found.define(spot, Kind::Function, found.text(name), node);
            }
        }
        "preproc_function_def" => {
            if let Some(name) = found.field(node, "name") {
                found.define(spot, Kind::Function, name, node);
            }
        }
        // Without a value it is a guard or a switch.
        "preproc_def" if node.child_by_field_name("value").is_some() => {
            if let Some(name) = found.field(node, "name") {
                found.define(spot, Kind::Constant, name, node);
            }
        }
        "declaration" => declaration(found, node, spot),
        "type_definition" => {
            typed(found, node.child_by_field_name("type"), spot);
            for declarator in declarators(node) {
                if let Some((name, _)) = declared(declarator) {
                    found.define(spot, Kind::Type, found.text(name), node);
                }
            }
        }
        "struct_specifier" | "union_specifier" | "enum_specifier" => {
            typed(found, Some(node), spot);
        }
        "preproc_if"
        | "preproc_ifdef"
        | "preproc_else"
        | "preproc_elif"
        | "preproc_elifdef"
        | "linkage_specification"
        | "declaration_list" => {
            found.inside(node, spot.container, spot, item);
        }
        _ => {}
    }
}

/// Variables and prototypes; `struct a { … } b;` also defines a type.
fn declaration<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    typed(found, node.child_by_field_name("type"), spot);
    let elsewhere = found.text(node).starts_with("extern");
    for declarator in declarators(node) {
        match declared(declarator) {
            Some((name, true)) => found.announce(spot, Kind::Function, found.text(name), node),
            Some((name, false)) if elsewhere => {
                found.announce(spot, Kind::Constant, found.text(name), node);
            }
            Some((name, false)) => found.define(spot, Kind::Constant, found.text(name), node),
            None => {}
        }
    }
}

/// A type with a body, and the constants of an `enum`.
fn typed<'t>(found: &mut Collector<'t>, node: Option<Node<'t>>, spot: Spot<'_, 't>) {
    let Some((node, body)) = node.and_then(|it| Some((it, it.child_by_field_name("body")?))) else {
        return;
    };
    if let Some(name) = found.field(node, "name") {
        found.define(spot, Kind::Type, name, node);
    }
    let mut cursor = body.walk();
    let values: Vec<Node<'t>> = body.named_children(&mut cursor).collect();
    for value in values.into_iter().filter(|it| it.kind() == "enumerator") {
        if let Some(name) = found.field(value, "name") {
            found.define(spot.part(value), Kind::Constant, name, value);
        }
    }
}

fn declarators(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.children_by_field_name("declarator", &mut cursor).collect()
}

/// The name under `*`, `[]`, `= …` and arguments, and whether it is a function's: the name of a
/// pointer to a function, in parentheses, is a variable's.
fn declared(mut node: Node<'_>) -> Option<(Node<'_>, bool)> {
    let mut function = false;
    for _ in 0..32 {
        match node.kind() {
            "identifier" | "type_identifier" | "primitive_type" => return Some((node, function)),
            "function_declarator" => function = true,
            "parenthesized_declarator" => {
                function = false;
                node = node.named_child(0)?;
                continue;
            }
            _ => {}
        }
        node = node.child_by_field_name("declarator")?;
    }
    None
}
