//! The program that tries examples on a tree, and what its output says.
//!
//! It is a shell script for the tree's root. Each call runs in a process of its own that has
//! nothing to read, and tells its result on a pipe of its own; what the project's code prints goes
//! nowhere. Only when all are over does the script read the nonce from its standard input, and
//! write one line for each. Code under test that writes such a line itself does not know the nonce
//! by then. It can still lie about its own result: that cannot be kept from code that is run.

use super::place::{Function, Places};
use super::render::render;
use super::value::{Call, Value};
use crate::domain::example::{Example, Expected, Language, Tried, Verdict};
use crate::engine::source::SourceFile;

mod c;
mod node;
mod python;
mod rust;
mod snippet;
pub mod trials;

/// No call takes longer, in seconds.
pub(super) const LIMIT: u32 = 20;
/// What Python and Node.js print of an error that nobody caught.
const UNCAUGHT: &str = "^(Traceback \\(most recent call last\\):|Node\\.js v[0-9])";
/// The end of a file within the script.
pub(super) const END: &str = "END_OF_PROBE";

pub(super) use rust::{fitted, from_outside};

/// How a call is put to the test in its language.
struct Trial<'a> {
    nth: usize,
    /// The functions, each with the name that `call` has for it.
    functions: Vec<(String, &'a Function)>,
    call: String,
    expected: Check,
    given: Option<Check>,
}

/// What a result is compared with.
enum Check {
    Value(String),
    Raises(String),
    Returns,
}

/// What it takes to try one example.
struct Steps {
    /// Lines of the script before the call: files, and what builds them.
    before: String,
    /// The command line of the call.
    run: String,
    /// Lines after it.
    after: String,
}

/// The script that tries these examples on a tree with these sources.
pub fn script(examples: &[Example], sources: &[SourceFile<'_>]) -> String {
    let places = Places::of(sources);
    let mut out = format!(
        "d=$(mktemp -d \"${{TMPDIR:-/tmp}}/probe.XXXXXX\") || exit 1\nroot=$PWD\nt=\n\
         command -v timeout >/dev/null 2>&1 && t='timeout -s KILL {LIMIT}'\n"
    );
    for (nth, example) in examples.iter().enumerate() {
        out.push_str(&one(nth, example, &places, sources));
    }
    out.push_str("rm -rf \"$d\"\nIFS= read -r nonce || exit 1\n");
    for nth in 0..examples.len() {
        out.push_str(&format!("printf '%s %s %s\\n' \"$nonce\" {nth} \"$r{nth}\"\n"));
    }
    out
}

fn one(nth: usize, example: &Example, places: &Places<'_>, sources: &[SourceFile<'_>]) -> String {
    if example.language == Language::Shell {
        return command(nth, example, places);
    }
    if !places.has(example) {
        let as_said = if example.given.is_none() { "yes" } else { "no" };
        return format!("r{nth}='gives {as_said} it is not defined'\n");
    }
    let steps = match example.expected {
        Expected::Passes => snippet::steps(nth, example, places, sources),
        _ => trial(nth, example, places).and_then(|it| match example.language {
            Language::Python => Some(python::steps(&it)),
            Language::JavaScript => Some(node::steps(&it)),
            Language::Rust => rust::steps(&it, sources),
            Language::C => c::steps(&it, sources),
            Language::Shell => None,
        }),
    };
    match steps {
        Some(it) => format!(
            "{}r{nth}=$( {{ $t {} 3>&1 >/dev/null 2>/dev/null </dev/null; }} )\n{}",
            it.before, it.run, it.after
        ),
        None => format!("r{nth}='unknown no it cannot be called from outside'\n"),
    }
}

/// An example in its language; `None` where a part of it cannot be written there.
fn trial<'a>(nth: usize, example: &Example, places: &'a Places<'_>) -> Option<Trial<'a>> {
    let mut functions: Vec<(String, &'a Function)> = Vec::new();
    for call in super::calls_of(example) {
        let function = places.find_inner(&call, "", &example.path)?;
        let safe = |it: char| it.is_ascii_alphanumeric() || "-_./+@ ".contains(it);
        if function.language != example.language || !function.path.chars().all(safe) {
            return None;
        }
        if !functions.iter().any(|(_, it)| *it == function) {
            functions.push((format!("f{}", functions.len()), function));
        }
    }
    let name_of = |call: &Call| {
        let mut found = functions.iter().filter(|(_, it)| it.name == call.name);
        found.next().map(|(name, _)| name.clone())
    };
    let written = |text: &str| render(&Value::of(text)?, example.language, &name_of);
    let check = |it: &Expected| match it {
        Expected::Value(it) => written(it).map(Check::Value),
        Expected::Raises(error) if super::is_error(error) => Some(Check::Raises(error.clone())),
        Expected::Returns => Some(Check::Returns),
        Expected::Raises(_)
        | Expected::Passes
        | Expected::Prints(_)
        | Expected::Understood
        | Expected::Exits(_) => None,
    };
    let given = match &example.given {
        Some(it) => Some(check(it)?),
        None => None,
    };
    let (call, expected) = (written(&example.call)?, check(&example.expected)?);
    Some(Trial { nth, functions, call, expected, given })
}

/// A command of the project's: what it prints, compared by the shell.
fn command(nth: usize, example: &Example, places: &Places<'_>) -> String {
    use super::command::{program, quoted, words_of};
    let unknown = format!("r{nth}='unknown no there is no such program'\n");
    let Some(words) = words_of(&example.call) else { return unknown };
    if program(&words, places).is_none() {
        return unknown;
    }
    let wanted = match &example.expected {
        Expected::Prints(wanted) => wanted,
        Expected::Understood => return understood(nth, &words),
        Expected::Exits(status) => return exits(nth, &words, *status),
        Expected::Value(_) | Expected::Raises(_) | Expected::Returns | Expected::Passes => {
            return unknown;
        }
    };
    let given = match &example.given {
        Some(Expected::Prints(it)) => quoted(it),
        _ => "\"$o\"".to_owned(),
    };
    let line = words.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ");
    format!(
        "o=$( $t {line} 2>&1 </dev/null )\ng={given}\n\
         if [ \"$o\" = {} ]; then r{nth}='holds yes'; else\n\
         [ \"$o\" = \"$g\" ] && s=yes || s=no\n\
         r{nth}=\"gives $s $(printf '%s' \"$o\" | tr '\\n' ' ' | cut -c1-200)\"; fi\n",
        quoted(wanted)
    )
}

/// A command that is to be understood: it does not fail with words about how it is called. What else
/// it fails with, such as a file that only the issue has, says nothing.
fn understood(nth: usize, words: &[String]) -> String {
    let line = words.iter().map(|it| super::command::quoted(it)).collect::<Vec<_>>().join(" ");
    let told = "usage|unrecogni[sz]ed|unexpected argument|\
                (unknown|invalid|illegal|bad|no such) (option|argument|flag|command)";
    format!(
        "o=$( $t {line} 2>&1 </dev/null )\ns=$?\n\
         if [ $s != 0 ] && printf '%s' \"$o\" | grep -qiE '{told}'; then\n\
         r{nth}=\"gives yes $(printf '%s' \"$o\" | tr '\\n' ' ' | cut -c1-200)\"\n\
         else r{nth}='holds yes'; fi\n"
    )
}

/// A command that is to end with this status, and not with an error that nobody caught.
fn exits(nth: usize, words: &[String], status: u8) -> String {
    let line = words.iter().map(|it| super::command::quoted(it)).collect::<Vec<_>>().join(" ");
    format!(
        "o=$( $t {line} 2>&1 </dev/null )\ns=$?\n\
         if [ $s = {status} ] && ! printf '%s\\n' \"$o\" | grep -qE '{UNCAUGHT}'; then\n\
         r{nth}='holds yes'; else\n\
         r{nth}=\"gives yes exit status $s: $(printf '%s' \"$o\" | tr '\\n' ' ' | cut -c1-160)\"; fi\n"
    )
}

/// A file that the script writes into its own folder.
pub(super) fn file(name: &str, text: &str) -> String {
    // Behind a line that ends the file, the rest would be a part of the script.
    let mut end = END.to_owned();
    while text.lines().any(|it| it == end) {
        end.push('_');
    }
    format!("cat > \"$d/{name}\" <<'{end}'\n{}\n{end}\n", text.trim_end())
}

/// What the lines say that begin with `nonce`, for each example. A line without it was written by
/// somebody else.
pub fn judge(output: &str, nonce: &str, examples: &[Example]) -> Vec<Tried> {
    let lines = output.lines().filter_map(|it| it.strip_prefix(nonce)?.strip_prefix(' '));
    let lines: Vec<&str> = lines.filter(|_| !nonce.is_empty()).collect();
    let verdict = |nth: usize| {
        let nth = nth.to_string();
        let mut told = lines.iter().filter_map(|it| it.strip_prefix(&nth)?.strip_prefix(' '));
        match (told.next(), told.next()) {
            (Some(it), None) => read(it),
            (Some(_), Some(_)) => unknown("it was told twice"),
            (None, _) => unknown("the trial did not end"),
        }
    };
    let tried = examples.iter().enumerate();
    tried.map(|(nth, it)| Tried { example: it.clone(), verdict: verdict(nth) }).collect()
}

/// `holds yes`, `gives no 3`, `unknown no ImportError`.
fn read(told: &str) -> Verdict {
    let mut words = told.splitn(3, ' ');
    let (kind, as_said) = (words.next().unwrap_or_default(), words.next() == Some("yes"));
    let what: String = words.next().unwrap_or_default().chars().take(200).collect();
    match kind {
        "holds" => Verdict::Holds,
        "gives" => Verdict::Gives { what, as_said },
        "unknown" => Verdict::Unknown { why: what },
        _ => unknown("it ended without a result"),
    }
}

fn unknown(why: &str) -> Verdict {
    Verdict::Unknown { why: why.to_owned() }
}

#[cfg(test)]
mod tests;
