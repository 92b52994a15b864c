//! What a reviewer should look at first. A note never stops a push.

use super::content::text_of;
use super::{Blob, Entry, Kind, manifest, name, protect};
use crate::engine::guard;

/// Dependencies that are named in one note.
const MOST_NAMES: usize = 10;

/// What is worth a look about one path.
pub(super) fn notes(entry: &Entry<'_>, shown: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let path = String::from_utf8_lossy(entry.path);
    let name = path.rsplit('/').next().unwrap_or(&path);
    let lower = name.to_ascii_lowercase();
    let text = |blob: Option<Blob<'_>>| {
        let text = blob.and_then(|it| it.bytes).and_then(text_of);
        text.unwrap_or_default().into_owned()
    };
    if guard::is_lock_file(name) {
        notes.push(format!("{shown} is a lock file: it decides which code is installed."));
    } else if manifest::is_manifest(&lower) {
        let (old, new) = (text(entry.old), text(entry.new));
        notes.push(dependencies(&lower, &old, &new, shown));
        if lower == "package.json" && manifest::scripts_changed(&old, &new) {
            notes.push(format!("{shown}: the commands in `scripts` change."));
        }
    } else if protect::is_sample(entry.path) {
        notes.push(format!("{shown} is a sample of settings: no real value belongs in it."));
    } else if let Some(what) = steers(&path.to_ascii_lowercase(), &lower) {
        notes.push(format!("{shown} {what}."));
    }
    if let Some(new) = entry.new {
        notes.extend(form(entry, new, shown));
    }
    notes
}

fn dependencies(name: &str, old: &str, new: &str, shown: &str) -> String {
    let (added, gone) = manifest::changed(name, old, new);
    let list = |what: &str, names: &[String]| {
        if names.is_empty() {
            return None;
        }
        let first = names.iter().take(MOST_NAMES).map(|it| name::shown(it.as_bytes()));
        let more = if names.len() > MOST_NAMES { " and more" } else { "" };
        Some(format!("{what} {}{more}", first.collect::<Vec<_>>().join(", ")))
    };
    let lists = [list("new dependencies:", &added), list("no longer needed:", &gone)];
    let lists: Vec<String> = lists.into_iter().flatten().collect();
    match lists.is_empty() {
        true => format!("{shown} says what the project is built from."),
        false => format!("{shown}: {}.", lists.join("; ")),
    }
}

/// What a file steers by its name, as the end of a sentence. Both are in lower case.
fn steers(path: &str, name: &str) -> Option<&'static str> {
    const BUILDS: [&str; 16] = [
        "makefile",
        "gnumakefile",
        "justfile",
        "taskfile.yml",
        "taskfile.yaml",
        "rakefile",
        "vagrantfile",
        "procfile",
        "tiltfile",
        "cmakelists.txt",
        "build.rs",
        "conftest.py",
        "noxfile.py",
        "tox.ini",
        "settings.gradle",
        "settings.gradle.kts",
    ];
    let ends = |all: &[&str]| all.iter().any(|it| name.ends_with(it));
    let part = |all: &[&str]| path.split('/').rev().skip(1).any(|it| all.contains(&it));
    match () {
        () if name.starts_with("dockerfile")
            || name.starts_with("containerfile")
            || ends(&[".dockerfile"])
            || name.starts_with("docker-compose")
            || name.starts_with("compose.y") =>
        {
            Some("says what is built into a container, or runs in one")
        }
        () if BUILDS.contains(&name) || ends(&[".mk", ".gradle", ".gradle.kts"]) => {
            Some("runs when the project is built or tested")
        }
        () if ends(&[".tf", ".tfvars", ".hcl", ".bicep"])
            || part(&["infra", "terraform", "k8s", "helm", "ansible"]) =>
        {
            Some("describes machines that run")
        }
        () if part(&["ci", ".ci", "scripts", "bin"]) || ends(&[".sh", ".bash", ".ps1", ".bat"]) => {
            Some("is a script that people or machines run")
        }
        () => None,
    }
}

/// What is new about the thing itself.
fn form(entry: &Entry<'_>, new: Blob<'_>, shown: &str) -> Option<String> {
    let was = entry.old.map(|it| it.kind);
    match new.kind {
        Kind::Executable if was != Some(Kind::Executable) => {
            let how = if was.is_none() { "is new and may be run" } else { "may be run now" };
            Some(format!("{shown} {how} (executable)."))
        }
        Kind::Link => {
            let target = name::shown(new.bytes.unwrap_or_default());
            Some(format!("{shown} is a link to {target}."))
        }
        Kind::File | Kind::Executable => {
            let bytes = new.bytes?;
            let size = new.size;
            text_of(bytes).is_none().then(|| format!("{shown} is no text ({size} bytes)."))
        }
        Kind::Submodule | Kind::Other => None,
    }
}
