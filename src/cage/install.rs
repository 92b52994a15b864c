//! Tools that somebody installed outside of the system's folders: the folder on the `PATH` that
//! names them, and what the links in it lead to.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

/// Programs and libraries of the system, and nothing else of anybody's.
pub(super) const SYSTEM: [&str; 3] = ["/usr", "/nix/store", "/gnu/store"];

/// On most systems links into `/usr`.
pub(super) const LINKS: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// How a path of the host's is put at a place in the cage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// What is put where. A path sorts after those above it, so it is put on top of them.
pub(super) type Mounts = BTreeMap<PathBuf, (PathBuf, Access)>;

/// Never shown as a whole, nor what is above them: they hold more than programs.
const NEVER: [&str; 14] = [
    "/boot", "/dev", "/etc", "/home", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/srv",
    "/sys", "/tmp", "/var",
];

/// Files that hold tokens, in folders that hold programs too: cargo's home is one.
const SECRETS: [&str; 8] = [
    ".credentials.toml",
    ".git-credentials",
    ".netrc",
    ".npmrc",
    ".pypirc",
    "credentials",
    "credentials.json",
    "credentials.toml",
];

/// Folders that keep one installation in each of their own.
const KEEPERS: [&str; 10] = [
    "Cellar",
    "candidates",
    "installs",
    "pkgs",
    "python",
    "sdk",
    "toolchains",
    "tools",
    "venvs",
    "versions",
];

/// How many links are followed for one path. A folder of programs has some hundred.
const MOST: usize = 2_000;

/// Puts `path`, if it is there and may be shown, and what the links in it lead to.
pub(super) fn add(path: &Path, writable: &[PathBuf], mounts: &mut Mounts) {
    let mut left = MOST;
    let mut todo = vec![path.to_owned()];
    if path.starts_with("/usr/local") {
        todo.extend(links_in(path, MOST)); // it is there already; what its links lead to is not
    }
    while let Some(path) = todo.pop() {
        let Some(real) = shown(&path, writable) else { continue };
        let known = mounts.insert(real.clone(), (real.clone(), Access::Read)).is_some();
        if path != real {
            mounts.insert(path, (real.clone(), Access::Read));
        }
        if known {
            continue;
        }
        if real.is_file() {
            todo.extend(installation(&real));
            continue;
        }
        hide_secrets(&real, mounts);
        todo.extend(installation(&real.join("any")));
        for folder in [real.clone(), real.join("bin")] {
            let found = links_in(&folder, left);
            left = left.saturating_sub(found.len());
            todo.extend(found);
        }
    }
}

/// The path itself, without links, if it may be shown and is not shown anyway.
fn shown(path: &Path, writable: &[PathBuf]) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let kind = real.metadata().ok()?.file_type();
    let inside = |folder: &str| real.starts_with(folder);
    let above = |other: &Path| other.starts_with(&real);
    let home = real.parent().is_some_and(|it| it == Path::new("/home"));
    let hidden = NEVER.iter().any(|it| above(Path::new(it)))
        || SYSTEM.iter().any(|it| above(Path::new(it)) && real != Path::new(it))
        || ["/dev", "/proc", "/sys"].iter().any(|it| inside(it))
        || home
        || kind.is_socket();
    // What is below a writable folder is there, as something that may be changed. What is above
    // one holds other jobs' folders too.
    let theirs = writable.iter().any(|it| real.starts_with(it) || above(it));
    let system = SYSTEM.iter().chain(&LINKS).any(|it| path.starts_with(it));
    (!hidden && !theirs && !system).then_some(real)
}

/// What the links in a folder lead to.
fn links_in(folder: &Path, most: usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let links = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_symlink()));
    links.take(most).flat_map(|it| targets(&it.path())).collect()
}

/// What a link leads to: in one step, as it is written, and in the end.
fn targets(link: &Path) -> Vec<PathBuf> {
    let (Ok(written), Ok(real)) = (fs::read_link(link), link.canonicalize()) else {
        return Vec::new();
    };
    if SYSTEM.iter().any(|it| real.starts_with(it)) {
        return Vec::new();
    }
    let step = plain(&link.parent().unwrap_or(link).join(written));
    if step == real { vec![real] } else { vec![step, real] }
}

/// A path without `.` and `..`, as written.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The folder that a program was installed to with all that belongs to it, if it looks like one.
///
/// Only what is known by its form: the parent of a `bin` may as well be somebody's home.
fn installation(program: &Path) -> Option<PathBuf> {
    let package = |it: &&Path| it.parent().is_some_and(|it| it.ends_with("node_modules"));
    if let Some(package) = program.ancestors().find(package) {
        return Some(package.to_owned());
    }
    let folder = program.parent()?;
    let prefix = folder.parent().filter(|_| folder.ends_with("bin"))?;
    let holds = |name: &str| prefix.join(name).exists();
    let kept = prefix.parent().and_then(Path::file_name);
    let kept = kept.is_some_and(|it| KEEPERS.iter().any(|keeper| it == *keeper));
    let installed = kept
        || ["pyvenv.cfg", "conda-meta", "lib/node_modules/npm", "pkg/tool", "lib/rustlib"]
            .iter()
            .any(|it| holds(it));
    (installed && prefix.file_name().is_some_and(|it| it != ".local")).then(|| prefix.to_owned())
}

/// Puts nothing where a file with tokens is.
fn hide_secrets(folder: &Path, mounts: &mut Mounts) {
    for secret in SECRETS {
        let path = folder.join(secret);
        if path.symlink_metadata().is_ok_and(|it| it.is_file()) {
            mounts.insert(path, ("/dev/null".into(), Access::Read));
        }
    }
}
