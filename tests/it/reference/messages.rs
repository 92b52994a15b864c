//! Every message that the program can show a person, out of its sources.
//!
//! A *sink* is where a message goes in: `#[error("…")]`, `CliError::failed(…)`, `Failure::new(…)`.
//! A function that hands one of its own parameters to a sink is a sink too, in its file; a name
//! that is handed to one is followed to its `let`. In a few rooms nearly every sentence is shown
//! to people, and there all of them count.

use std::collections::{BTreeMap, BTreeSet};

use super::lexer::{Kind, Token, closing, test_modules, tokens};

/// A message, `…` in place of what varies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) file: String,
    pub(super) line: usize,
}

/// Where every sentence is a message.
const ROOMS: [&str; 4] =
    ["src/config", "src/engine/authority", "src/engine/gate/glob.rs", "src/engine/size.rs"];

/// Where sentences with their full stop are messages, and the rest is put into those.
const STOPS: &str = "src/engine/gate";

/// What stands there and is no message: keys of the table, and what a reviewer should look at.
const NO_MESSAGES: [&str; 2] = ["src/config/keys/table.rs", "src/engine/gate/note.rs"];

/// Functions that are sinks, with the position of their message.
const SINKS: [(&str, usize); 8] = [
    ("CliError::failed", 0),
    ("CliError::usage", 0),
    ("CliError::missing", 0),
    ("CliError::not_found", 0),
    ("Finding::fail", 1),
    ("Finding::warn", 1),
    ("Failure::new", 1),
    ("tracing::error!", usize::MAX),
];

/// All messages of `sources`: pairs of a path and what is in it.
pub(super) fn of(sources: &[(String, String)]) -> Vec<Message> {
    let tests: BTreeSet<String> =
        sources.iter().flat_map(|(file, text)| test_files(file, text)).collect();
    let files: Vec<(&String, Vec<Token>)> = sources
        .iter()
        .filter(|(file, _)| !tests.iter().any(|it| within(file, it)))
        .map(|(file, text)| (file, tokens(text)))
        .collect();
    let mut found = BTreeSet::new();
    let mut sinks: BTreeMap<String, usize> =
        SINKS.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
    for (file, tokens) in &files {
        found.extend(errors(file, tokens, &mut sinks));
    }
    for (file, tokens) in &files {
        let (mut here, calls) = (sinks.clone(), calls(tokens));
        // A helper may hand on to another helper.
        for _ in 0..2 {
            let helpers = helpers(tokens, &calls, &here);
            here.extend(helpers);
        }
        found.extend(sunk(file, tokens, &calls, &here));
        let room = ROOMS.iter().any(|it| file.starts_with(it));
        let stops = file.starts_with(STOPS);
        let counts = |it: &&Token| {
            it.kind == Kind::Text
                && is_sentence(&it.text)
                && (room || stops && it.text.ends_with('.'))
        };
        if !NO_MESSAGES.contains(&file.as_str()) {
            found.extend(tokens.iter().filter(counts).map(|it| message(file, it)));
        }
    }
    found.into_iter().filter(|it| !it.text.is_empty()).collect()
}

/// The modules of `file` that only tests compile, as paths without `.rs`.
fn test_files(file: &str, text: &str) -> Vec<String> {
    let folder = file.trim_end_matches(".rs");
    test_modules(text).iter().map(|it| format!("{folder}/{it}")).collect()
}

fn within(file: &str, module: &str) -> bool {
    file.strip_prefix(module).is_some_and(|it| it == ".rs" || it.starts_with('/'))
}

fn message(file: &str, token: &Token) -> Message {
    Message { text: shape(&token.text), file: file.to_owned(), line: token.line }
}

/// A format with `…` in place of its variables.
pub(super) fn shape(format: &str) -> String {
    let mut shape = String::new();
    let mut rest = format.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '}' if rest.peek() == Some(&c) => {
                rest.next();
                shape.push(c);
            }
            '{' => {
                while rest.next().is_some_and(|it| it != '}') {}
                if !shape.ends_with('…') {
                    shape.push('…');
                }
            }
            _ => shape.push(c),
        }
    }
    shape.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a text is more than a word, a path or a separator.
fn is_sentence(text: &str) -> bool {
    let shape = shape(text);
    let words = shape.split(' ').filter(|it| it.chars().filter(|c| c.is_alphabetic()).count() > 1);
    words.count() > 1
}

/// What `#[error("…")]` says. Variants that only pass on what they hold become sinks.
fn errors(file: &str, tokens: &[Token], sinks: &mut BTreeMap<String, usize>) -> Vec<Message> {
    let mut found = Vec::new();
    let mut owner = "";
    for (at, token) in tokens.iter().enumerate() {
        if token.is("enum") || token.is("struct") {
            owner = tokens.get(at + 1).map_or("", |it| it.text.as_str());
        }
        let is_error =
            token.is("error") && at > 1 && tokens[at - 1].is("[") && tokens[at - 2].is("#");
        let Some(text) = tokens.get(at + 2).filter(|it| is_error && it.kind == Kind::Text) else {
            continue;
        };
        if shape(&text.text).chars().any(char::is_alphabetic) {
            found.push(message(file, text));
        } else if let Some(variant) = tokens.get(closing(tokens, at - 1) + 1) {
            sinks.insert(format!("{owner}::{}", variant.text), 0);
        }
    }
    found
}

/// A call: the path that is called, and what is between its brackets.
struct Call<'a> {
    path: String,
    at: usize,
    inside: &'a [Token],
}

fn calls(tokens: &[Token]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is("(") || at == 0 {
            continue;
        }
        let bang = tokens[at - 1].is("!");
        let mut from = at - usize::from(bang);
        if from == 0 || tokens[from - 1].kind != Kind::Word {
            continue;
        }
        from -= 1;
        let mut path = tokens[from].text.clone();
        while from > 2 && tokens[from - 1].is(":") && tokens[from - 2].is(":") {
            from -= 3;
            path = format!("{}::{path}", tokens[from].text);
        }
        let is_definition = from > 0 && tokens[from - 1].is("fn");
        if !is_definition {
            let inside = &tokens[at + 1..closing(tokens, at).max(at + 1)];
            let path = if bang { format!("{path}!") } else { path };
            calls.push(Call { path, at, inside });
        }
    }
    calls
}

/// The arguments between two brackets.
fn split(inside: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut from, mut at) = (Vec::new(), 0, 0);
    while at < inside.len() {
        if ["(", "[", "{"].iter().any(|it| inside[at].is(it)) {
            at = closing(inside, at);
        } else if inside[at].is(",") {
            parts.push(&inside[from..at]);
            from = at + 1;
        }
        at += 1;
    }
    if from < inside.len() {
        parts.push(&inside[from..]);
    }
    parts
}

/// The argument of a call that is the message, if the call is one of a sink.
fn sunk_argument<'a>(call: &Call<'a>, sinks: &BTreeMap<String, usize>) -> Option<&'a [Token]> {
    let last = call.path.rsplit("::").next().unwrap_or_default();
    let position = sinks.get(&call.path).or_else(|| {
        // Inside its own `impl`, and of helpers that are called by their last name.
        let own = call.path.strip_prefix("Self::").or(call.path.strip_prefix("self::"));
        let variant =
            sinks.iter().find(|(it, _)| own.is_some_and(|own| it.ends_with(&format!("::{own}"))));
        sinks.get(last).or(variant.map(|it| it.1))
    })?;
    let arguments = split(call.inside);
    let last = arguments.len().saturating_sub(1);
    arguments.get(if *position == usize::MAX { last } else { *position }).copied()
}

/// Functions and closures that hand one of their parameters to a sink.
fn helpers(
    tokens: &[Token],
    calls: &[Call<'_>],
    sinks: &BTreeMap<String, usize>,
) -> BTreeMap<String, usize> {
    let mut helpers = BTreeMap::new();
    for call in calls {
        let Some(argument) = sunk_argument(call, sinks) else { continue };
        let Some(name) = handed_on(argument) else { continue };
        if let Some((helper, position)) = parameter(tokens, call.at, name) {
            helpers.insert(helper, position);
        }
    }
    helpers
}

/// The name that an argument is, or is made of without a text.
fn handed_on(argument: &[Token]) -> Option<&str> {
    let name = argument.iter().find(|it| it.kind == Kind::Word)?;
    let plain = argument
        .iter()
        .all(|it| it.kind == Kind::Word || [".", "(", ")", "&"].iter().any(|sign| it.is(sign)));
    plain.then_some(name.text.as_str())
}

/// The function or closure around `at` that has a parameter of that name, and its position.
fn parameter(tokens: &[Token], at: usize, name: &str) -> Option<(String, usize)> {
    for from in (0..at).rev() {
        if tokens[from].is("fn") {
            let open = (from..tokens.len()).find(|it| tokens[*it].is("("))?;
            let parameters = split(&tokens[open + 1..closing(tokens, open)]);
            let own = parameters.iter().filter(|it| !it.iter().any(|it| it.is("self")));
            let position = own.clone().position(|it| it.first().is_some_and(|it| it.is(name)));
            return position.map(|it| (tokens[from + 1].text.clone(), it));
        }
        let closure = tokens[from].is("=") && tokens[from + 1].is("|") && from > 1;
        if closure {
            let end = (from + 2..at).find(|it| tokens[*it].is("|"));
            let parameters = end.map(|end| split(&tokens[from + 2..end])).unwrap_or_default();
            let position =
                parameters.iter().position(|it| it.first().is_some_and(|it| it.is(name)));
            if let Some(position) = position {
                return Some((tokens[from - 1].text.clone(), position));
            }
        }
    }
    None
}

/// The texts that are handed to a sink, there or by name.
fn sunk(
    file: &str,
    tokens: &[Token],
    calls: &[Call<'_>],
    sinks: &BTreeMap<String, usize>,
) -> Vec<Message> {
    let mut found = Vec::new();
    for call in calls {
        let Some(argument) = sunk_argument(call, sinks) else { continue };
        let mut texts: Vec<&Token> = argument.iter().filter(|it| it.kind == Kind::Text).collect();
        if let Some(name) = handed_on(argument) {
            texts.extend(bound(tokens, call.at, name));
        }
        found.extend(texts.iter().filter(|it| is_sentence(&it.text)).map(|it| message(file, it)));
    }
    found
}

/// The texts of the nearest `let name = …;` before `at`.
fn bound<'a>(tokens: &'a [Token], at: usize, name: &str) -> Vec<&'a Token> {
    for from in (1..at).rev() {
        if tokens[from].is("fn") {
            break;
        }
        if tokens[from].is(name) && tokens[from - 1].is("let") && tokens[from + 1].is("=") {
            let mut end = from;
            while end < tokens.len() && !tokens[end].is(";") {
                end = if ["(", "[", "{"].iter().any(|it| tokens[end].is(it)) {
                    closing(tokens, end)
                } else {
                    end
                };
                end += 1;
            }
            return tokens[from..end].iter().filter(|it| it.kind == Kind::Text).collect();
        }
    }
    Vec::new()
}
