//! A rename that an issue states in full needs no model: which words are the name, the grammar
//! says. Whatever else an issue asks for, and whatever is in doubt, is the model's.

use crate::engine::guard::language::{basename, extension, mentions, stem};
use crate::engine::source::SourceFile;
use crate::engine::symbols::{self, Definition, Kind, WordKind};

mod common;
mod english;
mod issue;
mod japanese;
mod prose;

pub use prose::apply;

/// More names at once are a migration.
const MAX_NAMES: usize = 12;

/// Names to be changed, each to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The old name and the new one.
    pub names: Vec<(String, String)>,
}

/// What an issue says about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stated {
    old: Name,
    new: Name,
    /// The file that it speaks of, where it names one.
    file: Option<String>,
}

/// A name as people write it: `total`, `Cart.total()`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    container: Option<String>,
    name: String,
}

/// The rename that `issue` (title, line break, body) asks for, when it asks for nothing else and
/// `sources` leave no doubt what is meant: one place defines the old name, nothing has the new.
pub fn stated(issue: &str, sources: &[SourceFile<'_>]) -> Option<Rename> {
    let stated = issue::read(issue)?;
    if stated.is_empty() || stated.len() > MAX_NAMES {
        return None;
    }
    for (at, one) in stated.iter().enumerate() {
        let others = stated.iter().enumerate().filter(|(other, _)| *other != at);
        let names = [&one.old.name, &one.new.name];
        let mut taken = others.flat_map(|(_, it)| [&it.old.name, &it.new.name]);
        if one.old.name == one.new.name || taken.any(|it| names.contains(&it)) {
            return None;
        }
        if !is_clear(one, sources) {
            return None;
        }
    }
    let names = stated.into_iter().map(|it| (it.old.name, it.new.name)).collect();
    Some(Rename { names })
}

/// Whether `sources` leave no doubt what this rename means.
fn is_clear(one: &Stated, sources: &[SourceFile<'_>]) -> bool {
    let (old, new) = (one.old.name.as_str(), one.new.name.as_str());
    let legal = is_identifier(new) && !common::is_reserved(new) && !common::is_everywhere(new);
    if !legal || common::is_reserved(old) || common::is_everywhere(old) || old.starts_with("__") {
        return false;
    }
    // A module's own name: its file would have to be renamed too.
    if sources.iter().any(|it| stem(it.path) == old || it.path.split('/').any(|it| it == old)) {
        return false;
    }
    let mut defined: Vec<(&str, Definition)> = Vec::new();
    for file in sources {
        let (has_old, has_new) = (mentions(file.text, old), mentions(file.text, new));
        if !has_old && !has_new {
            continue;
        }
        if prose::is_left_alone(file.path) {
            // Code that we do not touch would go on calling what is gone.
            if has_old && symbols::outline(file.path, file.text).is_some() {
                return false;
            }
            continue;
        }
        let Some(outline) = symbols::outline(file.path, file.text) else {
            // A language without a grammar: there the words cannot be told apart.
            if has_old && !prose::is_prose(file.path) {
                return false;
            }
            continue;
        };
        let clear = outline.broken.is_none() && is_clear_in(file, old, new);
        if !clear {
            return false;
        }
        let here = outline.definitions.into_iter().filter(|it| it.name == old);
        defined.extend(here.map(|it| (file.path, it)));
    }
    is_one(one, &defined)
}

/// Whether the new name is free in this file, and no text in it may or may not be the old one.
fn is_clear_in(file: &SourceFile<'_>, old: &str, new: &str) -> bool {
    let Some(words) = symbols::identifiers(file.path, file.text) else { return false };
    let distinctive = common::is_distinctive(old);
    words.iter().all(|word| {
        let data = word.kind == WordKind::InString && !distinctive;
        let taken = word.kind == WordKind::Code && word.text == new;
        !(taken || (data && word.text == old && prose::is_all_of_string(file.text, word)))
    })
}

/// Whether the definitions of the old name are one: in one file, in one place.
fn is_one(one: &Stated, defined: &[(&str, Definition)]) -> bool {
    let Some(((path, first), others)) = defined.split_first() else { return false };
    let same = |(file, it): &(&str, Definition)| file == path && it.container == first.container;
    let Some(()) = others.iter().all(same).then_some(()) else { return false };
    // Anything may have a member of that name.
    if first.kind == Kind::Method && !common::is_distinctive(&one.old.name) {
        return false;
    }
    let in_container = match &one.old.container {
        // `module.function` is as usual as `Class.method`.
        Some(said) => first.container.as_ref().unwrap_or(&stem(path).to_owned()) == said,
        None => true,
    };
    let in_file = one.file.as_ref().is_none_or(|it| path == it || basename(path) == it);
    let dollar = one.new.name.contains('$') && !is_script(path);
    in_container
        && in_file
        && !dollar
        && (one.new.container.is_none() || one.new.container == one.old.container)
}

fn is_script(path: &str) -> bool {
    matches!(extension(path), "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx")
}

/// Whether `word` is a name in all of the languages (`$` is for scripts alone).
fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$')
}

impl Name {
    /// `Cart.total()`, `Cart::total` or `total`.
    fn of(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches("()");
        let (container, name) =
            match text.rsplit_once("::").or_else(|| text.rsplit_once(['.', '#'])) {
                Some((container, name)) => (container.rsplit(['.', ':']).next(), name),
                None => (None, text),
            };
        let fits = is_identifier(name) && container.is_none_or(is_identifier);
        fits.then(|| Self { container: container.map(str::to_owned), name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests;
