//! What the nodes are called that can be changed, language by language.

use tree_sitter::Node;

use crate::domain::example::Language;

/// How a language writes what is put in.
pub(super) struct Grammar {
    /// Functions that turn one value into another, as they are called.
    pub(super) functions: &'static [(&'static str, &'static str)],
    /// Methods that do.
    pub(super) methods: &'static [&'static str],
    /// What takes a text away at both ends of a value: behind the value, and behind the text. The
    /// text stands there as it is, or as a pattern.
    pub(super) strip: Option<Strip>,
    /// What negates a condition: before it, and behind it.
    pub(super) not: (&'static str, &'static str),
    /// A statement that does nothing.
    pub(super) nothing: &'static str,
}

/// How a language takes a text away at both ends of another one.
#[derive(Clone, Copy)]
pub(super) enum Strip {
    /// By a method that is given the characters.
    Argument,
    /// By replacing a pattern.
    Pattern,
}

impl Strip {
    /// `value` without `text`, which is written with its quotes, at its ends. `None`: the text is
    /// more than one character, or one that a literal does not have as it is.
    pub(super) fn of(self, value: &str, text: &str) -> Option<String> {
        let mut chars = text.trim_matches(['"', '\'']).chars();
        let (it, None) = (chars.next()?, chars.next()) else { return None };
        if !it.is_ascii() || it == '\\' {
            return None;
        }
        Some(match self {
            Self::Argument => format!("{value}.strip({text})"),
            Self::Pattern => {
                let it = if it.is_ascii_punctuation() { format!("\\{it}") } else { it.to_string() };
                // A line within brackets means itself outside of a class.
                let it = if it == "\\-" { "-".to_owned() } else { it };
                format!("{value}.replace(/^{it}+|{it}+$/g, \"\")")
            }
        })
    }
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
            strip: Some(Strip::Argument),
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
            strip: Some(Strip::Pattern),
            not: ("(!", ")"),
            nothing: ";",
        }),
        Language::C => Some(Grammar {
            functions: &[],
            methods: &[],
            strip: None,
            not: ("(!", ")"),
            nothing: ";",
        }),
        Language::Rust | Language::Shell => None,
    }
}

/// What a node with nothing to change in it is called.
pub(super) fn is_no_code(kind: &str) -> bool {
    let plain = ["string_content", "string_fragment", "string_literal", "char_literal"];
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
