//! Small changes of a function, one at a time: a branch that goes, a conversion more or less,
//! another operator, another number. A small model's answer is sometimes one of these away from what
//! the examples want, and to try them costs no question.
//!
//! The operators are those of mutation testing, and of what is known about small faults:
//! Karampatsis and Sutton, *How Often Do Single-Statement Bugs Occur?* (2020), and the fix patterns
//! of Liu et al., *TBar* (2019).

use std::collections::HashSet;
use std::ops::Range;

use tree_sitter::Node;

use super::language::Language;
use super::outline;
use crate::engine::example;

mod grammar;
mod operators;
mod option;
mod pattern;

use operators::Operators;
pub use option::{Refused, Said, undefaulted};

/// A longer function is not changed by trial, in bytes: too much in it is not what examples judge.
const LONG: usize = 4_000;

/// One change of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mutant {
    /// What is replaced.
    pub bytes: Range<usize>,
    /// What stands there instead.
    pub new: String,
}

impl Mutant {
    /// `text` with the change.
    pub fn of(&self, text: &str) -> String {
        let (before, after) = (text.get(..self.bytes.start), text.get(self.bytes.end..));
        format!("{}{}{}", before.unwrap_or_default(), self.new, after.unwrap_or_default())
    }

    /// Changes of `text` at several places as one. `None`: there are none, or they overlap.
    pub fn together(all: &[Self], text: &str) -> Option<Self> {
        let mut all: Vec<&Self> = all.iter().collect();
        all.sort_by_key(|it| it.bytes.start);
        let (first, last) = (all.first()?, all.last()?);
        let (start, mut at, mut new) = (first.bytes.start, first.bytes.start, String::new());
        for it in &all {
            new.push_str(text.get(at..it.bytes.start)?);
            new.push_str(&it.new);
            at = it.bytes.end;
        }
        Some(Self { bytes: start..last.bytes.end, new })
    }
}

/// What a change does, the likeliest to be meant first: a number that is one more makes an example
/// hold by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Branch,
    Format,
    Unwrap,
    Pattern,
    Operator,
    Convert,
    Strip,
    Append,
    Relation,
    Number,
    Delete,
}

/// The small changes of the functions of these names in `text`, `most` of them, the likeliest first.
/// None in a language whose programs take long to build.
pub fn mutants(path: &str, text: &str, names: &[&str], most: usize) -> Vec<Mutant> {
    let Some(grammar) = example::language_of(path).and_then(grammar::of) else { return Vec::new() };
    let tree = Language::of(path, text).and_then(|it| it.parse(text));
    let (Some(outline), Some(tree)) = (outline(path, text), tree) else { return Vec::new() };
    let mut found = Vec::new();
    for definition in outline.definitions.iter().filter(|it| names.contains(&it.name.as_str())) {
        let node = tree.root_node().descendant_for_byte_range(
            definition.body.start,
            definition.body.end.saturating_sub(1),
        );
        let Some(node) = node.filter(|_| definition.body.len() <= LONG) else { continue };
        let mut operators = Operators::new(text, &grammar, &node);
        each(node, &mut |it| operators.at(it));
        found.extend(operators.found);
    }
    found.sort_by_key(|(kind, nth, it)| (*kind, *nth, it.bytes.start, it.bytes.end));
    let mut seen = HashSet::new();
    found.retain(|(_, _, it)| {
        text.get(it.bytes.clone()).is_some_and(|old| old != it.new) && seen.insert(it.clone())
    });
    found.into_iter().map(|(_, _, it)| it).take(most).collect()
}

/// Every node under `root` that is code: no comment, no type, no head, no plain text.
fn each<'t>(root: Node<'t>, act: &mut dyn FnMut(Node<'t>)) {
    walk(root, &|it| !grammar::is_no_code(it.kind()), act);
}

/// Every node under `root` that is `wanted`, as far as what it is in is.
fn walk<'t>(root: Node<'t>, wanted: &dyn Fn(Node<'t>) -> bool, act: &mut dyn FnMut(Node<'t>)) {
    let mut open = Vec::from([root]);
    while let Some(node) = open.pop() {
        act(node);
        let mut cursor = node.walk();
        let children: Vec<Node<'t>> = node.children(&mut cursor).filter(|it| wanted(*it)).collect();
        open.extend(children.into_iter().rev());
    }
}

#[cfg(test)]
mod tests;
