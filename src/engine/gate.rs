//! The gate before every push: what must not leave the machine, whatever the agent and the checks
//! said. Deterministic; it reads the two trees' blobs and nothing else.
//!
//! A stop keeps the work and pushes nothing. A note is what a reviewer should look at first.

mod content;
mod glob;
mod invisible;
mod lines;
mod manifest;
mod name;
mod note;
mod own;
mod protect;
mod secret;
mod token;
mod tree;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use content::Content;
use own::Own;
use protect::Protected;

use crate::domain::project::Narrowing;

pub use glob::checked_pattern;

/// A path that differs between the base and what is to be pushed. A rename is two of them.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// From the repository's root, with `/`.
    pub path: &'a [u8],
    /// On the base; `None`: not there.
    pub old: Option<Blob<'a>>,
    /// Now; `None`: it is gone.
    pub new: Option<Blob<'a>>,
}

/// What a path holds.
#[derive(Clone, Copy, Debug)]
pub struct Blob<'a> {
    /// What it is.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// What is in it: of a link, its target. `None`: too large to be read, and so never pushed.
    pub bytes: Option<&'a [u8]>,
}

/// What a path can be in git's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A file that may be run.
    Executable,
    /// A symbolic link.
    Link,
    /// A commit of another repository.
    Submodule,
    /// Anything else: a push never holds it.
    Other,
}

/// What one push may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files that change.
    pub max_files: u64,
    /// Lines that are added and removed, together.
    pub max_lines: u64,
    /// Bytes that are added, in all files together.
    pub max_bytes: u64,
    /// Bytes that are added in one file.
    pub max_file_bytes: u64,
    /// Files that are removed.
    pub max_deletions: u64,
    /// Patterns of paths whose protection the operator lifts.
    pub allow: Vec<String>,
    /// Patterns of paths that are protected beside the usual ones, and stay so.
    pub protect: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_files: 50,
            max_lines: 2_000,
            max_bytes: 512 << 10,
            max_file_bytes: 256 << 10,
            max_deletions: 20,
            allow: Vec::new(),
            protect: Vec::new(),
        }
    }
}

impl Limits {
    /// These limits, with what the repository asks for where that is narrower.
    pub fn narrowed(&self, by: &Narrowing) -> Self {
        let least = |own: u64, theirs: Option<u64>| theirs.map_or(own, |it| it.min(own));
        Self {
            max_files: least(self.max_files, by.max_files),
            max_lines: least(self.max_lines, by.max_lines),
            max_bytes: least(self.max_bytes, by.max_bytes),
            max_file_bytes: least(self.max_file_bytes, by.max_file_bytes),
            max_deletions: least(self.max_deletions, by.max_deletions),
            allow: self.allow.clone(),
            protect: self.protect.iter().chain(&by.protect).cloned().collect(),
        }
    }
}

/// What the gate says: sentences for people, harmless to show anywhere, few, and without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Why nothing is pushed. Empty: it may be.
    pub stops: Vec<String>,
    /// What a reviewer should look at first.
    pub notes: Vec<String>,
}

/// More sentences than this help nobody.
const MOST: usize = 20;

/// Judges what is to be pushed. `secrets` are the worker's own: they are looked for in everything
/// that is pushed, in the forms that they can be written in.
pub fn inspect(entries: &[Entry<'_>], limits: &Limits, secrets: &[&str]) -> Report {
    let own = Own::new(secrets);
    // Far beyond the limit on files nothing is pushed anyway.
    let most = usize::try_from(limits.max_files).unwrap_or(usize::MAX).saturating_mul(2);
    let seen = &entries[..entries.len().min(most)];
    let protected = Protected::new(&limits.allow, &limits.protect);
    let names: Vec<String> = seen.iter().map(|it| shown(it.path, &own)).collect();
    let mut content = Content::new(seen, &own, limits);
    let mut report = Report::default();
    let mut paths: HashMap<String, &str> = HashMap::new();
    for (entry, name) in seen.iter().zip(&names) {
        if entry.new.is_some()
            && let Some(other) = paths.insert(name::collision_key(entry.path), name)
        {
            report.stops.push(format!("{name} and {other} are one file where case is ignored."));
        }
        report.stops.extend(path_faults(entry, name, &protected, &own));
        report.stops.extend(tree::faults(entry, name, &protected));
        content.inspect(entry, name, &mut report);
        report.notes.extend(note::notes(entry, name));
    }
    let totals = Totals {
        files: entries.len() as u64,
        deletions: entries.iter().filter(|it| it.new.is_none()).count() as u64,
        lines: content.lines,
        bytes: content.bytes,
    };
    report.stops.splice(0..0, totals.over(limits));
    Report { stops: bounded(report.stops, &own), notes: bounded(report.notes, &own) }
}

/// What is wrong with a path by its name alone.
fn path_faults(entry: &Entry<'_>, name: &str, protected: &Protected, own: &Own) -> Vec<String> {
    let is_link = [entry.old, entry.new].iter().flatten().any(|it| it.kind == Kind::Link);
    let fault = name::fault(entry.path, entry.old.is_none()).map(|why| format!("{name} {why}."));
    let secret =
        is_secret(entry.path, own).then(|| "The name of a file holds a secret.".to_owned());
    let why = protected.why(entry.path, is_link);
    let why = why.map(|why| format!("{name} is protected: {why}."));
    [fault, secret, why].into_iter().flatten().collect()
}

fn is_secret(path: &[u8], own: &Own) -> bool {
    own.is_in(path) || !token::find(&String::from_utf8_lossy(path)).is_empty()
}

/// A path for people. One that is a secret itself is not shown.
fn shown(path: &[u8], own: &Own) -> String {
    match is_secret(path, own) {
        true => "A file whose name is not shown".to_owned(),
        false => name::shown(path),
    }
}

/// Few sentences, and none that holds a secret, whatever went into it.
fn bounded(mut sentences: Vec<String>, own: &Own) -> Vec<String> {
    let more = sentences.len().saturating_sub(MOST);
    sentences.truncate(MOST);
    for sentence in &mut sentences {
        if own.is_in(sentence.as_bytes()) || !token::find(sentence).is_empty() {
            "A file holds a secret, and more cannot be said about it here.".clone_into(sentence);
        }
    }
    if more > 0 {
        sentences.push(format!("And {more} more."));
    }
    sentences
}

/// What all files together come to.
struct Totals {
    files: u64,
    deletions: u64,
    lines: u64,
    bytes: u64,
}

impl Totals {
    fn over(&self, limits: &Limits) -> Vec<String> {
        let all = [
            (self.files, limits.max_files, "files change", "max_files"),
            (self.deletions, limits.max_deletions, "files are removed", "max_deletions"),
            (self.lines, limits.max_lines, "lines are added or removed", "max_lines"),
            (self.bytes, limits.max_bytes, "bytes are added", "max_bytes"),
        ];
        let over = all.iter().filter(|it| it.0 > it.1);
        over.map(|(found, most, what, key)| {
            format!("{found} {what}; the limit is {most} (`gate.{key}`).")
        })
        .collect()
    }
}
