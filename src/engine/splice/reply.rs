//! The code of an answer.

/// All blocks of code of `reply`, one after the other; the reply itself where it has no fence and
/// looks like code. `None`: there is none.
pub fn code(reply: &str) -> Option<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open: Option<(String, Vec<&str>)> = None;
    for line in reply.lines() {
        let mark: String = line.trim_start().chars().take_while(|it| *it == '`').collect();
        match open.take() {
            None if mark.len() >= 3 => open = Some((mark, Vec::new())),
            None => {}
            Some((fence, lines)) if line.trim() == fence => blocks.push(lines.join("\n")),
            Some((fence, mut lines)) => {
                lines.push(line);
                open = Some((fence, lines));
            }
        }
    }
    // Cut off after the last line of the code, or the closing fence forgotten.
    if let Some((_, lines)) = open {
        blocks.push(lines.join("\n"));
    }
    let mut seen: Vec<&String> = Vec::new();
    for block in &blocks {
        if !block.trim().is_empty() && !seen.contains(&block) {
            seen.push(block);
        }
    }
    if !seen.is_empty() {
        let texts: Vec<String> = seen.iter().map(|it| outdented(it)).collect();
        return Some(texts.join("\n\n") + "\n");
    }
    let bare = blocks.is_empty() && !reply.trim().is_empty() && !reply.contains("```");
    bare.then(|| reply.trim_matches('\n').to_owned() + "\n")
}

/// Without the indentation that all lines share: a method comes as it stood in its class.
fn outdented(block: &str) -> String {
    let blank = |it: char| matches!(it, ' ' | '\t');
    let indents = block.lines().filter(|it| !it.trim().is_empty());
    let least = indents.map(|it| it.len() - it.trim_start_matches(blank).len()).min().unwrap_or(0);
    let lines = block.trim_matches('\n').lines().map(|it| it.get(least..).unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}
