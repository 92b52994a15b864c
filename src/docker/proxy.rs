//! A socket of ours before the engine's: lets through what `engine::socket` allows, and nothing else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::docker::endpoint::Endpoint;
use crate::engine::socket::{Look, Policy};

mod answer;
mod context;
mod hijack;
mod serve;
mod upstream;

use upstream::Upstream;

/// How many connections are served at once; more wait.
const CONNECTIONS: usize = 128;
/// How long a client may take to say what it wants.
const HEADERS: Duration = Duration::from_secs(30);
/// How many refusals an account keeps, and how much of each.
const KEPT: usize = 100;
const KEPT_CHARS: usize = 1000;

/// Hears what was refused.
pub trait Witness: Send + Sync {
    /// A request that was not passed on: `POST /containers/create`, and why.
    fn refused(&self, request: &str, why: &str);

    /// A request that was passed on otherwise than its client wished, and may notice: ports that
    /// are not published, for example.
    fn changed(&self, _request: &str, _what: &str) {}
}

/// What came of the time that a proxy ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Requests that were refused, each with its reason; the first hundred.
    pub refused: Vec<(String, String)>,
    /// What was seen of an engine that went away; `None`: it was there all the time.
    pub engine_away: Option<String>,
}

/// Sees whether an engine, or a proxy and the engine behind it, answers.
///
/// # Errors
/// What was seen instead, in words.
pub async fn ping(endpoint: Endpoint) -> Result<(), String> {
    let upstream = Upstream::new(endpoint, CancellationToken::new());
    upstream.ping().await.map_err(words)
}

/// Where the engine keeps a volume, on its own machine.
///
/// # Errors
/// When there is no such volume, or no engine.
pub async fn volume_folder(endpoint: Endpoint, name: &str) -> Result<PathBuf, String> {
    let look = Look::volume(name)?;
    let upstream = Upstream::new(endpoint, CancellationToken::new());
    let volume = upstream.look(&look).await.map_err(words)?;
    let volume = volume.ok_or_else(|| format!("there is no volume `{name}`"))?;
    let folder = volume.get("Mountpoint").and_then(serde_json::Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| format!("the engine does not say where `{name}` is"))
}

fn words(stop: answer::Stop) -> String {
    match stop {
        answer::Stop::Refused(why) | answer::Stop::NotOurs(why) | answer::Stop::Away(why) => why,
        answer::Stop::Wrong(status, why) => format!("the engine answers {status}: {why}"),
    }
}

/// A running proxy. Dropped, it closes its socket and every connection.
pub struct Proxy {
    socket: PathBuf,
    shared: Arc<Shared>,
}

/// What every connection knows.
struct Shared {
    policy: Policy,
    upstream: Upstream,
    witness: Arc<dyn Witness>,
    account: Mutex<Account>,
    /// Where contexts of builds are kept while they are looked into.
    folder: PathBuf,
    stop: CancellationToken,
}

impl Proxy {
    /// Listens on `socket`, a file that is made (mode 0600, or 0666 with `for_others`), and passes
    /// on to `upstream` what `policy` allows. A socket that a killed process left there is replaced.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub async fn start(
        socket: &Path,
        for_others: bool,
        upstream: Endpoint,
        policy: Policy,
        witness: Arc<dyn Witness>,
    ) -> std::io::Result<Self> {
        if UnixStream::connect(socket)
            .await
            .is_err_and(|it| it.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            std::fs::remove_file(socket)?;
        }
        let listener = UnixListener::bind(socket)?;
        let mode = if for_others { 0o666 } else { 0o600 };
        std::fs::set_permissions(socket, std::fs::Permissions::from_mode(mode))?;
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            policy,
            upstream: Upstream::new(upstream, stop.clone()),
            witness,
            account: Mutex::default(),
            folder: socket.parent().unwrap_or(Path::new(".")).to_owned(),
            stop,
        });
        tokio::spawn(listen(listener, shared.clone()));
        Ok(Self { socket: socket.to_owned(), shared })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// What happened so far.
    pub fn account(&self) -> Account {
        self.shared.account.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        // Somebody may have removed it already, with its folder.
        let _ = std::fs::remove_file(&self.socket);
    }
}

async fn listen(listener: UnixListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accept = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let (connection, place) = tokio::select! {
            () = shared.stop.cancelled() => return,
            it = accept => it,
        };
        let Ok((stream, _)) = connection else {
            // Out of file descriptors: they come back when connections end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(|request| serve::request(shared.clone(), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            tokio::select! {
                () = shared.stop.cancelled() => (),
                // A client that went away or spoke nonsense has nobody left to tell.
                _ = connection => (),
            }
        });
    }
}

impl Shared {
    fn refused(&self, request: &str, why: &str) {
        self.witness.refused(request, why);
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        if account.refused.len() < KEPT {
            let cut = |text: &str| text.chars().take(KEPT_CHARS).collect();
            account.refused.push((cut(request), cut(why)));
        }
    }

    fn away(&self, why: &str) {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        account.engine_away.get_or_insert_with(|| why.to_owned());
    }
}
