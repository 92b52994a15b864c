//! Rust: items of the file, its inline modules, traits and `impl` blocks.

use tree_sitter::Node;

use super::Kind;
use super::collector::{Collector, Spot};

pub(super) fn item<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let body = node.child_by_field_name("body");
    let name = found.field(node, "name");
    match node.kind() {
        "impl_item" => {
            let of = found.field(node, "type").map(base_name);
            if let Some(body) = body {
                found.inside(body, of, spot, member);
            }
        }
        "foreign_mod_item" => {
            if let Some(body) = body {
                found.inside(body, spot.container, spot, item);
            }
        }
        "mod_item" => {
            if let Some(body) = body {
                found.inside(body, name, spot, item);
            }
        }
        kind => {
            let Some(name) = name else { return };
            match kind {
                "function_item" => found.define(spot, Kind::Function, name, node),
                "macro_definition" => found.define(spot, Kind::Function, name, node),
                "function_signature_item" => found.announce(spot, Kind::Function, name, node),
                "const_item" | "static_item" => found.define(spot, Kind::Constant, name, node),
                "struct_item" | "enum_item" | "union_item" | "type_item" => {
                    found.define(spot, Kind::Type, name, node);
                }
                "trait_item" => {
                    found.define(spot, Kind::Type, name, node);
                    if let Some(body) = body {
                        found.inside(body, Some(name), spot, member);
                    }
                }
                _ => {}
            }
        }
    }
}

/// What stands in an `impl` or a trait, where a head alone asks for a method.
fn member<'t>(found: &mut Collector<'t>, node: Node<'t>, spot: Spot<'_, 't>) {
    let Some(name) = found.field(node, "name") else { return };
    match node.kind() {
        "function_item" | "function_signature_item" => {
            found.define(spot, Kind::Method, name, node);
        }
        "const_item" => found.define(spot, Kind::Constant, name, node),
        _ => {}
    }
}

/// `Ring` of `&'a ring::Ring<T>`.
fn base_name(of: &str) -> &str {
    let plain = of.split('<').next().unwrap_or(of).trim();
    let last = plain.rsplit([':', ' ', '&']).next().unwrap_or(plain);
    if last.is_empty() { of } else { last }
}
