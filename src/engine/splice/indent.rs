//! How far in a text stands, and how it is put further in or out.

/// How far in the line of `at` the text begins.
pub(super) fn column(text: &str, at: usize) -> usize {
    let line = text[..at].rfind('\n').map_or(0, |it| it + 1);
    text[line..at].chars().take_while(|it| it.is_whitespace()).count()
}

pub(super) fn indentation(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let rest = &text[line..];
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// `piece`, whose first line stood `from` columns in, for a place that is as far in as the line of
/// `at` in `text`.
pub(super) fn indented(piece: &str, from: usize, text: &str, at: usize) -> String {
    let to = indentation(text, at);
    let mut out = String::with_capacity(piece.len());
    for (number, line) in piece.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
            let blanks = line.chars().take_while(|it| matches!(it, ' ' | '\t')).count().min(from);
            let line = &line[blanks..];
            if !line.trim().is_empty() {
                out.push_str(to);
                out.push_str(line);
            }
        } else {
            out.push_str(line);
        }
    }
    out
}
