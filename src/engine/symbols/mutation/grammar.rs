//! What the nodes are called that can be changed, language by language.

use tree_sitter::Node;

use crate::domain::example::Language;

/// How a language writes what is put in.
pub(super) struct Grammar {
    /// Functions that turn one value into another, as they are called.
    pub(super) functions: &'static [(&'static str, &'static str)],
    /// Methods that do.
    pub(super) methods: &'static [&'static str],
    /// What negates a condition: before it, and behind it.
    pub(super) not: (&'static str, &'static str),
    /// A statement that does nothing.
    pub(super) nothing: &'static str,
}

/// `None`: what is changed would have to be built anew each time, or has no functions that examples
/// call.
pub(super) fn of(language: Language) -> Option<Grammar> {
    match language {
        Language::Python => Some(Grammar {
            functions: &[
                ("int(", ")"),
                // Rounds down, also below zero, and needs no import.
                ("int((", ") // 1)"),
                ("round(", ")"),
                ("abs(", ")"),
                ("str(", ")"),
                ("list(", ")"),
                ("float(", ")"),
                ("sorted(", ")"),
                ("len(", ")"),
            ],
            methods: &["strip", "lower", "upper"],
            not: ("not (", ")"),
            nothing: "pass",
        }),
        Language::JavaScript => Some(Grammar {
            functions: &[
                ("Math.floor(", ")"),
                ("Math.round(", ")"),
                ("Math.ceil(", ")"),
                ("Math.abs(", ")"),
                ("Math.trunc(", ")"),
                ("Number(", ")"),
                ("String(", ")"),
            ],
            methods: &["trim", "toLowerCase", "toUpperCase"],
            not: ("(!", ")"),
            nothing: ";",
        }),
        Language::C => {
            Some(Grammar { functions: &[], methods: &[], not: ("(!", ")"), nothing: ";" })
        }
        Language::Rust | Language::Shell => None,
    }
}

/// What a node with nothing to change in it is called.
pub(super) fn is_no_code(kind: &str) -> bool {
    let plain = ["string_content", "string_fragment", "string_literal", "char_literal", "regex"];
    let head = ["parameters", "formal_parameters", "parameter_list", "lambda_parameters"];
    let others = ["decorator", "type", "type_annotation", "type_arguments", "type_parameters"];
    kind.contains("comment")
        || kind.contains("import")
        || plain.contains(&kind)
        || head.contains(&kind)
        || others.contains(&kind)
}

/// Whether `node` is an expression that is read, and may stand as an argument.
pub(super) fn is_value(node: Node<'_>) -> bool {
    let kinds = [
        "identifier",
        "attribute",
        "call",
        "subscript",
        "binary_operator",
        "unary_operator",
        "parenthesized_expression",
        "conditional_expression",
        "member_expression",
        "call_expression",
        "subscript_expression",
        "binary_expression",
        "unary_expression",
        "ternary_expression",
        "field_expression",
    ];
    let Some(parent) = node.parent().filter(|_| kinds.contains(&node.kind())) else { return false };
    let is = |field: &str| parent.child_by_field_name(field).is_some_and(|it| it == node);
    let kind = parent.kind();
    let is_bound = kind.contains("assignment") || kind.starts_with("for");
    let is_named = ["declar", "pattern", "parameter", "import", "argument_name"];
    let is_name = kind == "keyword_argument" || kind == "named_expression" || kind == "pair";
    let is_condition = node.kind() == "parenthesized_expression" && is("condition");
    !(is("left") && is_bound
        || is("function")
        || is("attribute")
        || is("object") && node.kind() == "identifier"
        || is("name") && is_name
        || is("key") && is_name
        || is("declarator")
        || is("operand") && kind == "update_expression"
        || is("argument") && kind == "update_expression"
        || is("name") && kind.contains("declarator")
        || is("name") && kind.contains("function")
        || is("name") && kind.contains("method")
        || is("parameter")
        || is_condition
        || kind == "expression_statement"
        || is_named.iter().any(|it| kind.contains(it)) && !is("value"))
}
