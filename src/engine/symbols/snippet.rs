//! A few statements that an issue shows, with assertions among them: what they use, and what they
//! assert. Read by the grammar, and strictly: a statement of a kind that is not listed, or a name
//! that comes from nowhere, and it is no snippet. Whoever runs one has to see that each name that it
//! does not make itself is the project's.

use std::ops::Range;

use tree_sitter::Node;

use super::language::Language as Grammar;
use crate::domain::example::Language;

mod assertion;
mod kinds;
mod made;

use kinds::Kinds;
use made::Made;

/// The longest one, in bytes.
const LONGEST: usize = 4_000;
/// The most assertions of one.
const MOST: usize = 8;

/// Statements with assertions among them. The ranges are of bytes of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// Names that it uses and does not make itself, each once, in their order.
    pub names: Vec<String>,
    /// Those of them that it calls.
    pub called: Vec<String>,
    /// Members of values that it uses: methods and fields.
    pub members: Vec<String>,
    /// In their order.
    pub assertions: Vec<Assertion>,
    /// Statements that bring in what is the project's.
    pub imports: Vec<Range<usize>>,
    /// Whether something in it is neither an assertion nor an import.
    pub prepares: bool,
}

/// What is to be so at one place of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// The statement.
    pub bytes: Range<usize>,
    /// Where the outermost statement ends that it stands in.
    pub end: usize,
    /// What is asserted.
    pub condition: Range<usize>,
    /// The two sides, where they are to be the same.
    pub same: Option<Same>,
}

/// Two sides that are to be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Same {
    /// What is looked at.
    pub left: Range<usize>,
    /// What it is compared with.
    pub right: Range<usize>,
    /// How: `==`, `===`, `is` (the very same), or `deep`.
    pub how: &'static str,
}

/// Reads statements of `language`. `None`: they are not all understood, or assert nothing.
pub fn snippet(language: Language, text: &str) -> Option<Snippet> {
    if text.len() > LONGEST {
        return None;
    }
    let (grammar, before, behind) = match language {
        Language::Python => (Grammar::Python, "", ""),
        Language::JavaScript => (Grammar::JavaScript, "", ""),
        Language::Rust => (Grammar::Rust, "fn snippet() {\n", "\n}\n"),
        Language::C => (Grammar::C, "void snippet(void) {\n", "\n}\n"),
        Language::Shell => return None,
    };
    let whole = format!("{before}{text}{behind}");
    let tree = grammar.parse(&whole)?;
    let root = tree.root_node();
    if root.has_error() {
        return None;
    }
    let block = match before {
        "" => root,
        // A brace too many would end the function, and what stands behind it is read by nobody.
        _ if root.named_child_count() != 1 => return None,
        _ => root.named_child(0)?.child_by_field_name("body")?,
    };
    let mut reader = Reader {
        text: &whole,
        language,
        kinds: kinds::of(language)?,
        made: Vec::new(),
        found: Snippet::default(),
    };
    each(block, &mut |it| reader.made.extend(made::made(language, it, &whole)));
    let mut cursor = block.walk();
    for statement in block.named_children(&mut cursor) {
        reader.statement(statement)?;
    }
    reader.found.shift(before.len());
    let count = reader.found.assertions.len();
    (1..=MOST).contains(&count).then_some(reader.found)
}

struct Reader<'a> {
    /// With what stands around it.
    text: &'a str,
    language: Language,
    kinds: &'static Kinds,
    /// Names that the statements make.
    made: Vec<Made<'a>>,
    found: Snippet,
}

impl<'a> Reader<'a> {
    fn written(&self, node: Node<'_>) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// An outermost statement.
    fn statement(&mut self, node: Node<'_>) -> Option<()> {
        if node.kind().contains("comment") {
            return Some(());
        }
        if self.kinds.is_import(node, self.text) {
            self.found.imports.push(node.byte_range());
            return Some(());
        }
        let (before, mut allowed) = (self.found.assertions.len(), true);
        let mut open = Vec::from([node]);
        while let Some(it) = open.pop() {
            if let Some(assertion) = assertion::of(self.language, it, self.text, node.end_byte()) {
                // What asserts is the language's; what it looks at is not.
                let parts: Vec<Node<'_>> = assertion::parts(self.language, it).collect();
                self.found.assertions.push(assertion);
                open.extend(parts.into_iter().rev());
                continue;
            }
            allowed &= self.node(it);
            let mut cursor = it.walk();
            let children: Vec<Node<'_>> = it.children(&mut cursor).collect();
            open.extend(children.into_iter().rev());
        }
        let alone =
            self.found.assertions.get(before).is_some_and(|it| it.bytes == node.byte_range());
        self.found.prepares |= !alone;
        allowed.then_some(())
    }

    /// Whether it may stand there; takes down what it names.
    fn node(&mut self, node: Node<'_>) -> bool {
        if !node.is_named() || node.kind().contains("comment") {
            return true;
        }
        let own = self.written(node);
        if !self.kinds.allows(node, own) {
            return false;
        }
        if self.kinds.is_member(node) {
            add(&mut self.found.members, own);
            return true;
        }
        let is_made = |it: &Made<'_>| it.is_meant(own, &node.byte_range());
        let is_known = self.kinds.known.contains(&own) || self.made.iter().any(is_made);
        if self.kinds.is_name(node) && !is_known {
            add(&mut self.found.names, own);
            if self.kinds.is_called(node, self.text) {
                add(&mut self.found.called, own);
            }
        }
        true
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|it| it == name) {
        names.push(name.to_owned());
    }
}

impl Snippet {
    /// The same without what was put before it.
    fn shift(&mut self, by: usize) {
        let less = |it: &mut Range<usize>| {
            it.start -= by;
            it.end -= by;
        };
        self.imports.iter_mut().for_each(less);
        for it in &mut self.assertions {
            less(&mut it.bytes);
            less(&mut it.condition);
            it.end -= by;
            if let Some(same) = &mut it.same {
                less(&mut same.left);
                less(&mut same.right);
            }
        }
    }
}

/// Every node of it.
fn each(root: Node<'_>, act: &mut dyn FnMut(Node<'_>)) {
    let mut open = Vec::from([root]);
    while let Some(node) = open.pop() {
        act(node);
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        open.extend(children.into_iter().rev());
    }
}

#[cfg(test)]
mod tests;
