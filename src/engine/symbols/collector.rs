//! What the languages have in common: walking over items, the comments above them, heads.

use tree_sitter::Node;

use super::language::Language;
use super::{Definition, Kind, Outline, c, go, python, rust, script, shell};

/// Deeper than people nest classes and modules.
const MAX_DEPTH: usize = 48;
/// Characters of a signature; a longer one is cut.
const MAX_SIGNATURE: usize = 240;

/// Where an item stands.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a, 't> {
    /// See [`Definition::container`].
    pub(super) container: Option<&'a str>,
    /// Where the comments and attributes begin that stand directly above.
    first: usize,
    /// The outermost node that is all of the item: a statement with its `export`.
    pub(super) whole: Node<'t>,
    /// What is undecorated in it.
    bare: Node<'t>,
    depth: usize,
}

impl<'a, 't> Spot<'a, 't> {
    /// The same item without the decorators that belong to its outer node.
    pub(super) fn undecorated(self, bare: Node<'t>) -> Self {
        Self { bare, ..self }
    }

    /// One of several items in a statement: only its own text is its.
    pub(super) fn part(self, node: Node<'t>) -> Self {
        Self { first: node.start_byte(), whole: node, bare: node, ..self }
    }

    pub(super) fn within(self, container: Option<&'a str>) -> Self {
        Self { container, ..self }
    }
}

/// What is done with each item of a language.
pub(super) type Visit<'t> = fn(&mut Collector<'t>, Node<'t>, Spot<'_, 't>);

/// Takes down what it is shown.
pub(super) struct Collector<'t> {
    text: &'t str,
    found: Outline,
}

/// Everything that the file under `root` defines; `broken` is not looked at.
pub(super) fn collect<'t>(language: Language, text: &'t str, root: Node<'t>) -> Outline {
    let mut collector = Collector { text, found: Outline::default() };
    let all = &mut collector;
    match language {
        Language::Python => all.children(root, None, 0, python::item),
        Language::JavaScript | Language::TypeScript | Language::Tsx => {
            all.children(root, None, 0, script::item);
        }
        Language::Rust => all.children(root, None, 0, rust::item),
        Language::Go => all.children(root, None, 0, go::item),
        Language::C => all.children(root, None, 0, c::item),
        Language::Shell => all.children(root, None, 0, shell::item),
    }
    collector.found
}

/// The line of the first syntax error, from 1.
pub(super) fn first_error(root: Node<'_>) -> Option<usize> {
    if !root.has_error() {
        return None;
    }
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.is_missing() {
            return Some(line(node));
        }
        // Down to the first child that has an error. An error whose parts are all right is one
        // itself: words that fit nowhere.
        if !(node.has_error() && cursor.goto_first_child()) {
            return Some(line(node));
        }
        while !cursor.node().has_error() && !cursor.node().is_missing() {
            if !cursor.goto_next_sibling() {
                return Some(line(node));
            }
        }
    }
}

fn line(node: Node<'_>) -> usize {
    node.start_position().row + 1
}

impl<'t> Collector<'t> {
    /// The text of a node.
    pub(super) fn text(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// The text of a node's field.
    pub(super) fn field(&self, node: Node<'_>, field: &str) -> Option<&'t str> {
        node.child_by_field_name(field).map(|it| self.text(it))
    }

    /// Shows all items directly in what `spot` is at.
    pub(super) fn inside(
        &mut self,
        node: Node<'t>,
        container: Option<&str>,
        spot: Spot<'_, 't>,
        visit: Visit<'t>,
    ) {
        self.children(node, container, spot.depth + 1, visit);
    }

    fn children(
        &mut self,
        node: Node<'t>,
        container: Option<&str>,
        depth: usize,
        visit: Visit<'t>,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut above: Option<(usize, usize)> = None;
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let start = child.start_byte();
            let joined = above.filter(|(_, end)| self.touch(*end, start)).map(|(first, _)| first);
            if self.goes_with_next(child) {
                above = Some((joined.unwrap_or(start), self.trimmed_end(child)));
                continue;
            }
            above = None;
            let first = joined.unwrap_or(start);
            visit(self, child, Spot { container, first, whole: child, bare: child, depth });
        }
    }

    /// Whether a node is a comment on what follows it, or an attribute of it.
    fn goes_with_next(&self, node: Node<'_>) -> bool {
        match node.kind() {
            "attribute_item" | "decorator" => true,
            "comment" | "line_comment" | "block_comment" => {
                let text = self.text(node);
                let other = ["#!", "//!", "/*!"].iter().any(|it| text.starts_with(it));
                let before = self.text.get(..node.start_byte()).unwrap_or_default();
                let same_line = before.rsplit('\n').next().unwrap_or_default();
                !other && same_line.trim().is_empty()
            }
            _ => false,
        }
    }

    /// Whether nothing but one line break stands between two places.
    fn touch(&self, end: usize, start: usize) -> bool {
        let gap = self.text.get(end..start).unwrap_or("?");
        gap.trim().is_empty() && gap.matches('\n').count() < 2
    }

    fn trimmed_end(&self, node: Node<'_>) -> usize {
        let spare = self.text(node);
        node.end_byte() - (spare.len() - spare.trim_end().len())
    }

    /// Takes down a definition. `item` is the node whose field `body` is no part of the head.
    pub(super) fn define(&mut self, spot: Spot<'_, 't>, kind: Kind, name: &str, item: Node<'t>) {
        if let Some(definition) = self.definition(spot, kind, name, item) {
            self.found.definitions.push(definition);
        }
    }

    /// Takes down a name that is only announced.
    pub(super) fn announce(&mut self, spot: Spot<'_, 't>, kind: Kind, name: &str, item: Node<'t>) {
        if let Some(definition) = self.definition(spot, kind, name, item) {
            self.found.prototypes.push(definition);
        }
    }

    fn definition(
        &self,
        spot: Spot<'_, 't>,
        kind: Kind,
        name: &str,
        item: Node<'t>,
    ) -> Option<Definition> {
        let end = self.trimmed_end(spot.whole);
        let body = spot.bare.start_byte()..end;
        let head = match item.child_by_field_name("body") {
            Some(of_item) if kind != Kind::Constant => of_item.start_byte(),
            _ => end,
        };
        let signature = one_line(self.text.get(body.start..head)?);
        if name.is_empty() || spot.first > body.start || body.start > end {
            return None; // the parser made it up, to repair an error
        }
        Some(Definition {
            name: name.to_owned(),
            kind,
            container: spot.container.map(str::to_owned),
            bytes: spot.first..end,
            body,
            signature,
        })
    }
}

fn one_line(head: &str) -> String {
    let words: Vec<&str> = head.split_whitespace().collect();
    let line = words.join(" ");
    let line = line.trim_end_matches([':', ';', '{', ' ']);
    match line.char_indices().nth(MAX_SIGNATURE) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}
