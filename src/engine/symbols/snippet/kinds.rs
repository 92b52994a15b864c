//! What may stand in a snippet, language by language.

use tree_sitter::Node;

use crate::domain::example::Language;

/// Names that lead out of the values that the project makes, to what can run anything.
const FORBIDDEN: [&str; 2] = ["constructor", "prototype"];
/// How such names begin in Python: those of generators, frames and code.
const INNER: [&str; 6] = ["gi_", "cr_", "ag_", "tb_", "co_", "f_"];

/// A language's.
pub(super) struct Kinds {
    language: Language,
    /// Named nodes that may stand there.
    allowed: &'static [&'static str],
    /// Names of the language's own that only make and compare values.
    pub(super) known: &'static [&'static str],
}

/// `None`: it has none.
pub(super) fn of(language: Language) -> Option<&'static Kinds> {
    match language {
        Language::Python => Some(&PYTHON),
        Language::JavaScript => Some(&JAVASCRIPT),
        Language::Rust => Some(&RUST),
        Language::C => Some(&C),
        Language::Shell => None,
    }
}

const PYTHON: Kinds = Kinds {
    language: Language::Python,
    allowed: &[
        "assignment",
        "attribute",
        "argument_list",
        "augmented_assignment",
        "binary_operator",
        "block",
        "boolean_operator",
        "call",
        "comparison_operator",
        "concatenated_string",
        "conditional_expression",
        "dictionary",
        "dictionary_comprehension",
        "elif_clause",
        "else_clause",
        "escape_sequence",
        "expression_list",
        "expression_statement",
        "false",
        "float",
        "for_in_clause",
        "for_statement",
        "generator_expression",
        "identifier",
        "if_clause",
        "if_statement",
        "integer",
        "keyword_argument",
        "list",
        "list_comprehension",
        "none",
        "not_operator",
        "pair",
        "parenthesized_expression",
        "pass_statement",
        "pattern_list",
        "set",
        "set_comprehension",
        "slice",
        "string",
        "string_content",
        "string_end",
        "string_start",
        "subscript",
        "true",
        "tuple",
        "tuple_pattern",
        "unary_operator",
    ],
    known: &[
        "abs",
        "all",
        "any",
        "bool",
        "bytes",
        "dict",
        "enumerate",
        "float",
        "frozenset",
        "int",
        "isinstance",
        "len",
        "list",
        "max",
        "min",
        "next",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    ],
};

const JAVASCRIPT: Kinds = Kinds {
    language: Language::JavaScript,
    allowed: &[
        "arguments",
        "array",
        "array_pattern",
        "arrow_function",
        "assignment_expression",
        "augmented_assignment_expression",
        "await_expression",
        "binary_expression",
        "call_expression",
        "else_clause",
        "escape_sequence",
        "expression_statement",
        "false",
        "for_in_statement",
        "for_statement",
        "formal_parameters",
        "identifier",
        "if_statement",
        "lexical_declaration",
        "member_expression",
        "new_expression",
        "null",
        "number",
        "object",
        "object_pattern",
        "pair",
        "pair_pattern",
        "parenthesized_expression",
        "property_identifier",
        "regex",
        "regex_flags",
        "regex_pattern",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "spread_element",
        "statement_block",
        "string",
        "string_fragment",
        "subscript_expression",
        "template_string",
        "template_substitution",
        "ternary_expression",
        "true",
        "unary_expression",
        "undefined",
        "update_expression",
        "variable_declaration",
        "variable_declarator",
    ],
    known: &[
        "Array",
        "Infinity",
        "JSON",
        "Map",
        "Math",
        "NaN",
        "Number",
        "Set",
        "String",
        "undefined",
    ],
};

const RUST: Kinds = Kinds {
    language: Language::Rust,
    allowed: &[
        "arguments",
        "array_expression",
        "assignment_expression",
        "binary_expression",
        "block",
        "boolean_literal",
        "call_expression",
        "char_literal",
        "compound_assignment_expr",
        "escape_sequence",
        "expression_statement",
        "field_expression",
        "field_identifier",
        "field_initializer",
        "field_initializer_list",
        "float_literal",
        "for_expression",
        "generic_type",
        "identifier",
        "index_expression",
        "integer_literal",
        "let_declaration",
        "macro_invocation",
        "mut_pattern",
        "mutable_specifier",
        "parenthesized_expression",
        "primitive_type",
        "range_expression",
        "reference_expression",
        "scoped_identifier",
        "shorthand_field_initializer",
        "string_content",
        "string_literal",
        "struct_expression",
        "token_tree",
        "try_expression",
        "tuple_expression",
        "tuple_pattern",
        "type_arguments",
        "type_identifier",
        "unary_expression",
        "unit_expression",
    ],
    known: &[
        "Err", "None", "Ok", "Option", "Result", "Some", "String", "Vec", "format", "matches",
        "vec",
    ],
};

const C: Kinds = Kinds {
    language: Language::C,
    allowed: &[
        "argument_list",
        "array_declarator",
        "assignment_expression",
        "binary_expression",
        "call_expression",
        "char_literal",
        "character",
        "compound_statement",
        "concatenated_string",
        "conditional_expression",
        "declaration",
        "escape_sequence",
        "expression_statement",
        "false",
        "field_expression",
        "field_identifier",
        "for_statement",
        "identifier",
        "if_statement",
        "init_declarator",
        "initializer_list",
        "null",
        "number_literal",
        "parenthesized_expression",
        "pointer_declarator",
        "pointer_expression",
        "primitive_type",
        "sized_type_specifier",
        "sizeof_expression",
        "string_content",
        "string_literal",
        "struct_specifier",
        "subscript_expression",
        "true",
        "type_descriptor",
        "type_identifier",
        "type_qualifier",
        "unary_expression",
        "update_expression",
    ],
    known: &["NULL", "abs", "fabs", "memcmp", "size_t", "strcmp", "strlen", "strncmp"],
};

impl Kinds {
    /// Whether the name leads out of what the project makes.
    fn leads_out(&self, name: &str) -> bool {
        let is_inner = || INNER.iter().any(|it| name.starts_with(it));
        FORBIDDEN.contains(&name)
            || name.starts_with("__")
            || self.language == Language::Python && is_inner()
    }

    /// Whether it may stand there; `written` is its text.
    pub(super) fn allows(&self, node: Node<'_>, written: &str) -> bool {
        // By a text, a member is found that has a name which is not allowed.
        let by_text = self.language == Language::JavaScript
            && node.kind() == "subscript_expression"
            && node.child_by_field_name("index").is_none_or(|it| it.kind() != "number");
        let is_name = node.kind().contains("identifier");
        self.allowed.contains(&node.kind()) && !by_text && !(is_name && self.leads_out(written))
    }

    /// Whether it brings in what the names of the project are found for anyway.
    pub(super) fn is_import(&self, node: Node<'_>, text: &str) -> bool {
        let written = || text.get(node.byte_range()).unwrap_or_default();
        match self.language {
            Language::Python => {
                let others = ["aliased_import", "wildcard_import"];
                node.kind() == "import_from_statement" && !others.iter().any(|it| has(node, it))
            }
            Language::JavaScript => match node.kind() {
                "import_statement" => !has(node, "namespace_import") && !written().contains(" as "),
                "lexical_declaration" | "variable_declaration" => {
                    node.named_child_count() == 1
                        && node.named_child(0).is_some_and(|it| is_required(it, text))
                }
                _ => false,
            },
            Language::Rust => node.kind() == "use_declaration" && !has(node, "use_as_clause"),
            Language::C => node.kind() == "preproc_include",
            Language::Shell => false,
        }
    }

    /// Whether it names something that is there.
    pub(super) fn is_name(&self, node: Node<'_>) -> bool {
        let Some(parent) = node.parent() else { return false };
        let is = |field: &str| parent.child_by_field_name(field) == Some(node);
        match node.kind() {
            "identifier" => !(parent.kind() == "keyword_argument" && is("name")),
            "type_identifier" | "shorthand_property_identifier" | "shorthand_field_initializer" => {
                true
            }
            _ => false,
        }
    }

    /// Whether it names a part of something else.
    pub(super) fn is_member(&self, node: Node<'_>) -> bool {
        let Some(parent) = node.parent() else { return false };
        let is = |field: &str| parent.child_by_field_name(field) == Some(node);
        match (node.kind(), parent.kind()) {
            ("identifier", "attribute") => is("attribute"),
            ("identifier" | "type_identifier", "scoped_identifier") => is("name"),
            // What a macro is given has no fields.
            ("identifier", "token_tree") => {
                node.prev_sibling().is_some_and(|it| [".", "::"].contains(&it.kind()))
            }
            ("property_identifier" | "field_identifier", _) => true,
            _ => false,
        }
    }

    /// Whether the name is one of something that is called, or made.
    pub(super) fn is_called(&self, node: Node<'_>, text: &str) -> bool {
        let Some(parent) = node.parent() else { return false };
        let is = |field: &str| parent.child_by_field_name(field) == Some(node);
        match parent.kind() {
            "call" | "call_expression" => is("function"),
            "new_expression" => is("constructor"),
            "token_tree" => text.get(node.end_byte()..).is_some_and(|it| it.starts_with('(')),
            _ => false,
        }
    }
}

/// `x = require("./x")`.
pub(super) fn is_required(node: Node<'_>, text: &str) -> bool {
    let function =
        node.child_by_field_name("value").and_then(|it| it.child_by_field_name("function"));
    let renames = node.child_by_field_name("name").is_some_and(|it| has(it, "pair_pattern"));
    function.and_then(|it| text.get(it.byte_range())) == Some("require") && !renames
}

pub(super) fn has(node: Node<'_>, kind: &str) -> bool {
    let mut found = false;
    super::each(node, &mut |it| found |= it.kind() == kind);
    found
}
