//! Shell: functions, and variables that are made read-only.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    match node.kind() {
        "function_definition" => {
            if let Some(name) = found.field(node, "name") {
                found.define(spot, Kind::Function, name, node);
            }
        }
        "declaration_command" => {
            let text = found.text(node);
            let value = node.named_child(0).filter(|it| it.kind() == "variable_assignment");
            let fixed = text.starts_with("readonly ") || text.starts_with("declare -r ");
            let value = value
                .or_else(|| node.named_child(1).filter(|it| it.kind() == "variable_assignment"));
            if let Some(name) = value.filter(|_| fixed).and_then(|it| found.field(it, "name")) {
                found.define(spot, Kind::Constant, name, node);
            }
        }
        "if_statement" | "else_clause" | "elif_clause" | "compound_statement" | "list" => {
            found.inside(node, spot.container, spot, item);
        }
        _ => {}
    }
}
