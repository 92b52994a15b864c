//! A job's own copy, made by `cp`: it knows how to share blocks on every file system that can.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
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

async fn cp(options: &str, from: &Path, to: &Path) -> io::Result<()> {
    let mut args: Vec<OsString> = options.split(' ').map(OsString::from).collect();
    args.extend(["--".into(), from.join(".").into(), to.into()]);
    let env = vec![("PATH".into(), "/usr/bin:/bin:/run/current-system/sw/bin".into())];
    let spec = Spec { args, env, merge: true, keep: 2 << 10, ..Spec::new("cp", from, LIMIT) };
    let ended = process::run(spec, None, &CancellationToken::new()).await;
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
