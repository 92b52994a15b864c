//! Aider, in an environment of its own, when there is none on the `PATH`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::demo::{DemoError, SETUP_LIMIT, Voice};
use crate::domain::verification::Exit;
use crate::process::{self, Spec};

/// The version that this worker is tested with.
const AIDER: &str = "0.86.2";

/// Where Aider is; installs it if need be.
pub(super) async fn aider(
    dir: &Path,
    path: &str,
    stop: &CancellationToken,
    say: Voice<'_>,
) -> Result<PathBuf, DemoError> {
    let on_path = path.split(':').map(|it| Path::new(it).join("aider")).find(|it| it.is_file());
    if let Some(aider) = on_path {
        return Ok(aider);
    }
    let (done, aider) = (dir.join("installed"), dir.join("bin/aider"));
    if std::fs::read_to_string(&done).is_ok_and(|it| it == AIDER) && aider.is_file() {
        return Ok(aider);
    }
    say(&format!("Installing Aider {AIDER} into {} (once; some minutes, 700 MB)", dir.display()));
    let folder = dir.to_string_lossy().into_owned();
    say("  1/2 a Python environment");
    run("python3", &["-m", "venv", "--clear", &folder], path, stop).await?;
    say("  2/2 Aider and what it needs");
    let pip = dir.join("bin/pip").to_string_lossy().into_owned();
    let wanted = format!("aider-chat=={AIDER}");
    run(&pip, &["install", "--quiet", "--disable-pip-version-check", &wanted], path, stop).await?;
    std::fs::write(&done, AIDER).map_err(|source| DemoError::Folder { path: done, source })?;
    Ok(aider)
}

/// What one command prints, run with the user's own `PATH` and settings for the Python index.
pub(super) async fn run(
    program: &str,
    args: &[&str],
    path: &str,
    stop: &CancellationToken,
) -> Result<String, DemoError> {
    let mut env = inherited();
    env.push(("PATH".into(), path.into()));
    let spec = Spec {
        program: program.into(),
        args: args.iter().map(OsString::from).collect(),
        cwd: std::env::temp_dir(),
        env,
        stdin: None,
        limit: SETUP_LIMIT,
        silence: None,
        grace: Duration::from_secs(5),
        keep: 8 * 1024,
        merge: true,
        mark: None,
    };
    let ended = process::run(spec, None, stop)
        .await
        .map_err(|error| DemoError::Missing(format!("{error}: install {program} and try again")))?;
    match ended.exit {
        Exit::Code(0) => Ok(ended.stdout.to_text()),
        _ => Err(DemoError::Failed(format!(
            "`{program} {}` failed:\n{}",
            args.join(" "),
            ended.stdout.to_text()
        ))),
    }
}

/// What an installer may know of the user's settings: proxies, certificates, the index.
fn inherited() -> Vec<(OsString, OsString)> {
    let wanted = |name: &str| {
        let name = name.to_ascii_uppercase();
        ["HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"]
            .contains(&name.as_str())
            || name.starts_with("PIP_")
            || name.ends_with("_PROXY")
    };
    std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(wanted)).collect()
}
