//! Character references (`&lt;`, `&#x200b;`): written as the character itself, unless the
//! character would then begin something that hides text.

/// How the characters that a reference stands for are spelled, before this rest of the text.
pub(super) fn spelled(decoded: &str, rest: &str) -> String {
    let mut out = String::new();
    for it in decoded.chars() {
        match it {
            '<' if opens(rest) => out.push_str("&lt;"),
            '&' if begins_reference(rest) => out.push_str("&amp;"),
            '[' | ']' | '\\' | '`' | '|' => out.extend(['\\', it]),
            _ if it.is_ascii_whitespace() => out.push(' '),
            _ => out.push(it),
        }
    }
    out
}

/// Whether a `<` before this could begin a tag, once nothing invisible stands between.
pub(super) fn opens(rest: &str) -> bool {
    !rest.starts_with(|it: char| it.is_ascii_whitespace() || it.is_ascii_digit() || it == '=')
        && !rest.is_empty()
}

fn begins_reference(rest: &str) -> bool {
    let name = |it: char| it.is_ascii_alphanumeric() || it == '#';
    let end = rest.char_indices().take(40).find(|(_, it)| !name(*it));
    rest.starts_with(name) && end.is_none_or(|(_, it)| it == ';' || it == '&' || !it.is_ascii())
}
