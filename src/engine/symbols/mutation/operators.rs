//! What can be changed at one node.

use std::ops::Range;

use tree_sitter::Node;

use super::grammar::{self, Grammar};
use super::{Kind, Mutant, pattern};

/// A longer text is no separator, in bytes; nor is a longer expression one value.
const MOST_TEXT: usize = 8;
const MOST_VALUE: usize = 200;
/// The most texts, and the most numbers, of a function that are put elsewhere in it.
const MOST_OWN: usize = 6;

/// Each operator, with those that are close to it.
const CLOSE: [(&str, &[&str]); 18] = [
    ("<", &["<=", ">"]),
    ("<=", &["<", ">="]),
    (">", &[">=", "<"]),
    (">=", &[">", "<="]),
    ("==", &["!="]),
    ("!=", &["=="]),
    ("===", &["!=="]),
    ("!==", &["==="]),
    ("+", &["-"]),
    ("-", &["+"]),
    ("*", &["/"]),
    ("/", &["//", "*", "%"]),
    ("//", &["/", "%"]),
    ("%", &["/", "//"]),
    ("+=", &["-="]),
    ("-=", &["+="]),
    ("&&", &["||"]),
    ("||", &["&&"]),
];

/// The changes of one function, as far as it was walked.
pub(super) struct Operators<'a> {
    text: &'a str,
    grammar: &'a Grammar,
    /// Short plain texts of the function, as they are written.
    texts: Vec<&'a str>,
    /// Its whole numbers.
    numbers: Vec<i64>,
    /// With its kind, and which of that kind it is: what is likeliest is tried at all places first.
    pub(super) found: Vec<(Kind, usize, Mutant)>,
}

impl<'a> Operators<'a> {
    pub(super) fn new(text: &'a str, grammar: &'a Grammar, function: &Node<'_>) -> Self {
        let mut it =
            Self { text, grammar, texts: Vec::new(), numbers: Vec::new(), found: Vec::new() };
        super::each(*function, &mut |node| it.learn(node));
        it.texts.truncate(MOST_OWN);
        it.numbers.truncate(MOST_OWN);
        it
    }

    fn learn(&mut self, node: Node<'_>) {
        let own = self.written(node);
        if node.kind() == "string" && own.len() <= MOST_TEXT && !own.contains(['{', '\n']) {
            let is_alone = node.parent().is_some_and(|it| it.kind() == "expression_statement");
            if !is_alone && !self.texts.contains(&own) {
                self.texts.push(own);
            }
        }
        if let Some(number) = self.number(node).filter(|it| !self.numbers.contains(it)) {
            self.numbers.push(number);
        }
    }

    /// All changes of this node alone.
    pub(super) fn at(&mut self, node: Node<'_>) {
        self.branch(node);
        self.operator(node);
        self.number_at(node);
        self.statement(node);
        self.pattern(node);
        if node.kind() == "format_specifier" {
            self.put(Kind::Format, node.byte_range(), String::new());
        }
        if grammar::is_value(node) && node.byte_range().len() <= MOST_VALUE {
            self.unwrap(node);
            self.convert(node);
            self.append(node);
        }
    }

    fn written(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn put(&mut self, kind: Kind, bytes: Range<usize>, new: impl Into<String>) {
        self.put_as(kind, 0, bytes, new);
    }

    fn put_as(&mut self, kind: Kind, nth: usize, bytes: Range<usize>, new: impl Into<String>) {
        self.found.push((kind, nth, Mutant { bytes, new: new.into() }));
    }

    /// One side of a choice, for the whole of it; and a condition turned round.
    fn branch(&mut self, node: Node<'_>) {
        let field = |name: &str| node.child_by_field_name(name);
        let sides = match node.kind() {
            "conditional_expression" if field("consequence").is_none() => {
                [node.named_child(0), node.named_child(2)]
            }
            "conditional_expression" | "ternary_expression" => {
                [field("consequence"), field("alternative")]
            }
            "boolean_operator" => [field("left"), field("right")],
            "binary_expression"
                if field("operator").is_some_and(|it| ["&&", "||"].contains(&it.kind())) =>
            {
                [field("left"), field("right")]
            }
            "if_statement" if self.grammar.nothing == ";" => match field("alternative") {
                Some(other) => [field("consequence"), other.named_child(0)],
                None => [None, None],
            },
            "if_statement" => {
                self.last(node);
                [None, None]
            }
            _ => [None, None],
        };
        for side in sides.into_iter().flatten() {
            self.put(Kind::Branch, node.byte_range(), self.written(side));
        }
        if let Some(condition) = field("condition").filter(|_| node.kind().contains("if")) {
            let (before, behind) = self.grammar.not;
            let own = self.written(condition);
            let new = format!("{before}{own}{behind}");
            self.put(Kind::Branch, condition.byte_range(), new);
        }
    }

    /// Python's last `elif`, or its `if` where there is one branch more alone: what it does is done
    /// in all other cases too.
    fn last(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let mut others: Vec<Node<'_>> =
            node.children_by_field_name("alternative", &mut cursor).collect();
        let (Some(end), Some(last)) = (others.pop(), others.pop()) else { return };
        let Some(block) = last.child_by_field_name("consequence") else { return };
        let between = self.text.get(block.start_byte()..last.end_byte()).unwrap_or_default();
        let head = self.text.get(last.start_byte()..block.start_byte()).unwrap_or_default();
        if let Some((_, gap)) = head.rsplit_once(':') {
            let new = format!("else:{gap}{between}");
            self.put(Kind::Branch, last.start_byte()..end.end_byte(), new);
        }
    }

    fn operator(&mut self, node: Node<'_>) {
        let is_of = |it: Node<'_>| {
            let kinds = ["comparison", "binary", "boolean", "assignment"];
            kinds.iter().any(|kind| it.kind().contains(kind))
        };
        if node.is_named() || !node.parent().is_some_and(is_of) {
            return;
        }
        let words = [("and", "or"), ("or", "and")];
        for (_, new) in words.iter().filter(|(old, _)| *old == node.kind()) {
            self.put(Kind::Operator, node.byte_range(), *new);
        }
        for (old, close) in CLOSE.iter().filter(|(old, _)| *old == node.kind()) {
            let is_relation = old.starts_with(['<', '>', '=', '!']);
            let kind = if is_relation { Kind::Relation } else { Kind::Operator };
            // Two strokes are a comment, where they do not divide.
            let allowed = |it: &&&str| **it != "//" || self.grammar.nothing == "pass";
            for new in close.iter().filter(allowed) {
                self.put(kind, node.byte_range(), *new);
            }
        }
    }

    fn number(&self, node: Node<'_>) -> Option<i64> {
        let is_number = ["integer", "number", "number_literal"].contains(&node.kind());
        self.written(node).parse().ok().filter(|_| is_number)
    }

    fn number_at(&mut self, node: Node<'_>) {
        let Some(number) = self.number(node) else { return };
        let around = [number.checked_add(1), number.checked_sub(1)];
        let others = self.numbers.clone();
        for new in around.into_iter().flatten().chain(others).filter(|it| *it != number) {
            self.put(Kind::Number, node.byte_range(), new.to_string());
        }
    }

    /// A statement that goes; never one that gives a value back.
    fn statement(&mut self, node: Node<'_>) {
        let is_said = |it: Node<'_>| it.kind() == "string";
        let goes = match node.kind() {
            "expression_statement" => !node.named_child(0).is_some_and(is_said),
            "if_statement" => node.child_by_field_name("alternative").is_none(),
            "continue_statement" | "break_statement" => true,
            _ => false,
        };
        if goes {
            self.put(Kind::Delete, node.byte_range(), self.grammar.nothing);
        }
    }

    fn pattern(&mut self, node: Node<'_>) {
        let Some((pattern, flags)) = pattern::of(node, self.text) else { return };
        for new in pattern::close(self.written(pattern)) {
            self.put(Kind::Pattern, pattern.byte_range(), new);
        }
        if node.kind() == "regex" {
            let own = flags.map_or("", |it| self.written(it));
            let bytes = flags.map_or(node.end_byte()..node.end_byte(), |it| it.byte_range());
            for flag in ['g', 'i'] {
                let new = match own.contains(flag) {
                    true => own.replace(flag, ""),
                    false => format!("{own}{flag}"),
                };
                self.put(Kind::Pattern, bytes.clone(), new);
            }
        }
    }

    /// What is called goes, and its argument or object stays.
    fn unwrap(&mut self, node: Node<'_>) {
        let Some(function) = node.child_by_field_name("function") else { return };
        let arguments = node.child_by_field_name("arguments");
        if let Some(only) = arguments.filter(|it| it.named_child_count() == 1)
            && let Some(only) = only.named_child(0)
        {
            self.put(Kind::Unwrap, node.byte_range(), self.written(only));
        }
        if let Some(object) = function.child_by_field_name("object") {
            self.put(Kind::Unwrap, node.byte_range(), self.written(object));
        }
    }

    fn convert(&mut self, node: Node<'_>) {
        let own = self.written(node);
        let functions = self.grammar.functions;
        for (nth, (before, behind)) in functions.iter().enumerate() {
            let new = format!("{before}{own}{behind}");
            self.put_as(Kind::Convert, nth, node.byte_range(), new);
        }
        for (nth, method) in self.grammar.methods.iter().enumerate() {
            let new = format!("{}.{method}()", closed(node, own));
            self.put_as(Kind::Convert, functions.len() + nth, node.byte_range(), new);
        }
    }

    /// A text of the function before or behind what is given back or kept, or taken from its ends, and
    /// one more or less of what is compared or counted.
    fn append(&mut self, node: Node<'_>) {
        let Some(parent) = node.parent() else { return };
        let own = closed(node, self.written(node));
        let kind = parent.kind();
        let is_kept = kind == "return_statement"
            || kind.contains("assignment") && parent.child_by_field_name("right") == Some(node);
        if is_kept {
            for text in self.texts.clone() {
                self.put(Kind::Append, node.byte_range(), format!("{own} + {text}"));
                self.put(Kind::Append, node.byte_range(), format!("{text} + {own}"));
                if let Some(new) = self.grammar.strip.and_then(|it| it.of(&own, text)) {
                    self.put(Kind::Strip, node.byte_range(), new);
                }
            }
        }
        let counts = ["comparison_operator", "subscript", "slice", "argument_list", "arguments"];
        if counts.contains(&kind) || kind.starts_with("binary") || kind.starts_with("subscript") {
            let is_part = kind.starts_with("binary");
            for one in [" + 1", " - 1"] {
                let new = if is_part { format!("({own}{one})") } else { format!("{own}{one}") };
                self.put(Kind::Number, node.byte_range(), new);
            }
        }
    }
}

/// An expression as a part of a longer one.
fn closed(node: Node<'_>, own: &str) -> String {
    let is_open = ["operator", "binary", "unary", "conditional", "ternary"];
    match is_open.iter().any(|it| node.kind().contains(it)) {
        true => format!("({own})"),
        false => own.to_owned(),
    }
}
