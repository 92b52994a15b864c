//! What a comment asks of us, read from its words as they were written.
//!
//! A comment speaks to us when `@ai-fix` is the first thing that a reader of the page sees. What
//! is quoted, shown as code, hidden, or written by us speaks to nobody. When in doubt whether
//! something is a question or asks for a change, it asks for a change: the agent then finds none.

use crate::engine::normalise;

mod question;

/// The name that we answer to.
const NAME: &str = "@ai-fix";
/// What a person writes who read a stranger's text and lets us work on it.
const APPROVE: &str = "/ai-approve";
/// What every comment of ours carries, hidden, with the job's name or the day behind it. Without
/// the `<!--`: whoever echoes us may have escaped that.
const MARKERS: [&str; 2] = ["codingworker:job=", "codingworker:cap="];
/// How many hexadecimal digits of a text's digest stand for it.
const DIGEST: usize = 12;

/// What is asked for. All texts are in normal form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Change this: all that was written, without the `@ai-fix`.
    Change(String),
    /// An answer; nothing is to be changed.
    Question(String),
    /// Run again what was asked for last.
    Retry,
    /// End what is running on this pull request.
    Stop,
    /// Tell what was done on this pull request.
    Status,
    /// Let this model come first from now on.
    Model {
        /// Its name, as it was written.
        name: String,
        /// What else is asked for, on the lines that follow.
        text: Option<String>,
    },
    /// One word that is no command; empty when there was none at all.
    Unknown(String),
}

/// The commands, each with what it does.
const COMMANDS: [(&str, &str); 5] = [
    ("@ai-fix WHAT TO CHANGE", "makes the change and pushes it to this pull request"),
    ("@ai-fix retry", "runs the last request again"),
    ("@ai-fix stop", "ends what is running on this pull request"),
    ("@ai-fix status", "tells what was done on this pull request"),
    ("@ai-fix model NAME", "puts a model of the worker's list first on this pull request"),
];

/// What can be written to us, each with a short description, for a reply.
pub fn commands() -> &'static [(&'static str, &'static str)] {
    &COMMANDS
}

/// What `body` asks of us. `None`: it does not speak to us.
pub fn read(body: &str) -> Option<Request> {
    let said = addressed(body, NAME)?;
    // No login has a character outside ASCII, and Japanese goes on without a space.
    if !said.starts_with(|it: char| it.is_whitespace() || ":,".contains(it) || !it.is_ascii()) {
        return said.is_empty().then(|| Request::Unknown(String::new()));
    }
    let is_gap = |it: char| it.is_whitespace() || ":,：、，".contains(it);
    let line = said.lines().next().unwrap_or_default().trim_start_matches(is_gap);
    let said = said.trim_start_matches(is_gap).trim_end();
    Some(command(said).or_else(|| model(line, said)).unwrap_or_else(|| words(said)))
}

/// Whether we wrote it, or somebody copied what we wrote.
pub fn is_ours(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    MARKERS.iter().any(|it| body.contains(it))
}

/// The digest that `body` approves, in lower case: the first line is `/ai-approve DIGEST`.
pub fn approval(body: &str) -> Option<String> {
    let said = addressed(body, APPROVE)?;
    let line = said.lines().next().filter(|it| it.starts_with([' ', '\t']))?;
    let digest = line.trim().trim_matches('`');
    let whole = digest.len() == DIGEST && digest.chars().all(|it| it.is_ascii_hexdigit());
    whole.then(|| digest.to_ascii_lowercase())
}

/// What follows `name` when that is the first thing in the comment, both as it was written and
/// as a page shows it. In normal form.
fn addressed(body: &str, name: &str) -> Option<String> {
    if is_ours(body) || !is_first_written(body, name) {
        return None;
    }
    let shown = normalise::markdown(body).text;
    after(shown.trim_start(), name).map(str::to_owned)
}

/// Whether nothing but blank lines and comments comes before `name`. Tags do not count as
/// nothing: they could make it a quote, or code.
fn is_first_written(body: &str, name: &str) -> bool {
    let mut rest = body.trim_start();
    let mut blank = &body[..body.len() - rest.len()];
    while let Some(comment) = rest.strip_prefix("<!--") {
        let Some((_, behind)) = comment.split_once("-->") else { return false };
        rest = behind.trim_start();
        blank = &behind[..behind.len() - rest.len()];
    }
    // Four spaces or a tab make it code.
    let indent = blank.rsplit(['\n', '\r']).next().unwrap_or_default();
    indent.len() < 4 && !indent.contains('\t') && after(rest, name).is_some()
}

fn after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// A command that is all that was said.
fn command(said: &str) -> Option<Request> {
    match bare(said).to_ascii_lowercase().as_str() {
        "retry" => Some(Request::Retry),
        "stop" => Some(Request::Stop),
        "status" => Some(Request::Status),
        _ => None,
    }
}

/// The one command that something may follow: `line` is what stands next to our name.
fn model(line: &str, said: &str) -> Option<Request> {
    let mut words = bare(line).split_whitespace();
    let (command, name, more) = (words.next()?, words.next()?, words.next());
    if !command.eq_ignore_ascii_case("model") || more.is_some() {
        return None;
    }
    let name = name.trim_matches('`');
    if name.is_empty() {
        return Some(Request::Unknown(command.to_owned()));
    }
    let text = said.strip_prefix(line.trim_end()).unwrap_or_default().trim();
    let text = Some(text.to_owned()).filter(|it| !it.is_empty());
    Some(Request::Model { name: name.to_owned(), text })
}

/// Without the mark that ends a sentence.
fn bare(text: &str) -> &str {
    text.trim().trim_end_matches(['.', '!', '。', '！']).trim_end()
}

fn words(said: &str) -> Request {
    if question::is_question(said) {
        return Request::Question(said.to_owned());
    }
    match said.split_whitespace().nth(1) {
        None if is_one_word(said) => {
            let bare = said.trim_matches(|it: char| !it.is_alphanumeric());
            Request::Unknown(bare.chars().take(40).collect())
        }
        _ => Request::Change(said.to_owned()),
    }
}

/// Whether `text`, which has no spaces, is one word. Scripts that put none between words say a
/// whole sentence without one; four characters of theirs are hardly more than a word.
fn is_one_word(text: &str) -> bool {
    let unspaced = |it: char| {
        matches!(it,
            '\u{e00}'..='\u{eff}' // Thai, Lao
            | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' // Burmese, Khmer
            | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
            | '\u{20000}'..='\u{3ffff}' // Chinese and Japanese
        )
    };
    !text.contains(unspaced) || text.chars().filter(|it| it.is_alphanumeric()).count() <= 4
}

#[cfg(test)]
mod tests;
