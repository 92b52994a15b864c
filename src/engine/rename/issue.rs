//! An issue as sentences, each of which asks for a rename, or for nothing.

use super::{Name, Stated, english, japanese};

/// What a sentence is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// It asks for these.
    Asks(Vec<Stated>),
    /// It asks for what was asked for before, whose new name this is: "Rename it to `b` everywhere".
    Repeats(String),
    /// It says that what follows is to be renamed: "Rename these functions:".
    Announces,
    /// It tells of something.
    Tells,
    /// It asks for what a rename does anyway, and speaks of these names and files.
    Along(Vec<String>),
    /// It may ask for something else.
    Doubt,
}

/// A word, a name or a sign of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// In backticks.
    Quoted(String),
    /// A word as it is written.
    Word(String),
    /// An arrow, however it is written.
    Arrow,
    /// A comma.
    Comma,
}

/// All that the issue asks to be renamed; `None` when it may ask for something else.
pub(super) fn read(issue: &str) -> Option<Vec<Stated>> {
    let mut all: Vec<Stated> = Vec::new();
    let renames = [
        "rename",
        "renaming",
        "be called",
        "be named",
        "the name",
        "リネーム",
        "改名",
        "名前",
        "名称",
    ];
    let lower = issue.to_lowercase();
    // Both names are to be there: more than a rename.
    let both = [
        "alias",
        "deprecat",
        "backward",
        "compatib",
        "shim",
        "互換",
        "別名",
        "エイリアス",
        "非推奨",
    ];
    if !renames.iter().any(|it| lower.contains(it))
        || both.iter().any(|it| is_wanted(&lower, it))
        || issue.contains("```")
    {
        return None;
    }
    let mut announced = false;
    let mut spoken_of = Vec::new();
    let (title, body) = issue.split_once('\n').unwrap_or((issue, ""));
    for (nth, sentence) in std::iter::once(bare_title(title)).chain(sentences(body)).enumerate() {
        let in_title = nth == 0;
        match sense(sentence, announced, in_title) {
            Sense::Asks(some) => {
                let fresh = some.into_iter().filter(|it| !all.iter().any(|had| same(had, it)));
                let fresh: Vec<Stated> = fresh.collect();
                all.extend(fresh);
            }
            Sense::Repeats(new) => {
                let [before] = all.as_slice() else { return None };
                if before.new.name != new {
                    return None;
                }
            }
            Sense::Announces => announced = true,
            Sense::Tells => {}
            Sense::Along(names) => spoken_of.extend(names),
            Sense::Doubt => return None,
        }
    }
    let meant = |it: &String| {
        let name = Name::of(it).map(|it| it.name);
        let file = it.contains(['.', '/']) && !it.contains(' ');
        file || all
            .iter()
            .any(|had| [&had.old.name, &had.new.name].map(Some).contains(&name.as_ref()))
    };
    spoken_of.iter().all(meant).then_some(all)
}

/// Whether `word` stands in a text without being ruled out: "no alias" asks for none.
fn is_wanted(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let clause = text[..at].rsplit(['.', ',', ';', ':', '\n', '(']).next().unwrap_or_default();
        let before: Vec<&str> = clause.split_whitespace().rev().take(3).collect();
        let no = ["no", "without", "not", "don't", "never"].iter().any(|it| before.contains(it));
        let after: String = text[at + word.len()..].chars().take(8).collect();
        !no && !["不要", "なし", "要りません", "いりません"].iter().any(|it| after.contains(it))
    })
}

/// Title and body often say the same.
fn same(one: &Stated, other: &Stated) -> bool {
    one.old.name == other.old.name && one.new.name == other.new.name
}

fn sense(sentence: &str, announced: bool, in_title: bool) -> Sense {
    let sentence = sentence.trim();
    if !sentence.contains(char::is_alphanumeric) {
        return Sense::Tells;
    }
    if sentence.ends_with(['?', '？']) || sentence.starts_with('|') {
        return Sense::Doubt;
    }
    match sentence.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c)) {
        true => japanese::sense(sentence, announced, in_title),
        false => match tokens(sentence) {
            Some(tokens) => english::sense(&tokens, announced, in_title),
            None => Sense::Doubt,
        },
    }
}

/// A title without `refactor:` and `[core]` before it.
fn bare_title(title: &str) -> &str {
    let title = title.trim().trim_end_matches('.');
    let title = match title.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((_, rest)) => rest.trim(),
        None => title,
    };
    match title.split_once(": ") {
        Some((area, rest)) if !area.contains([' ', '`']) => rest,
        _ => title,
    }
}

/// The sentences of a body in Markdown, one by one.
fn sentences(body: &str) -> impl Iterator<Item = &str> {
    body.lines().flat_map(|line| {
        let line = line.trim().trim_start_matches(['#', '-', '*', '+', '>', ' ']);
        let line = line.strip_prefix("[ ]").or_else(|| line.strip_prefix("[x]")).unwrap_or(line);
        let mut rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = if rest.len() < line.len() {
            rest.strip_prefix(['.', ')']).unwrap_or(line)
        } else {
            line
        };
        let mut found = Vec::new();
        let mut start = 0;
        let mut quoted = false;
        for (at, c) in rest.char_indices() {
            quoted ^= c == '`';
            let after = at + c.len_utf8();
            let next = rest.get(after..).and_then(|it| it.chars().next());
            let ends = match c {
                '。' | '；' | '！' => true,
                '.' | '!' | '?' | ';' => next.is_none_or(char::is_whitespace),
                _ => false,
            };
            if ends && !quoted {
                let keep = if c == '?' { after } else { at };
                found.push(rest.get(start..keep).unwrap_or_default());
                start = after;
            }
        }
        found.push(rest.get(start..).unwrap_or_default());
        found
    })
}

/// A sentence in Latin letters taken apart. `None`: it has a link or a picture.
fn tokens(sentence: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    for (nth, part) in sentence.split('`').enumerate() {
        if nth % 2 == 1 {
            tokens.push(Token::Quoted(part.trim().to_owned()));
            continue;
        }
        if part.contains("://") || part.contains("](") {
            return None;
        }
        let spaced = part.replace("->", " → ").replace("=>", " → ").replace(',', " , ");
        for word in spaced.split_whitespace() {
            let word = word.trim_matches(['"', '\'', '(', ')', ':', '*', '“', '”', '‘', '’', ';']);
            match word {
                "→" | "⇒" => tokens.push(Token::Arrow),
                "," => tokens.push(Token::Comma),
                "" | "-" | "–" | "—" => {}
                word => tokens.push(Token::Word(word.to_owned())),
            }
        }
    }
    Some(tokens)
}

impl Token {
    /// The word in small letters; nothing for what is no word.
    pub(super) fn lower(&self) -> String {
        match self {
            Self::Word(it) => it.to_lowercase(),
            _ => String::new(),
        }
    }

    /// What stands in the backticks.
    pub(super) fn quoted(&self) -> Option<String> {
        if let Self::Quoted(it) = self { Some(it.clone()) } else { None }
    }

    /// The name that it is, in backticks or by its form; a plain word where `plain` allows one.
    pub(super) fn name(&self, plain: bool) -> Option<Name> {
        match self {
            Self::Quoted(it) => Name::of(it),
            Self::Word(it) => {
                let name = Name::of(it)?;
                let form = super::common::is_distinctive(&name.name) || it.ends_with("()");
                (form || plain).then_some(name)
            }
            _ => None,
        }
    }
}
