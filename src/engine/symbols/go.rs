//! Go: functions, methods by their receiver, types, constants and variables of the package.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    match node.kind() {
        "function_declaration" => {
            let Some(name) = found.field(node, "name") else { return };
            match node.child_by_field_name("body") {
                Some(_) => found.define(spot, Kind::Function, name, node),
                None => found.announce(spot, Kind::Function, name, node),
            }
        }
        "method_declaration" => {
            let Some(name) = found.field(node, "name") else { return };
            let receiver = found.field(node, "receiver").unwrap_or_default();
            found.define(spot.within(base_name(receiver)), Kind::Method, name, node);
        }
        "type_declaration" | "const_declaration" | "var_declaration" => {
            let mut cursor = node.walk();
            let parts: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
            if let [only] = parts[..] {
                // One alone is its statement; several stand between brackets.
                if only.kind() != "var_spec_list" && !found.text(node).ends_with(')') {
                    return spec(found, only, spot);
                }
            }
            found.inside(node, spot.container, spot, spec);
        }
        _ => {}
    }
}

fn spec<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let kind = match node.kind() {
        "type_spec" | "type_alias" => Kind::Type,
        "const_spec" | "var_spec" => Kind::Constant,
        "var_spec_list" => return found.inside(node, spot.container, spot, spec),
        _ => return,
    };
    let mut cursor = node.walk();
    let names: Vec<Node<'t>> = node.children_by_field_name("name", &mut cursor).collect();
    for name in names.into_iter().filter(|it| it.is_named()) {
        if found.text(name) != "_" {
            found.define(spot, kind, found.text(name), node);
        }
    }
}

/// `Ring` of `(r *Ring[T])`.
fn base_name(receiver: &str) -> Option<&str> {
    let plain = receiver.trim_matches(['(', ')', ' ']).split('[').next()?;
    plain.rsplit([' ', '*', '\t', '\n']).next().filter(|it| !it.is_empty())
}
