//! A job's own copy, made by `cp`: it knows how to share blocks on every file system that can.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{about, aside, is_folder, make};
use crate::process::{self, Spec};
use crate::workspace::remove_tree;

/// A large store on a slow disk.
const LIMIT: Duration = Duration::from_secs(600);

/// Links are copied as links, times and rights are kept, blocks are shared where that works.
#[cfg(not(target_os = "macos"))]
const SHARING: &str = "--archive --reflink=auto";
#[cfg(target_os = "macos")]
const SHARING: &str = "-c -R -P -p";

/// What every `cp` knows.
const PLAIN: &str = "-R -P -p";

pub(super) async fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !is_folder(from) {
        let why = format!("{}: no kept dependencies are there", from.display());
        return Err(io::Error::new(ErrorKind::NotFound, why));
    }
    make(to).map_err(about(to))?;
    if std::fs::read_dir(to).map_err(about(to))?.next().is_some() {
        let why = format!("{}: there is something in it already", to.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, why));
    }
    if cp(SHARING, from, to).await.is_ok() {
        return Ok(());
    }
    // An old or small `cp` does not know the options. What it says now is about the files.
    empty(to).await?;
    cp(PLAIN, from, to).await
}

/// How many paths one `cp` is told: a command line has a bound.
const AT_ONCE: usize = 100;

/// Copies just these paths below `from` to the same places below `to`; only where `cp` is GNU's or
/// BusyBox's.
pub(super) async fn some(
    from: &Path,
    paths: &[PathBuf],
    to: &Path,
    stop: &CancellationToken,
) -> io::Result<()> {
    for paths in paths.chunks(AT_ONCE) {
        let words = || paths.iter().map(OsString::from).collect::<Vec<_>>();
        let sharing = format!("{SHARING} --parents");
        if cp_words(&sharing, words(), from, to, stop).await.is_err() {
            cp_words("-R -P -p --parents", words(), from, to, stop).await?;
        }
    }
    Ok(())
}

async fn cp(options: &str, from: &Path, to: &Path) -> io::Result<()> {
    let all = vec![from.join(".").into()];
    cp_words(options, all, from, to, &CancellationToken::new()).await
}

async fn cp_words(
    options: &str,
    paths: Vec<OsString>,
    from: &Path,
    to: &Path,
    stop: &CancellationToken,
) -> io::Result<()> {
    let mut args: Vec<OsString> = options.split(' ').map(OsString::from).collect();
    args.push("--".into());
    args.extend(paths);
    args.push(to.into());
    let env = vec![("PATH".into(), "/usr/bin:/bin:/run/current-system/sw/bin".into())];
    let spec = Spec { args, env, merge: true, keep: 2 << 10, ..Spec::new("cp", from, LIMIT) };
    let ended = process::run(spec, None, stop).await;
    let ended = ended.map_err(|error| io::Error::other(error.to_string()))?;
    if ended.exit.is_success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&ended.stdout.head).trim().to_owned();
    let why = format!("{}: the copy failed ({:?}): {words}", to.display(), ended.exit);
    Err(io::Error::other(why))
}

async fn empty(folder: &Path) -> io::Result<()> {
    let folder = folder.to_path_buf();
    aside(move || {
        remove_tree(&folder)?;
        make(&folder)
    })
    .await
}
