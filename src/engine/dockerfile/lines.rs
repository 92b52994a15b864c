//! Lines to instructions.

/// `RUN`, and all that follows it on its line and those that carry on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) word: String,
    pub(super) rest: String,
}

/// Every way in which builders of different age read this text.
pub(super) fn readings(text: &str) -> Vec<Vec<Instruction>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut found: Vec<Vec<Instruction>> = Vec::new();
    for escape in escapes(text) {
        // Whether an escaped escape at the end of a line carries on: it did until 2021.
        for doubled in [true, false] {
            let instructions = instructions(text, escape, doubled);
            if !found.contains(&instructions) {
                found.push(instructions);
            }
        }
    }
    found
}

/// The characters that may be the escape of this file. A directive on the first line is one for
/// all builders; further down some do not look.
fn escapes(text: &str) -> Vec<char> {
    let comments =
        text.lines().map(str::trim).take_while(|it| it.starts_with('#') || it.is_empty());
    for (at, line) in comments.enumerate() {
        let line = line.trim_start_matches('#').trim_start();
        let key = line.get(..6).is_some_and(|it| it.eq_ignore_ascii_case("escape"));
        let value = key.then(|| line[6..].trim_start().strip_prefix('=')).flatten();
        match (value.map(|it| it.trim_start().chars().next()), at) {
            (Some(Some('`')), 0) => return vec!['`'],
            (Some(_), 0) => return vec!['\\'],
            (Some(_), _) => return vec!['\\', '`'],
            (None, _) => (),
        }
    }
    vec!['\\']
}

fn instructions(text: &str, escape: char, doubled: bool) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut whole = String::new();
    let mut carries_on = false;
    for line in text.lines() {
        let start = line.trim_start();
        // A comment, or an empty line, does not end what carries on.
        if start.starts_with('#') || (start.is_empty() && carries_on) {
            continue;
        }
        let end = line.trim_end_matches([' ', '\t', '\r']);
        let head = end.strip_suffix(escape).filter(|it| doubled || !it.ends_with(escape));
        carries_on = head.is_some();
        whole.push_str(head.unwrap_or(line));
        if !carries_on {
            finish(&mut whole, &mut found);
        }
    }
    finish(&mut whole, &mut found);
    found
}

fn finish(whole: &mut String, found: &mut Vec<Instruction>) {
    let (word, rest) = split(whole);
    if !word.is_empty() {
        found.push(Instruction { word, rest });
    }
    whole.clear();
}

/// The first word in capitals, and the rest.
pub(super) fn split(line: &str) -> (String, String) {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (word.to_ascii_uppercase(), rest.trim().to_owned())
}
