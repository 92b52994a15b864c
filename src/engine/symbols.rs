//! What a source file defines and which words stand in it, by its grammar: Python, JavaScript,
//! TypeScript, Rust, Go, C and shell. A grammar is not the compiler: it may call a good file
//! broken (C's macros), so whoever asks compares an old text with a new one.

use std::ops::Range;

mod c;
mod collector;
mod go;
mod indentation;
mod language;
pub mod mutation;
mod python;
mod rust;
mod script;
mod shell;
pub mod snippet;
mod words;

use language::Language;

pub use words::{Word, WordKind, identifiers};

/// Longer files are data or generated, and are not read.
const MAX_TEXT: usize = 512 * 1024;

/// What a file defines, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Everything with a name and a body or a value. What stands inside a function is a part of
    /// it and is not listed.
    pub definitions: Vec<Definition>,
    /// Names that are announced here and defined elsewhere: C's prototypes, overloads.
    pub prototypes: Vec<Definition>,
    /// The line of the first syntax error, from 1; `None`: the text parses.
    pub broken: Option<usize>,
    /// Whether it is a shell's: there the work is done by what stands outside of all definitions.
    pub is_script: bool,
}

/// One definition. The ranges are of bytes, within the text and between characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name; a module's nameless default export is `default`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The class, trait, type of an `impl`, namespace or module that it is in.
    pub container: Option<String>,
    /// All of it: with decorators, attributes, `export`, and the comments directly above.
    pub bytes: Range<usize>,
    /// The item itself: without the comments, attributes and decorators above it.
    pub body: Range<usize>,
    /// Its head without the body, in one line; a long one ends in `…`.
    pub signature: String,
}

/// What a definition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Also a macro with arguments.
    Function,
    /// A function of a class, trait, type or object.
    Method,
    /// A class, structure, enumeration, interface, trait, or a new name for a type.
    Type,
    /// A value with a name at the top of the file, or in a class.
    Constant,
}

/// What `text` at `path` defines. `None`: it is no language of ours, too long, or its grammar
/// does not come to an end with it. Without an extension, a first line `#!` says what it is.
pub fn outline(path: &str, text: &str) -> Option<Outline> {
    let language = Language::of(path, text)?;
    let tree = language.parse(text)?;
    let mut found = collector::collect(language, text, tree.root_node());
    found.broken = collector::first_error(tree.root_node());
    found.is_script = language == Language::Shell;
    if language == Language::Python && found.broken.is_none() {
        found.broken = indentation::fault(text, tree.root_node());
    }
    Some(found)
}

/// The words and marks of `text` that do something: all but comments, and but a text or a `pass` that
/// stands alone in Python. `None` as for [`outline`].
pub fn tokens<'t>(path: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let language = Language::of(path, text)?;
    let tree = language.parse(text)?;
    let mut cursor = tree.walk();
    let mut tokens = Vec::new();
    loop {
        let node = cursor.node();
        let alone = matches!(node.kind(), "expression_statement" | "pass_statement")
            && language == Language::Python
            && node.named_children(&mut node.walk()).all(|it| it.kind() == "string");
        let skipped = alone || node.kind().contains("comment");
        if !skipped && cursor.goto_first_child() {
            continue;
        }
        if !skipped {
            tokens.extend(text.get(node.byte_range()).filter(|it| !it.trim().is_empty()));
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return Some(tokens);
            }
        }
    }
}

#[cfg(test)]
mod tests;
