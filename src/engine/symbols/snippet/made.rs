//! Names that statements make, and where they stand for what was made: a name means something of the
//! language's before that, and outside of its block.

use std::ops::Range;

use tree_sitter::Node;

use super::kinds::is_required;
use crate::domain::example::Language;

/// What ends a name's life with it.
const BLOCKS: [&str; 9] = [
    "block",
    "statement_block",
    "compound_statement",
    "for_statement",
    "for_in_statement",
    "for_expression",
    "arrow_function",
    "module",
    "program",
];

/// A name that is made.
pub(super) struct Made<'a> {
    name: &'a str,
    /// Where it is written when it is made.
    bytes: Range<usize>,
    /// From where on it stands for what was made, and to where.
    life: Range<usize>,
    /// What is within that and comes before it.
    before: Range<usize>,
}

impl Made<'_> {
    /// Whether the name at `bytes` is this one.
    pub(super) fn is_meant(&self, name: &str, bytes: &Range<usize>) -> bool {
        let within = |it: &Range<usize>| it.start <= bytes.start && bytes.end <= it.end;
        self.name == name && (self.bytes == *bytes || within(&self.life) && !within(&self.before))
    }
}

/// The names that `node` makes.
pub(super) fn made<'a>(language: Language, node: Node<'_>, text: &'a str) -> Vec<Made<'a>> {
    let field = |name: &str| node.child_by_field_name(name);
    let end = |name: &str| field(name).map_or(node.end_byte(), |it| it.end_byte());
    // Where it is written, and from where on it counts.
    let (patterns, from) = match (language, node.kind()) {
        (Language::Python, "assignment") => (one(field("left")), node.end_byte()),
        (Language::Python, "for_statement") => (one(field("left")), end("right")),
        // Within a list that is made by a rule, its names stand behind what uses them.
        (Language::Python, "for_in_clause") => {
            let Some(whole) = node.parent() else { return Vec::new() };
            let before = field("right").map_or(0..0, |it| it.byte_range());
            let life = whole.byte_range();
            return one(field("left"))
                .into_iter()
                .flat_map(|it| of(it, text, &life, &before))
                .collect();
        }
        (Language::JavaScript, "variable_declarator") if !is_required(node, text) => {
            (one(field("name")), node.end_byte())
        }
        (Language::JavaScript, "for_in_statement") => (one(field("left")), end("right")),
        (Language::JavaScript, "arrow_function") => {
            let parameters = field("parameters").or(field("parameter"));
            (one(parameters), parameters.map_or(node.end_byte(), |it| it.end_byte()))
        }
        (Language::Rust, "let_declaration") => (one(field("pattern")), node.end_byte()),
        (Language::Rust, "for_expression") => (one(field("pattern")), end("value")),
        (Language::C, "init_declarator") => (one(field("declarator")), node.end_byte()),
        (Language::C, "declaration") => {
            let mut cursor = node.walk();
            let all = node.children_by_field_name("declarator", &mut cursor);
            // Those with a value stand for themselves.
            (all.filter(|it| it.kind() != "init_declarator").collect(), node.end_byte())
        }
        _ => return Vec::new(),
    };
    let mut block = Some(node);
    while block.is_some_and(|it| !BLOCKS.contains(&it.kind())) {
        block = block.and_then(|it| it.parent());
    }
    let life = from..block.map_or(text.len(), |it| it.end_byte());
    patterns.into_iter().flat_map(|it| of(it, text, &life, &(0..0))).collect()
}

fn one(node: Option<Node<'_>>) -> Vec<Node<'_>> {
    node.into_iter().collect()
}

/// The names in a pattern.
fn of<'a>(
    pattern: Node<'_>,
    text: &'a str,
    life: &Range<usize>,
    before: &Range<usize>,
) -> Vec<Made<'a>> {
    let mut found = Vec::new();
    super::each(pattern, &mut |it| {
        let is_bound = matches!(it.kind(), "identifier" | "shorthand_property_identifier_pattern");
        // `box.size = 3` makes no name, nor does `all[0] = 3`, nor the size of a list.
        let is_part = it.parent().is_some_and(|parent| {
            let others = [
                "attribute",
                "subscript",
                "member_expression",
                "subscript_expression",
                "field_expression",
            ];
            others.contains(&parent.kind()) || parent.child_by_field_name("size") == Some(it)
        });
        if let Some(name) = text.get(it.byte_range()).filter(|_| is_bound && !is_part) {
            let (life, before) = (life.clone(), before.clone());
            found.push(Made { name, bytes: it.byte_range(), life, before });
        }
    });
    found
}
