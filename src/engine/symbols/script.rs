//! JavaScript and TypeScript: declarations, functions bound to a name, classes, CommonJS exports.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let name = found.field(node, "name");
    match node.kind() {
        "export_statement" => exported(found, node, spot),
        "function_declaration" | "generator_function_declaration" | "function_expression" => {
            found.define(spot, Kind::Function, name.unwrap_or("default"), node);
        }
        "function_signature" => {
            found.announce(spot, Kind::Function, name.unwrap_or_default(), node);
        }
        "class_declaration" | "abstract_class_declaration" | "class" => {
            class(found, name.unwrap_or("default"), node, spot);
        }
        "interface_declaration" | "type_alias_declaration" | "enum_declaration" => {
            found.define(spot, Kind::Type, name.unwrap_or_default(), node);
        }
        "internal_module" | "module" => {
            if let Some(body) = node.child_by_field_name("body") {
                found.inside(body, name, spot, item);
            }
        }
        "lexical_declaration" | "variable_declaration" => {
            let mut cursor = node.walk();
            let all: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
            let alone = all.len() == 1;
            for one in all.into_iter().filter(|it| it.kind() == "variable_declarator") {
                variable(found, one, if alone { spot } else { spot.part(one) });
            }
        }
        "expression_statement" => {
            if let Some(expression) = node.named_child(0) {
                statement(found, expression, spot);
            }
        }
        "ambient_declaration" | "if_statement" | "else_clause" | "statement_block" => {
            found.inside(node, spot.container, spot, item);
        }
        _ => {}
    }
}

fn exported<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    if let Some(declaration) = node.child_by_field_name("declaration") {
        // Decorators stand before `export`, as children of it.
        let decorated = node.child(0).is_some_and(|it| it.kind() == "decorator");
        item(found, declaration, if decorated { spot.undecorated(declaration) } else { spot });
    } else if let Some(value) = node.child_by_field_name("value") {
        match value.kind() {
            "arrow_function" => found.define(spot, Kind::Function, "default", value),
            "object" => members(found, None, value, spot),
            _ => item(found, value, spot),
        }
    }
}

fn class<'t>(found: &mut Collector<'t>, name: &str, node: Node<'t>, spot: Spot<'_, 't>) {
    found.define(spot, Kind::Type, name, node);
    if let Some(body) = node.child_by_field_name("body") {
        found.inside(body, Some(name), spot, member);
    }
}

/// What stands in a class.
fn member<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let name = found.field(node, "name").or_else(|| found.field(node, "property"));
    let Some(name) = name else { return };
    match node.kind() {
        "method_definition" => found.define(spot, Kind::Method, name, node),
        "method_signature" | "abstract_method_signature" => {
            found.announce(spot, Kind::Method, name, node);
        }
        "field_definition" | "public_field_definition" => {
            if let Some(value) = node.child_by_field_name("value").filter(|it| is_function(*it)) {
                found.define(spot, Kind::Method, name, value);
            }
        }
        _ => {}
    }
}

/// `name = value` of a `const`, `let` or `var`. What is imported is defined elsewhere.
fn variable<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let Some(name) = node.child_by_field_name("name").filter(|it| it.kind() == "identifier") else {
        return;
    };
    if let Some(value) = node.child_by_field_name("value") {
        value_of(found, found.text(name), value, spot);
    }
}

fn value_of<'t>(found: &mut Collector<'t>, name: &str, value: Node<'t>, spot: Spot<'_, 't>) {
    match value.kind() {
        _ if is_function(value) => {
            let kind = if spot.container.is_some() { Kind::Method } else { Kind::Function };
            found.define(spot, kind, name, value);
        }
        "class" => class(found, name, value, spot),
        "object" => {
            found.define(spot, Kind::Constant, name, value);
            members(found, Some(name), value, spot);
        }
        _ if is_import(found.text(value)) => {}
        _ => found.define(spot, Kind::Constant, name, value),
    }
}

/// The functions of an object: `{ get() {}, set: (x) => {} }`.
fn members<'t>(
    found: &mut Collector<'t>,
    container: Option<&str>,
    object: Node<'t>,
    spot: Spot<'_, 't>,
) {
    found.inside(object, container, spot, |found, node, spot| match node.kind() {
        "method_definition" => {
            if let Some(name) = found.field(node, "name") {
                found.define(spot, Kind::Method, name, node);
            }
        }
        "pair" => {
            let value = node.child_by_field_name("value").filter(|it| is_function(*it));
            if let (Some(name), Some(value)) = (found.field(node, "key"), value) {
                found.define(spot, Kind::Method, name.trim_matches(['"', '\'']), value);
            }
        }
        _ => {}
    });
}

/// `exports.name = …`, `Name.prototype.method = …`, and what a function that is called at once
/// keeps to itself.
fn statement<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    match node.kind() {
        "assignment_expression" => {
            let (left, right) =
                (node.child_by_field_name("left"), node.child_by_field_name("right"));
            if let (Some(left), Some(right)) = (left, right) {
                assignment(found, found.text(left), right, spot);
            }
        }
        "call_expression" | "unary_expression" | "parenthesized_expression" => {
            if let Some(body) = called_at_once(node) {
                found.inside(body, spot.container, spot, item);
            }
        }
        "internal_module" => item(found, node, spot),
        _ => {}
    }
}

fn assignment<'t>(found: &mut Collector<'t>, left: &str, right: Node<'t>, spot: Spot<'_, 't>) {
    let parts: Vec<&str> = left.split('.').map(str::trim).collect();
    let plain = parts.iter().all(|it| it.chars().all(|c| c.is_alphanumeric() || "_$#".contains(c)));
    let moved =
        matches!(right.kind(), "identifier" | "member_expression") || is_import(found.text(right));
    if !plain || moved {
        return;
    }
    match parts[..] {
        ["module", "exports"] => match right.kind() {
            "object" => members(found, None, right, spot),
            _ => {
                let name = found.field(right, "name").unwrap_or("default");
                if is_function(right) || right.kind() == "class" {
                    value_of(found, name, right, spot);
                }
            }
        },
        ["module", "exports", name] | ["exports", name] => value_of(found, name, right, spot),
        [of, "prototype", name] if is_function(right) => {
            value_of(found, name, right, spot.within(Some(of)));
        }
        [of, name] if of != "this" && is_function(right) => {
            value_of(found, name, right, spot.within(Some(of)));
        }
        _ => {}
    }
}

/// The body of `(function () { … })()`, `(() => { … })()` and their kin.
fn called_at_once(mut node: Node<'_>) -> Option<Node<'_>> {
    let mut called = false;
    for _ in 0..8 {
        node = match node.kind() {
            "call_expression" => {
                called = true;
                node.child_by_field_name("function")?
            }
            "unary_expression" => node.child_by_field_name("argument")?,
            "parenthesized_expression" => node.named_child(0)?,
            _ if is_function(node) && called => {
                return node
                    .child_by_field_name("body")
                    .filter(|it| it.kind() == "statement_block");
            }
            _ => return None,
        };
    }
    None
}

fn is_function(node: Node<'_>) -> bool {
    matches!(node.kind(), "arrow_function" | "function_expression" | "generator_function")
}

fn is_import(value: &str) -> bool {
    value.starts_with("require(") || value.starts_with("await import(")
}
