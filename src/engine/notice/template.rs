//! Texts with places for what a notice says.

use serde::{Serialize, Serializer};

use super::Notice;

/// The places that there are.
const PLACES: [&str; 11] = [
    "event",
    "repository",
    "issue",
    "title",
    "outcome",
    "reason",
    "url",
    "job",
    "worker",
    "at",
    "thread",
];
/// The longest template, in characters.
const LONGEST: usize = 2_000;

/// A text with places such as `{title}`. `{{` and `}}` are the signs themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(pub(super) Vec<Vec<Piece>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Place(&'static str),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When a place in it is none, with the places that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > LONGEST {
            return Err(format!("longer than {LONGEST} characters"));
        }
        text.lines().map(pieces).collect::<Result<_, _>>().map(Self)
    }

    /// The places that a template may have.
    pub fn places() -> &'static [&'static str] {
        &PLACES
    }

    /// The text about this notice. A line all of whose places are empty is left out. What
    /// strangers wrote passes `harmless`; the address passes `link`.
    pub fn fill(
        &self,
        notice: &Notice,
        harmless: &dyn Fn(&str) -> String,
        link: &dyn Fn(&str) -> String,
    ) -> String {
        let lines = self.0.iter().filter_map(|line| {
            let (mut out, mut places, mut filled) = (String::new(), 0, 0);
            for piece in line {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Place(name) => {
                        let value = value(notice, name);
                        places += 1;
                        filled += usize::from(!value.is_empty());
                        let shown = if *name == "url" && !value.is_empty() {
                            link(&value)
                        } else {
                            // A summary's reason has lines of its own.
                            value.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
                        };
                        out.push_str(&shown);
                    }
                }
            }
            (places == 0 || filled > 0).then(|| out.trim_end().to_owned())
        });
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    /// As it was written.
    pub fn source(&self) -> String {
        let piece = |it: &Piece| match it {
            Piece::Text(text) => text.replace('{', "{{").replace('}', "}}"),
            Piece::Place(name) => format!("{{{name}}}"),
        };
        let line = |it: &Vec<Piece>| it.iter().map(piece).collect::<String>();
        self.0.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source())
    }
}

fn pieces(line: &str) -> Result<Vec<Piece>, String> {
    let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), line);
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let (sign, after) = rest[at..].split_at(1);
        if let Some(after) = after.strip_prefix(sign) {
            text.push_str(sign);
            rest = after;
            continue;
        }
        let end = after.find('}').filter(|_| sign == "{");
        let Some(end) = end else {
            return Err(format!(
                "a `{sign}` that belongs to no place: write `{sign}{sign}` for it"
            ));
        };
        let name = &after[..end];
        let Some(place) = PLACES.iter().find(|it| **it == name) else {
            let name: String = name.chars().take(40).collect();
            return Err(format!("`{{{name}}}` is no place: there are {}", PLACES.join(", ")));
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Place(place));
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

fn value(notice: &Notice, place: &str) -> String {
    match place {
        "event" => notice.kind.name().to_owned(),
        "repository" => notice.repository.clone(),
        "issue" if notice.issue == 0 => String::new(),
        "issue" => notice.issue.to_string(),
        "thread" if notice.repository.is_empty() => String::new(),
        "thread" => format!("{}#{}", notice.repository, notice.issue),
        "title" => notice.title.clone(),
        "outcome" => notice.outcome.clone(),
        "reason" => notice.reason.clone(),
        "url" => notice.url.clone(),
        "job" => notice.job.clone(),
        "worker" => notice.worker.clone(),
        _ => notice.at.to_string(),
    }
}

/// At most so many characters; what is longer ends with `…`.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(most.saturating_sub(1)).collect();
            // No half of an escape at the end.
            format!("{}…", kept.trim_end_matches('\\'))
        }
    }
}
