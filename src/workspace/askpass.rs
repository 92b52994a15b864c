//! How the token reaches git, and nothing else: over a Unix socket that is there only while one
//! call runs, to a helper that git starts with the question as its argument.
//!
//! The question is judged on our side of the socket (`Address::asked`), so the helper never holds
//! a token that it should not print. Environment, arguments and files hold the socket's path only.

use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use super::address::{Address, Question, USER};

/// The environment variable that makes our binary answer git instead of working.
pub const ASKPASS_SOCKET: &str = "CODINGWORKER_ASKPASS_SOCKET";

/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// A question longer than this is none of git's.
const LONGEST: u64 = 4_096;
/// A call asks for a password once, its negotiation once more.
const MOST_QUESTIONS: usize = 8;

/// When git started this process to ask for a password: asks the worker, prints what it says.
/// `None`: this process was started for something else. To be called first thing in `main`.
#[expect(clippy::disallowed_methods, reason = "runs before there is a configuration")]
pub fn askpass_main() -> Option<ExitCode> {
    let socket = std::env::var_os(ASKPASS_SOCKET)?;
    let prompt = std::env::args_os().nth(1).unwrap_or_default();
    let answer = ask(Path::new(&socket), prompt.to_string_lossy().as_bytes());
    let printed = answer.and_then(|answer| {
        let mut out = std::io::stdout().lock();
        out.write_all(&answer)?;
        out.write_all(b"\n")?;
        out.flush()
    });
    Some(if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn ask(socket: &Path, prompt: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(prompt)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.take(LONGEST * 16).read_to_end(&mut answer)?;
    if answer.is_empty() {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    }
    Ok(answer)
}

/// Answers git's questions for the length of one call; gone when dropped.
pub(super) struct Desk {
    folder: PathBuf,
    socket: PathBuf,
    serving: tokio::task::JoinHandle<()>,
}

impl Desk {
    pub(super) fn open(address: Address, token: SecretString) -> std::io::Result<Self> {
        // Not below `state_dir`: a socket's path is limited to about a hundred bytes.
        let folder = std::env::temp_dir().join(format!("cw-{}", unguessable()?));
        std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let socket = folder.join("s");
        let listener = UnixListener::bind(&socket).inspect_err(|_| {
            let _ = std::fs::remove_dir_all(&folder);
        })?;
        let us = std::fs::metadata(&folder)?.uid();
        let serving = tokio::spawn(async move {
            for _ in 0..MOST_QUESTIONS {
                let Ok((stream, _)) = listener.accept().await else { return };
                if stream.peer_cred().is_ok_and(|peer| peer.uid() == us) {
                    let _ = tokio::time::timeout(PATIENCE, answer(stream, &address, &token)).await;
                }
            }
        });
        Ok(Self { folder, socket, serving })
    }

    pub(super) fn socket(&self) -> &Path {
        &self.socket
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn answer(
    mut stream: tokio::net::UnixStream,
    address: &Address,
    token: &SecretString,
) -> std::io::Result<()> {
    let mut prompt = Vec::new();
    (&mut stream).take(LONGEST).read_to_end(&mut prompt).await?;
    match std::str::from_utf8(&prompt).ok().and_then(|prompt| address.asked(prompt)) {
        Some(Question::User) => stream.write_all(USER.as_bytes()).await?,
        Some(Question::Password) => stream.write_all(token.expose_secret().as_bytes()).await?,
        None => {
            let prompt: String =
                String::from_utf8_lossy(&prompt).escape_debug().take(200).collect();
            tracing::warn!(prompt, "git asked for a password that is not for our remote: refused");
        }
    }
    stream.shutdown().await
}

/// What a question of git's is answered with when the remote is `url`, for tests that throw
/// anything at it: `None`, nothing; else whether it is the token.
#[doc(hidden)]
pub fn askpass_tells(url: &str, prompt: &str) -> Option<bool> {
    let asked = Address::parse(url).ok()?.asked(prompt)?;
    Some(asked == Question::Password)
}

fn unguessable() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    async fn asked(socket: &Path, prompt: &str) -> Option<String> {
        let (socket, prompt) = (socket.to_path_buf(), prompt.to_owned());
        tokio::task::spawn_blocking(move || ask(&socket, prompt.as_bytes()))
            .await
            .unwrap()
            .ok()
            .map(|answer| String::from_utf8(answer).unwrap())
    }

    #[tokio::test]
    async fn the_desk_gives_the_token_to_our_remote_only_and_is_gone_afterwards() {
        let address = Address::parse("https://github.com").unwrap();
        let desk = Desk::open(address, SecretString::from("hush")).unwrap();
        let socket = desk.socket().to_path_buf();
        let folder = socket.parent().unwrap().to_path_buf();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let right = "Password for 'https://x-access-token@github.com': ";
        let wrong = "Password for 'https://x-access-token@evil.example': ";
        assert_eq!(asked(&socket, wrong).await, None);
        assert_eq!(asked(&socket, right).await.as_deref(), Some("hush"));
        assert_eq!(
            asked(&socket, "Username for 'https://github.com': ").await.as_deref(),
            Some(USER)
        );
        for _ in 0..MOST_QUESTIONS {
            asked(&socket, right).await;
        }
        assert_eq!(asked(&socket, right).await, None, "it answers without end");
        drop(desk);
        assert!(!folder.exists());
    }
}
