//! Words of strangers, made harmless: on the code host's pages they call nobody, close nothing,
//! are no markup, and do not leave the place that they were given.

/// The longest piece of code within a line, in characters.
const MOST_CODE: usize = 200;
/// The longest sentence, in characters.
const MOST_SENTENCE: usize = 600;
/// The longest run of backticks that is shown as it is.
const MOST_TICKS: usize = 3;
/// The longest address.
const MOST_ADDRESS: usize = 300;

/// One line without control characters, in which nothing refers to an issue or a person:
/// neither `#1`, `GH-1` and an issue's address, nor `@name`.
pub(super) fn inert(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().map(|it| if it.is_control() { ' ' } else { it }).peekable();
    while let Some(it) = chars.next() {
        out.push(it);
        let Some(next) = chars.peek() else { break };
        let refers = match it {
            '#' | '@' => next.is_alphanumeric(),
            '-' => next.is_ascii_digit() && ends_with(&out, "gh-"),
            '/' => {
                next.is_ascii_digit() && (ends_with(&out, "issues/") || ends_with(&out, "pull/"))
            }
            _ => false,
        };
        if refers {
            out.push(' ');
        }
    }
    out
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len()).and_then(|at| text.get(at..));
    tail.is_some_and(|it| it.eq_ignore_ascii_case(end))
}

/// An inert line for Markdown, in which nothing is HTML or a link with words of its own either.
/// What is marked as code stays as it is: nothing in code refers to anything.
pub(super) fn sentence(text: &str) -> String {
    let text = unmarked(&bounded(text, MOST_SENTENCE).replace(char::is_control, " "));
    let parts = text.split('`').collect::<Vec<_>>();
    // Outside: the even ones. A mark without its other half, a longer one (two marks with nothing
    // in between) or one that something else takes may be read in another way than it was meant.
    let paired = parts.len() % 2 == 1;
    let whole = parts.iter().enumerate().all(|(nth, part)| match nth % 2 {
        0 => !may_take_a_mark(part) && (!part.is_empty() || nth == 0 || nth + 1 == parts.len()),
        _ => !part.is_empty(),
    });
    if !(paired && whole) {
        return prose(&text.replace('`', "'"));
    }
    let shown = parts.iter().enumerate().map(|(nth, part)| match nth % 2 {
        0 => prose(part),
        _ => (*part).to_owned(),
    });
    shown.collect::<Vec<_>>().join("`")
}

/// Whether what follows the text may be no mark of code: a `\` takes it, and so does an address
/// between angles, which may have one inside.
fn may_take_a_mark(text: &str) -> bool {
    let address = text.rsplit_once('<').is_some_and(|(_, it)| !it.contains(char::is_whitespace));
    address || text.ends_with('\\')
}

fn prose(text: &str) -> String {
    let mut out = String::new();
    let text = inert(text);
    let mut chars = text.char_indices().peekable();
    while let Some((at, it)) = chars.next() {
        out.push(it);
        let markup = |next: char| match it {
            '<' => next.is_ascii_alphabetic() || matches!(next, '!' | '/' | '?'),
            ']' => matches!(next, '(' | '[' | ':'),
            // A named character can be an `@` or a `#`.
            '&' => names_a_character(&text[at + 1..]),
            _ => false,
        };
        if chars.peek().is_some_and(|(_, next)| markup(*next)) {
            out.push(' ');
        }
    }
    out
}

fn names_a_character(text: &str) -> bool {
    let rest = text.trim_start_matches(|it: char| it.is_ascii_alphanumeric());
    rest.len() < text.len() && rest.starts_with(';')
}

/// A block of foreign text in which nothing is a link, a mention or markup.
pub(super) fn quoted(text: &str) -> String {
    let text: String =
        text.chars().filter(|it| !it.is_control() || matches!(it, '\n' | '\t')).collect();
    let text = unmarked(&text);
    let fence = "`".repeat(longest_ticks(&text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// Foreign text inside a table's cell or a sentence, as code.
pub(super) fn code(text: &str) -> String {
    let text = unmarked(&bounded(text, MOST_CODE).replace(char::is_control, " "));
    if text.trim().is_empty() {
        return "` `".to_owned();
    }
    let mut text = text.replace('|', "\\|");
    if longest_ticks(&text) > MOST_TICKS {
        text = text.replace('`', "'");
    }
    let ticks = "`".repeat(longest_ticks(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Without what a comment of ours is found by: that is ours alone to write.
fn unmarked(text: &str) -> String {
    text.replace("codingworker:", "codingworker: ")
}

fn longest_ticks(text: &str) -> usize {
    text.split(|it| it != '`').map(str::len).max().unwrap_or(0)
}

/// Words of ours that lead to `url`; the words alone where that is no plain web address.
pub(super) fn link(words: &str, url: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-._~:/?#&=%+,".contains(it);
    let web = url.starts_with("https://") || url.starts_with("http://");
    match web && url.len() <= MOST_ADDRESS && url.chars().all(plain) {
        true => format!("[{words}]({url})"),
        false => words.to_owned(),
    }
}

fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// The first lines of a text, bounded.
pub(super) fn first_lines(text: &str, lines: usize, bytes: usize) -> String {
    let head = text.lines().take(lines).collect::<Vec<_>>().join("\n");
    cut(&head, bytes, head.len() < text.trim_end().len())
}

/// The last lines of a text, bounded.
pub(super) fn last_lines(text: &str, lines: usize, bytes: usize) -> String {
    let all = text.trim_end().lines().collect::<Vec<_>>();
    let tail = all[all.len().saturating_sub(lines)..].join("\n");
    let start = (tail.len().saturating_sub(bytes)..=tail.len())
        .find(|at| tail.is_char_boundary(*at))
        .unwrap_or(0);
    tail[start..].to_owned()
}

fn cut(text: &str, bytes: usize, already: bool) -> String {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match already || end < text.len() {
        true => format!("{}\n…", &text[..end]),
        false => text.to_owned(),
    }
}
