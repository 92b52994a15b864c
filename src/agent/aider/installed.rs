//! Where Aider is installed: what a cage must show of this machine for it to start, and no more.
//!
//! It may lie in the operator's home (uv, pipx, pyenv, conda, a venv), of which nothing else may
//! be seen. So its Python is asked once, outside of the cage and before there is any foreign
//! text, where it lives.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::AiderOptions;
use crate::process::{self, ProcessError, Spec};

/// What every cage shows: the system's own programs and libraries.
const SYSTEM: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc"];
/// Package managers that link between folders of theirs: all of it or nothing.
const STORES: [&str; 4] =
    ["/nix/store", "/opt/homebrew", "/home/linuxbrew/.linuxbrew", "/opt/local"];
/// Folders that hold other things than programs.
const PRIVATE: [&str; 8] = ["/home", "/root", "/Users", "/tmp", "/var", "/opt", "/srv", "/run"];
/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

const MARK: &str = "codingworker-python: ";
/// Read by any Python at its start, also behind a wrapper in another language; it ends there.
const QUESTION: &str = "\
import json, os, sys
told = {'executable': sys.executable, 'args': sys.orig_argv[1:], 'folders': [
    sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, *sys.path]}
sys.stdout.write('codingworker-python: ' + json.dumps(told) + '\\n')
sys.stdout.flush()
os._exit(0)
";

/// How Aider is started, and what it reads of this machine for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    /// The program and its first arguments.
    pub(super) program: Vec<OsString>,
    /// Folders and files.
    pub(super) readable: Vec<PathBuf>,
    /// The script that comes last in `program`, where the rest of it is a Python and its options.
    pub(super) script: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Told {
    executable: PathBuf,
    args: Vec<String>,
    folders: Vec<PathBuf>,
}

impl Installed {
    /// Where there is no cage: as configured.
    pub(super) fn as_configured(options: &AiderOptions) -> Self {
        Self { program: vec![options.bin.clone().into()], readable: Vec::new(), script: None }
    }

    /// Asks. `scratch` is a folder to write in; neither it nor `tree` is ever part of the answer.
    pub(super) async fn ask(
        options: &AiderOptions,
        scratch: &Path,
        tree: &Path,
        stop: &CancellationToken,
    ) -> Result<Self, ProcessError> {
        let name = options.bin.display().to_string();
        let failed = |source| ProcessError::NotStarted { program: name.clone(), source };
        let here = std::env::current_dir().map_err(failed)?;
        let look_up = |it: &Path| process::find(it.as_os_str(), options.path.as_ref(), &here);
        let found =
            look_up(&options.bin).ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))?;
        let folder = scratch.join("ask");
        std::fs::create_dir_all(&folder).map_err(failed)?;
        std::fs::write(folder.join("sitecustomize.py"), QUESTION).map_err(failed)?;
        let spec = Spec {
            args: vec!["--version".into()],
            env: vec![
                ("PATH".into(), options.path.clone().into()),
                ("HOME".into(), "/dev/null".into()),
                ("PYTHONPATH".into(), folder.clone().into()),
                ("PYTHONNOUSERSITE".into(), "1".into()),
                ("PYTHONDONTWRITEBYTECODE".into(), "1".into()),
            ],
            grace: Duration::from_secs(2),
            mark: options.mark.clone(),
            ..Spec::new(&found, &folder, Duration::from_secs(60))
        };
        let ended = process::run(spec, None, stop).await;
        let removed = std::fs::remove_dir_all(&folder);
        let ended = ended?;
        removed.map_err(failed)?;
        let said = String::from_utf8_lossy(&ended.stdout.head).into_owned();
        let told = said.lines().find_map(|it| it.strip_prefix(MARK));
        let told = told.and_then(|it| serde_json::from_str::<Told>(it).ok());
        let mut it = match told {
            Some(told) => Self::of_python(&found, told),
            None => {
                let program = vec![real(&found).into()];
                Self { program, readable: trail(&found), script: None }
            }
        };
        if let Some(git) = look_up(Path::new("git")) {
            it.readable.extend(trail(&git));
        }
        let home = nix::unistd::User::from_uid(nix::unistd::Uid::current()).ok().flatten();
        let keep_out = [Some(scratch.to_owned()), Some(tree.to_owned()), home.map(|it| it.dir)];
        it.readable = narrowed(it.readable, &keep_out.into_iter().flatten().collect::<Vec<_>>());
        Ok(it)
    }

    fn of_python(found: &Path, told: Told) -> Self {
        // The last link is what tells a venv from the Python that it was made of.
        let python = match (told.executable.parent(), told.executable.file_name()) {
            (Some(folder), Some(name)) => real(folder).join(name),
            _ => told.executable,
        };
        let mut readable = trail(&python);
        readable.extend(told.folders.iter().filter(|it| it.is_absolute()).flat_map(|it| trail(it)));
        let mut args = told.args;
        if args.last().is_some_and(|it| it == "--version") {
            args.pop();
        }
        // The script comes last; before it there may be options of Python's.
        let script = args.pop().map_or_else(|| found.to_owned(), PathBuf::from);
        readable.extend(trail(&script));
        let script = real(&script);
        let is_script = script.is_file() && !args.iter().any(|it| it == "-m" || it == "-c");
        let mut program: Vec<OsString> = vec![python.into()];
        program.extend(args.into_iter().map(Into::into));
        program.push(script.clone().into());
        Self { program, readable, script: is_script.then_some(script) }
    }
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// What must be there for `path` to lead to where it leads: the folders that hold links on the
/// way, and its end.
fn trail(path: &Path) -> Vec<PathBuf> {
    let mut holders = Vec::new();
    let mut todo: Vec<PathBuf> = parts(path);
    let mut here = PathBuf::from("/");
    let mut links = 0;
    while let Some(part) = todo.pop() {
        if part == Path::new("..") {
            here.pop();
            continue;
        }
        let next = here.join(&part);
        match next.read_link() {
            Ok(target) if links < MOST_LINKS => {
                links += 1;
                holders.push(here.clone());
                if target.is_absolute() {
                    here = PathBuf::from("/");
                }
                todo.extend(parts(&target));
            }
            _ => here = next,
        }
    }
    if here.exists() {
        holders.push(here);
    }
    holders
}

/// The names of a path, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    let named =
        path.components().filter(|it| matches!(it, Component::Normal(_) | Component::ParentDir));
    let mut parts: Vec<PathBuf> = named.map(|it| PathBuf::from(it.as_os_str())).collect();
    parts.reverse();
    parts
}

/// `paths` without what is there anyway, without what would show more than programs, and each
/// once.
fn narrowed(paths: Vec<PathBuf>, keep_out: &[PathBuf]) -> Vec<PathBuf> {
    let whole = |it: PathBuf| match STORES.iter().find(|store| it.starts_with(store)) {
        Some(store) => PathBuf::from(store),
        None => it,
    };
    let too_wide = |it: &Path| {
        let private = PRIVATE.iter().map(Path::new).chain(keep_out.iter().map(PathBuf::as_path));
        private.into_iter().any(|private| private.starts_with(it))
    };
    let mut paths: Vec<PathBuf> = paths
        .into_iter()
        .map(whole)
        .filter(|it| !SYSTEM.iter().any(|system| it.starts_with(system)) && !too_wide(it))
        .collect();
    paths.sort();
    paths.dedup();
    // Sorted, a folder comes before what is in it.
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in paths {
        if !kept.iter().any(|it| path.starts_with(it)) {
            kept.push(path);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_through_links_shows_the_folders_that_hold_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().canonicalize().unwrap();
        for made in ["tools/aider/bin", "python/cpython-3.12.8/bin", "bin"] {
            std::fs::create_dir_all(home.join(made)).unwrap();
        }
        let real = home.join("python/cpython-3.12.8/bin/python3.12");
        std::fs::write(&real, "").unwrap();
        symlink("cpython-3.12.8", home.join("python/cpython-3.12")).unwrap();
        symlink("../python/cpython-3.12/bin/python3.12", home.join("bin/python3.12")).unwrap();
        let link = home.join("tools/aider/bin/python");
        symlink(home.join("bin/python3.12"), &link).unwrap();
        let expected = ["tools/aider/bin", "bin", "python"].map(|it| home.join(it));
        assert_eq!(trail(&link), [expected.as_slice(), &[real]].concat());
        symlink("loop", home.join("loop")).unwrap();
        assert!(trail(&home.join("loop/x")).len() <= MOST_LINKS + 1);
    }

    #[test]
    fn nothing_is_shown_that_holds_more_than_programs() {
        let home = PathBuf::from("/home/ann");
        let job = PathBuf::from("/data/cw/jobs/7/scratch");
        let paths = [
            "/",
            "/home",
            "/home/ann",
            "/data/cw",
            "/opt",
            "/tmp",
            "/usr/lib/python3",
            "/bin/sh",
            "/home/ann/.local/share/uv/tools/aider-chat",
            "/home/ann/.local/share/uv/python",
            "/home/ann/.local/share/uv/tools/aider-chat/bin",
            "/opt/aider",
            "/nix/store/abc/bin",
        ];
        let shown = narrowed(paths.map(PathBuf::from).to_vec(), &[home, job]);
        let expected = [
            "/home/ann/.local/share/uv/python",
            "/home/ann/.local/share/uv/tools/aider-chat",
            "/nix/store",
            "/opt/aider",
        ];
        assert_eq!(shown, expected.map(PathBuf::from));
    }
}
