//! Python: functions, classes and their methods, names that are given a value at the top.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    match node.kind() {
        "decorated_definition" => {
            if let Some(bare) = node.child_by_field_name("definition") {
                item(found, bare, spot.undecorated(bare));
            }
        }
        "function_definition" => {
            let kind = if spot.container.is_some() { Kind::Method } else { Kind::Function };
            if let Some(name) = found.field(node, "name") {
                found.define(spot, kind, name, node);
            }
        }
        "class_definition" => {
            let Some(name) = found.field(node, "name") else { return };
            found.define(spot, Kind::Type, name, node);
            if let Some(body) = node.child_by_field_name("body") {
                found.inside(body, Some(name), spot, item);
            }
        }
        "type_alias_statement" => {
            if let Some(name) = found.field(node, "left") {
                found.define(spot, Kind::Type, name, node);
            }
        }
        "expression_statement" => {
            let Some(value) = node.named_child(0).filter(|it| it.kind() == "assignment") else {
                return;
            };
            let Some(name) = value.child_by_field_name("left") else { return };
            if name.kind() == "identifier" && value.child_by_field_name("right").is_some() {
                found.define(spot, Kind::Constant, found.text(name), node);
            }
        }
        // Both branches of a choice that the platform makes, but not what a script does when run.
        "if_statement" => {
            let condition = found.field(node, "condition").unwrap_or_default();
            if !condition.contains("__name__") {
                found.inside(node, spot.container, spot, item);
            }
        }
        "block" | "else_clause" | "elif_clause" | "try_statement" | "except_clause"
        | "finally_clause" => found.inside(node, spot.container, spot, item),
        _ => {}
    }
}
