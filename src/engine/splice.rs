//! Puts definitions that a model wrote where the old ones stand. What it does not touch stays byte
//! for byte: a model that never sees a function cannot lose it.

use std::ops::Range;

use crate::engine::aim::{Missing, Place};
use crate::engine::guard::language::Language;
use crate::engine::symbols::{self, Definition, Kind, Outline};

mod imports;
mod indent;
mod reply;

pub use imports::brought;
pub(in crate::engine) use imports::is_import;
pub use reply::code;

use indent::{column, indentation, indented};

/// A shorter line stands in anything, in bytes.
const LEAST_LINE: usize = 16;

/// Why an answer could not be put into its file; in words for the model and for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// There is no code in it.
    #[error("the answer has no block of code")]
    NoCode,
    /// Its code has none of the definitions that were asked for, and no new one.
    #[error("the answer defines none of {0}")]
    Elsewhere(String),
    /// What it is called with is not what it was.
    #[error("the answer changes the head of {0}, and others call that as it is")]
    Head(String),
    /// It has what the build of an earlier try stopped at.
    #[error("the answer has the line again that the build refused: {0}")]
    Again(String),
    /// Its code is not in the file's language.
    #[error("the code of the answer does not parse: line {0} of it")]
    Broken(usize),
}

/// `text` with the definitions of `reply` in place of those at `places`, which are all of this
/// file. What the reply defines and the file does not is put beside the first place, and what it
/// imports goes to the other imports. Definitions of the file that were not asked for stay.
///
/// # Errors
/// When the reply has none of them, nor one that is missing.
pub fn splice(
    path: &str,
    text: &str,
    places: &[Place],
    wanted: &Wanted<'_>,
    reply: &str,
) -> Result<String, Misfit> {
    let names = places.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ");
    put(path, text, places, Takes::Changes(wanted), reply)?.ok_or(Misfit::Elsewhere(names))
}

/// Whether `made` of `text` does without the lines that a build has `refused`, as it shows them.
///
/// # Errors
/// When it has one that `text` does not have.
pub fn avoids(text: &str, made: &str, refused: &str) -> Result<(), Misfit> {
    let had: Vec<&str> = text.lines().map(str::trim).collect();
    let new = made.lines().map(str::trim).filter(|it| it.len() >= LEAST_LINE && !had.contains(it));
    let mut again = new.filter(|it| refused.contains(it));
    again.next().map_or(Ok(()), |it| Err(Misfit::Again(it.to_owned())))
}

/// Functions that an issue asks for as new.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Those that are not there yet.
    pub missing: &'a [String],
    /// Those that another file has by now: a second one would hide it.
    pub elsewhere: &'a [&'a str],
}

/// `text` with the new function of `reply`, and what else in it is new, beside the place that `new`
/// names. What the file has stays as it is.
///
/// # Errors
/// When nothing of the reply can be used, or the function is not in it.
pub fn add(path: &str, text: &str, new: &Missing, reply: &str) -> Result<String, Misfit> {
    let missing = || Misfit::Elsewhere(new.name.clone());
    let made = put(path, text, std::slice::from_ref(&new.beside), Takes::New, reply)?;
    let mut made = made.ok_or_else(missing)?;
    let outline = symbols::outline(path, &made).ok_or_else(missing)?;
    let own = outline.definitions.iter().find(|it| it.name == new.name).ok_or_else(missing)?;
    // Others are to call it, says the head that the issue gives.
    let public = "pub ";
    if new.head.starts_with(public) && !made[own.body.clone()].starts_with("pub") {
        made.insert_str(own.body.start, public);
    }
    Ok(made)
}

/// The same as [`splice`] where the heads of what is replaced have to stay.
///
/// # Errors
/// Also when one does not.
pub fn follow(path: &str, text: &str, places: &[Place], reply: &str) -> Result<String, Misfit> {
    let made = splice(path, text, places, &Wanted::default(), reply)?;
    let (old, new) = (symbols::outline(path, text), symbols::outline(path, &made));
    for place in places {
        let head = |outline: &Option<Outline>| {
            outline.as_ref().and_then(|it| at(it, place)).map(|it| it.signature.clone())
        };
        if head(&old) != head(&new) {
            return Err(Misfit::Head(place.name.clone()));
        }
    }
    Ok(made)
}

/// A script as it is written anew. It has the functions that it had.
fn whole(path: &str, text: &str, outline: &Outline, reply: &str) -> Result<String, Misfit> {
    let (code, answer) = read(path, reply, &[])?;
    let lost = outline
        .definitions
        .iter()
        .filter(|it| !answer.definitions.iter().any(|new| meets(it, new)));
    let lost: Vec<&str> = lost.map(|it| it.name.as_str()).collect();
    if !lost.is_empty() {
        return Err(Misfit::Elsewhere(lost.join(", ")));
    }
    let first = text.lines().next().filter(|it| it.starts_with("#!"));
    match first.filter(|_| !code.starts_with("#!")) {
        Some(first) => Ok(format!("{first}\n{}", code.trim_start_matches('\n'))),
        None => Ok(code),
    }
}

/// Where `place` is in its file now, with this text. `None`: it is gone.
pub fn found(place: &Place, text: &str) -> Option<Place> {
    if place.is_whole() {
        return Some(Place { bytes: 0..text.len(), ..place.clone() });
    }
    let outline = symbols::outline(&place.path, text)?;
    let bytes = at(&outline, place)?.bytes.clone();
    Some(Place { bytes, ..place.clone() })
}

/// What of a reply is used.
#[derive(Clone, Copy)]
enum Takes<'a> {
    /// What it defines anew, and not what it changes.
    New,
    /// What it changes, and what is new beside that; without a change only what is missing.
    Changes(&'a Wanted<'a>),
}

impl Takes<'_> {
    fn is_elsewhere(&self, name: &str) -> bool {
        matches!(self, Self::Changes(it) if it.elsewhere.contains(&name))
    }
}

/// The same for both. `None`: the reply has nothing for it.
fn put(
    path: &str,
    text: &str,
    places: &[Place],
    takes: Takes<'_>,
    reply: &str,
) -> Result<Option<String>, Misfit> {
    let outline = symbols::outline(path, text).ok_or(Misfit::NoCode)?;
    let may_change = matches!(takes, Takes::Changes(_));
    if may_change && places.iter().any(Place::is_whole) {
        return whole(path, text, &outline, reply).map(Some);
    }
    let wanted: Vec<&Definition> = places.iter().filter_map(|it| at(&outline, it)).collect();
    let (code, answer) = read(path, reply, &wanted)?;
    let file = File { path, text, outline: &outline };
    let mut edits = Vec::new();
    let mut fresh: Vec<&Definition> = Vec::new();
    for definition in &answer.definitions {
        // A class that only wraps the methods that were asked for stands for them.
        if definition.kind == Kind::Type && has_members(&answer, definition) {
            let asked = wanted.iter().any(|it| same(it, definition));
            if !asked && outline.definitions.iter().any(|it| same(it, definition)) {
                continue;
            }
        } else if inside_another(&answer, definition, &outline) {
            continue;
        }
        match wanted.iter().find(|it| may_change && meets(it, definition)) {
            Some(old) => edits.push(file.replaced(old, &code, definition)),
            None if file.has(definition) || file.has_outside(definition) => {}
            None if takes.is_elsewhere(&definition.name) => {}
            // Of a broken answer what was asked for is taken, and nothing else.
            None if answer.broken.is_some() => {}
            None => fresh.push(definition),
        }
    }
    if let (true, Takes::Changes(it)) = (edits.is_empty(), takes)
        && !fresh.iter().any(|new| it.missing.contains(&new.name))
    {
        return Ok(None);
    }
    if let Some(anchor) = wanted.first().copied() {
        for definition in fresh {
            edits.push(file.added(anchor, &code, definition));
        }
    }
    if edits.is_empty() {
        return Ok(None);
    }
    edits.extend(imports::of(&file, &code, &answer));
    let made = applied(text, edits);
    match (answer.broken, symbols::outline(path, &made).and_then(|it| it.broken)) {
        (Some(line), Some(_)) if outline.broken.is_none() => Err(Misfit::Broken(line)),
        _ => Ok(Some(made)),
    }
}

/// One replacement: a range of the file, and what comes there.
type Edit = (Range<usize>, String);

fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    // Stable: what is added at one point stays in the order of the answer.
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (range, new) in edits {
        if range.start < at {
            continue;
        }
        out.push_str(&text[at..range.start]);
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// The reply's code and what it defines. A method alone is no program in some languages, so it is
/// read a second time as part of a class.
fn read(path: &str, reply: &str, wanted: &[&Definition]) -> Result<(String, Outline), Misfit> {
    let code = code(reply).ok_or(Misfit::NoCode)?;
    let outline = symbols::outline(path, &code).ok_or(Misfit::NoCode)?;
    let Some(line) = outline.broken else { return Ok((code, outline)) };
    let container = wanted.iter().find_map(|it| it.container.as_deref());
    if let (Some(name), Some(Language::JavaScript)) = (container, Language::of(path)) {
        let wrapped = format!("class {name} {{\n{code}\n}}\n");
        if let Some(outline) = symbols::outline(path, &wrapped).filter(|it| it.broken.is_none()) {
            return Ok((wrapped, outline));
        }
    }
    // What was asked for may be whole beside something that is not: the file that it makes tells.
    let has = |it: &&Definition| outline.definitions.iter().any(|new| meets(it, new));
    match wanted.iter().any(has) {
        true => Ok((code, outline)),
        false => Err(Misfit::Broken(line)),
    }
}

fn at<'o>(outline: &'o Outline, place: &Place) -> Option<&'o Definition> {
    let same = |it: &&Definition| it.name == place.name && it.container == place.container;
    let exact = outline.definitions.iter().find(|it| same(it) && it.bytes == place.bytes);
    exact.or_else(|| outline.definitions.iter().find(same))
}

fn same(one: &Definition, other: &Definition) -> bool {
    one.name == other.name && one.container == other.container
}

/// Whether `new` is what `old` becomes: of the same name, in the same container or in none.
fn meets(old: &Definition, new: &Definition) -> bool {
    old.name == new.name && (old.container == new.container || new.container.is_none())
}

fn has_members(outline: &Outline, definition: &Definition) -> bool {
    outline.definitions.iter().any(|it| it.container.as_ref() == Some(&definition.name))
}

/// Whether it goes along with a whole container of the answer, which is new to the file.
fn inside_another(answer: &Outline, definition: &Definition, file: &Outline) -> bool {
    definition.container.as_ref().is_some_and(|name| {
        let of = |outline: &Outline| {
            outline.definitions.iter().any(|it| it.name == *name && it.kind == Kind::Type)
        };
        of(answer) && !of(file)
    })
}

struct File<'a> {
    path: &'a str,
    text: &'a str,
    outline: &'a Outline,
}

impl File<'_> {
    fn has(&self, definition: &Definition) -> bool {
        self.outline.definitions.iter().any(|it| meets(it, definition))
    }

    /// Whether it is a function of the file that the answer has put into a class.
    fn has_outside(&self, definition: &Definition) -> bool {
        let outside = |it: &&Definition| it.container.is_none() && it.name == definition.name;
        definition.container.is_some() && self.outline.definitions.iter().any(|it| outside(&it))
    }

    /// The new text for an old definition. Comments that the answer leaves out stay.
    fn replaced(&self, old: &Definition, code: &str, new: &Definition) -> Edit {
        let attached = new.bytes.start < new.body.start;
        let (range, source) = match attached {
            true => (old.bytes.clone(), new.bytes.clone()),
            false => (old.body.clone(), new.body.clone()),
        };
        let mut text =
            indented(&code[source.clone()], column(code, source.start), self.text, range.start);
        // `export function f` is answered by `function f` as often as not, and the other way round.
        for word in ["export default ", "export ", "pub ", "static "] {
            let had = self.text[range.clone()].starts_with(word);
            let has = text.starts_with(word);
            if had && !has {
                text.insert_str(0, word);
                break;
            }
            if has && !had && self.text[..range.start].ends_with(word) {
                text.drain(..word.len());
            }
        }
        (range, text)
    }

    /// Where a definition goes that the file does not have: a method after the one that was asked
    /// for, anything else before it or before its class, so that C finds it declared.
    fn added(&self, anchor: &Definition, code: &str, new: &Definition) -> Edit {
        let source = new.bytes.clone();
        let method = anchor.container.is_some()
            && (new.container == anchor.container || takes_self(&code[new.body.clone()]));
        if method {
            let at = anchor.bytes.end;
            let text = indented(
                &code[source.clone()],
                column(code, source.start),
                self.text,
                anchor.bytes.start,
            );
            let indent = indentation(self.text, anchor.bytes.start);
            return (at..at, format!("\n\n{indent}{}", text.trim_end()));
        }
        let outer = anchor.container.as_ref().and_then(|name| {
            let around = |it: &&Definition| {
                it.name == *name
                    && it.bytes.start <= anchor.bytes.start
                    && anchor.bytes.end <= it.bytes.end
            };
            self.outline.definitions.iter().find(around)
        });
        let start = outer.unwrap_or(anchor).bytes.start;
        let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let gap = if Language::of(self.path) == Some(Language::Python) && new.kind != Kind::Constant
        {
            "\n\n\n"
        } else {
            "\n\n"
        };
        let text = indented(&code[source.clone()], column(code, source.start), self.text, line);
        (line..line, format!("{}{gap}", text.trim_end()))
    }
}

fn takes_self(text: &str) -> bool {
    let head = text.lines().find(|it| it.contains('(')).unwrap_or_default();
    let arguments = head.split_once('(').map_or("", |it| it.1).trim_start();
    ["self", "&self", "&mut self", "mut self", "cls"]
        .iter()
        .any(|it| arguments.strip_prefix(it).is_some_and(|rest| rest.starts_with([',', ')', ':'])))
}

#[cfg(test)]
mod tests;
