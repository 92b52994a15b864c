//! How the dependencies of a project are brought in, before its checks run without a network.
//!
//! One preparation for each tool that the root of the repository shows. Each runs with the network
//! in a folder that holds the named files of the default branch and nothing else, and leaves below
//! `$DEPS_DIR` what the checks need to install, build and test offline. A job finds a copy of that
//! in another place, so nothing in there may know where it was made.
//!
//! What is brought is known by the contents of the named files. With a lock file these say exactly
//! what it is. Without one they say what was asked for on the day it was brought: a job finds those
//! versions until the manifest changes or the store forgets them, and no newer ones.
//!
//! Scripts of packages do not run here where the tool can be told so: they run in the checks' own
//! offline install, without a network. Two exceptions are in `python`: a package that exists as
//! source only has to be built to be brought at all.

use crate::domain::verification::Preparation;

mod cargo;
mod go;
mod manager;
mod node;
mod python;
mod requirements;

/// How many manifests of one repository are looked at.
const MANIFESTS: usize = 500;

/// A repository, as far as its dependencies need it.
#[derive(Clone, Copy)]
struct Project<'a> {
    /// Every file, from the root, with `/`.
    files: &'a [&'a str],
    /// The text of one of them; `None` when it is not there or not text.
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl Project<'_> {
    fn has(&self, path: &str) -> bool {
        self.files.contains(&path)
    }

    /// The text of `path`; empty when it is not there.
    fn text(&self, path: &str) -> String {
        if self.has(path) { (self.read)(path).unwrap_or_default() } else { String::new() }
    }

    fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(path)).unwrap_or_default()
    }

    /// Empty when it is not there, or is none.
    fn toml(&self, path: &str) -> toml::Table {
        self.text(path).parse().unwrap_or_default()
    }

    /// Those of `paths` that are there.
    fn present(&self, paths: &[&str]) -> Vec<String> {
        paths.iter().filter(|path| self.has(path)).map(|path| (*path).to_owned()).collect()
    }

    /// All files of this name, the root's first, but for those that tools put there.
    fn all_named(&self, name: &str) -> Vec<String> {
        let made = ["node_modules", "vendor", "target", ".venv", "site-packages", "testdata"];
        let is_ours = |path: &&&str| {
            let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
            last == name && !folder.split('/').any(|part| made.contains(&part))
        };
        let mut found: Vec<String> =
            self.files.iter().filter(is_ours).take(MANIFESTS).map(|it| (*it).to_owned()).collect();
        found.sort_by_key(|path| (path.matches('/').count(), path.clone()));
        found
    }
}

/// What is to be brought in for a repository with these `files`, of which `read` tells the text.
/// Only what lock files and manifests name; nothing of the project's own runs where that can be
/// helped (`npm ci --ignore-scripts`, `cargo fetch --locked`).
///
/// Each one's `env` may put something in front of `${PATH}`: who uses several goes through them in
/// order, and lets the next one's `${PATH}` be what the one before made of it.
pub fn preparations(files: &[&str], read: &dyn Fn(&str) -> Option<String>) -> Vec<Preparation> {
    let project = Project { files, read };
    let tools = [cargo::prepare, go::prepare, node::prepare, python::prepare];
    tools.iter().filter_map(|prepare| prepare(project)).collect()
}

/// A preparation by a tool of this name.
fn preparation(
    name: &str,
    command: String,
    mut files: Vec<String>,
    env: &[(&str, &str)],
) -> Preparation {
    let mut seen = std::collections::BTreeSet::new();
    files.retain(|file| seen.insert(file.clone()));
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Preparation { name: name.to_owned(), command, files, env, docker: false }
}

/// A word that the shell takes as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=@:,+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests;
