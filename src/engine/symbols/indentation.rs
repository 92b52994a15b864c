//! What Python's grammar lets pass and Python does not: a head without a body, and a line that
//! is indented otherwise than its neighbours.

use tree_sitter::Node;

/// The first line at fault, from 1. Silent where tabs and blanks meet.
pub(super) fn fault(text: &str, root: Node<'_>) -> Option<usize> {
    let mut cursor = root.walk();
    let mut faults = Vec::new();
    loop {
        let node = cursor.node();
        match node.kind() {
            "block" => faults.extend(empty(node).or_else(|| uneven(text, node))),
            "module" => faults.extend(uneven(text, node)),
            _ => {}
        }
        if cursor.goto_first_child() || cursor.goto_next_sibling() {
            continue;
        }
        loop {
            if !cursor.goto_parent() {
                return faults.into_iter().min();
            }
            if cursor.goto_next_sibling() {
                break;
            }
        }
    }
}

/// The line of a block in which nothing is done.
fn empty(block: Node<'_>) -> Option<usize> {
    let mut cursor = block.walk();
    let bare = block.named_children(&mut cursor).all(|it| it.kind() == "comment");
    // `match` holds its cases in a block too, and they are named children as all else is.
    bare.then(|| block.parent().unwrap_or(block).start_position().row + 1)
}

/// The first statement of a block that begins its line in another column than the first does.
fn uneven(text: &str, block: Node<'_>) -> Option<usize> {
    let mut expected = (block.kind() == "module").then_some(0);
    let mut cursor = block.walk();
    for child in block.named_children(&mut cursor).filter(|it| it.kind() != "comment") {
        let before = text.get(..child.start_byte())?;
        let indent = before.rsplit('\n').next()?;
        if indent.contains(['\t', '\u{c}', '\r', '\u{feff}']) {
            return None;
        }
        if !indent.bytes().all(|it| it == b' ') {
            continue; // after `;`, or on the line of its head
        }
        // A line that goes on the one before it is no new statement.
        if before.trim_end_matches([' ', '\n']).ends_with('\\') {
            continue;
        }
        if *expected.get_or_insert(indent.len()) != indent.len() {
            return Some(child.start_position().row + 1);
        }
    }
    None
}
