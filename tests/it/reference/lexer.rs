//! Rust sources as tokens, as far as finding messages in them needs: comments are gone, and so is
//! what only tests compile.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name, a keyword or a number.
    Word,
    /// A text, its escapes resolved.
    Text,
    /// One sign.
    Sign,
}

/// One token, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is(&self, text: &str) -> bool {
        self.kind != Kind::Text && self.text == text
    }
}

/// The tokens of `source` that the program itself is made of.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    without_tests(all(source))
}

fn all(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    let peek = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let (c, begins) = (chars[at], line);
        if c == '\n' {
            line += 1;
            at += 1;
        } else if c.is_whitespace() {
            at += 1;
        } else if c == '/' && peek(at + 1) == '/' {
            while at < chars.len() && chars[at] != '\n' {
                at += 1;
            }
        } else if let Some((hashes, start)) = raw(&chars, at) {
            let end = format!("\"{}", "#".repeat(hashes));
            let rest: String = chars[start..].iter().collect();
            let text = rest.split(&end).next().unwrap_or_default().to_owned();
            line += text.matches('\n').count();
            at = start + text.chars().count() + end.len();
            tokens.push(Token { kind: Kind::Text, text, line: begins });
        } else if c == '"' || (c == 'b' && peek(at + 1) == '"') {
            at += if c == '"' { 1 } else { 2 };
            let mut text = String::new();
            while at < chars.len() && chars[at] != '"' {
                if chars[at] == '\\' {
                    at += escape(&chars[at..], &mut text, &mut line);
                } else {
                    line += usize::from(chars[at] == '\n');
                    text.push(chars[at]);
                    at += 1;
                }
            }
            at += 1;
            if c == '"' {
                tokens.push(Token { kind: Kind::Text, text, line: begins });
            }
        } else if c == '\'' {
            at += quoted(&chars[at..]);
        } else if c.is_alphanumeric() || c == '_' {
            let from = at;
            while peek(at).is_alphanumeric() || peek(at) == '_' {
                at += 1;
            }
            let text = chars[from..at].iter().collect();
            tokens.push(Token { kind: Kind::Word, text, line });
        } else {
            tokens.push(Token { kind: Kind::Sign, text: c.to_string(), line });
            at += 1;
        }
    }
    tokens
}

/// How many `#` a raw text has that begins here, and where its inside begins.
fn raw(chars: &[char], at: usize) -> Option<(usize, usize)> {
    let after_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let from = match chars[at] {
        _ if after_word => return None,
        'r' => at + 1,
        'b' if chars.get(at + 1) == Some(&'r') => at + 2,
        _ => return None,
    };
    let hashes = chars[from..].iter().take_while(|it| **it == '#').count();
    (chars.get(from + hashes) == Some(&'"')).then_some((hashes, from + hashes + 1))
}

/// Resolves the escape that `rest` begins with, and says how long it is.
fn escape(rest: &[char], text: &mut String, line: &mut usize) -> usize {
    match rest.get(1) {
        Some('n') => text.push('\n'),
        Some('\n') => {
            let blank = rest[1..].iter().take_while(|it| it.is_whitespace());
            let (count, lines) =
                blank.fold((0, 0), |it, c| (it.0 + 1, it.1 + usize::from(*c == '\n')));
            *line += lines;
            return 1 + count;
        }
        Some('u') => {
            let end = rest.iter().position(|it| *it == '}').unwrap_or(1);
            text.push('?');
            return end + 1;
        }
        Some(c @ ('"' | '\\' | '\'')) => text.push(*c),
        _ => {}
    }
    2
}

/// How long a character, or else the beginning of a lifetime, is.
fn quoted(rest: &[char]) -> usize {
    match rest.get(1) {
        Some('\\') => rest.iter().skip(2).position(|it| *it == '\'').map_or(1, |it| {
            // `'\''` has its end one further.
            if rest.get(2) == Some(&'\'') { 4 } else { it + 3 }
        }),
        _ if rest.get(2) == Some(&'\'') => 3,
        _ => 1,
    }
}

/// The names of the modules in other files that only tests compile.
pub(super) fn test_modules(source: &str) -> Vec<String> {
    let tokens = all(source);
    let is_test = |at: usize| {
        let mark = &MARKS[0];
        at >= mark.len()
            && mark.iter().zip(&tokens[at - mark.len()..]).all(|(it, token)| token.is(it))
    };
    let modules = (0..tokens.len()).filter(|at| tokens[*at].is("mod") && is_test(*at));
    modules.filter_map(|at| Some(tokens.get(at + 1)?.text.clone())).collect()
}

/// What stands above an item that only tests compile.
const MARKS: [&[&str]; 2] = [&["#", "[", "cfg", "(", "test", ")", "]"], &["#", "[", "test", "]"]];

/// Takes out each item below `#[cfg(test)]` or `#[test]`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_mark = |mark: &&[&str]| {
            mark.iter().enumerate().all(|(i, it)| tokens.get(at + i).is_some_and(|t| t.is(it)))
        };
        match MARKS.iter().find(|it| is_mark(it)) {
            Some(mark) => at = end_of_item(&tokens, at + mark.len()),
            None => {
                kept.push(tokens[at].clone());
                at += 1;
            }
        }
    }
    kept
}

fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() {
        if tokens[at].is(";") {
            return at + 1;
        }
        if tokens[at].is("{") {
            return closing(tokens, at) + 1;
        }
        at +=
            if tokens[at].is("(") || tokens[at].is("[") { closing(tokens, at) - at + 1 } else { 1 };
    }
    at
}

/// Where the bracket that opens at `at` is closed.
pub(super) fn closing(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        if ["(", "[", "{"].iter().any(|it| token.is(it)) {
            depth += 1;
        } else if [")", "]", "}"].iter().any(|it| token.is(it)) {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return i;
            }
        }
    }
    tokens.len().saturating_sub(1)
}
