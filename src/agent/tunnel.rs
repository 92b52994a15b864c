//! The only way from a cage to a hosted model: a proxy on a Unix socket that lets `CONNECT` pass
//! to port 443 of named hosts, and nothing else.
//!
//! What goes through is TLS between Aider and the vendor, so it cannot be read here, nor
//! recorded. Names are resolved on this side, the addresses judged and then used, so that a name
//! whose address changes between look and call leads nowhere.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::socket;

mod address;

/// The only port that a vendor's API listens on.
const PORT: u16 = 443;
/// The request line and headers of a `CONNECT`.
const MAX_HEAD: usize = 8 << 10;
/// Connections at once; a further one is closed.
const MOST: usize = 64;
/// For the head, for the name, and for the connection, each.
const PATIENCE: Duration = Duration::from_secs(15);
/// Refusals that are remembered, each once.
const MOST_REFUSALS: usize = 20;

/// A running proxy. It ends, with all connections, when this is dropped.
#[derive(Debug)]
pub(super) struct Tunnel {
    refusals: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The world outside.
#[async_trait]
trait Outside: Send + Sync {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

struct Internet;

#[async_trait]
impl Outside for Internet {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, PORT)).await?.map(|it| it.ip()).collect())
    }

    async fn connect(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}

struct Desk {
    hosts: BTreeSet<String>,
    outside: Box<dyn Outside>,
    refusals: Arc<Mutex<Vec<String>>>,
}

/// What a client is told, and what the log says.
struct Refusal {
    status: &'static str,
    words: String,
}

impl Tunnel {
    /// Listens at `socket` and lets calls to `hosts` pass.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(super) fn start(
        socket: &Path,
        hosts: impl IntoIterator<Item = String>,
    ) -> io::Result<Self> {
        Self::towards(Box::new(Internet), socket, hosts)
    }

    fn towards(
        outside: Box<dyn Outside>,
        socket: &Path,
        hosts: impl IntoIterator<Item = String>,
    ) -> io::Result<Self> {
        let listener = socket::listen(socket)?;
        let refusals = Arc::default();
        let hosts = hosts.into_iter().map(|it| plain_name(&it)).collect();
        let desk = Arc::new(Desk { hosts, outside, refusals: Arc::clone(&refusals) });
        Ok(Self { refusals, serving: tokio::spawn(serve(listener, desk)) })
    }

    /// What did not pass, and why, each once.
    pub(super) fn refusals(&self) -> Vec<String> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: UnixListener, desk: Arc<Desk>) {
    let mut live = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = live.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) if live.len() < MOST => {
                    let desk = Arc::clone(&desk);
                    live.spawn(async move { let _ = pass(client, &desk).await; });
                }
                Ok(_) => {}
                // Out of descriptors: some are given back when connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
        }
    }
}

async fn pass(mut client: UnixStream, desk: &Desk) -> io::Result<()> {
    let Ok(head) = timeout(PATIENCE, read_head(&mut client)).await else { return Ok(()) };
    let (line, early) = head?;
    match desk.open(&line).await {
        Ok(mut upstream) => {
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            upstream.write_all(&early).await?;
            copy_bidirectional(&mut client, &mut upstream).await?;
            Ok(())
        }
        Err(refusal) => {
            let Refusal { status, words } = &refusal;
            let length = words.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n");
            let answer = format!("{head}Connection: close\r\n\r\n{words}");
            desk.keep(refusal.words);
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await
        }
    }
}

/// The request's first line, and what came after its head.
async fn read_head(client: &mut UnixStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        if let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            let early = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&bytes);
            let line = head.lines().next().unwrap_or_default().to_owned();
            return Ok((line, early));
        }
        if bytes.len() > MAX_HEAD || client.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

impl Desk {
    fn keep(&self, words: String) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() < MOST_REFUSALS && !refusals.contains(&words) {
            refusals.push(words);
        }
    }

    /// A connection to where the request's first line points, if it may.
    async fn open(&self, line: &str) -> Result<TcpStream, Refusal> {
        let host = self.allowed(line)?;
        let away = |why: &str| Refusal {
            status: "502 Bad Gateway",
            words: format!("{host} could not be reached: {why}"),
        };
        let addresses = timeout(PATIENCE, self.outside.resolve(&host)).await;
        let addresses = match addresses {
            Err(_) => return Err(away("its name was not resolved in time")),
            Ok(Err(error)) => return Err(away(&error.to_string())),
            Ok(Ok(addresses)) => addresses,
        };
        let (public, private): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|it| address::is_public(*it));
        if public.is_empty() {
            let found = private.first().map_or("no address".to_owned(), IpAddr::to_string);
            return Err(Refusal {
                status: "403 Forbidden",
                words: format!("refused {host}: its name means {found}, which is no vendor's"),
            });
        }
        let mut last = String::new();
        for address in public.iter().take(4) {
            let connecting = self.outside.connect(SocketAddr::new(*address, PORT));
            match timeout(PATIENCE, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => last = format!("{address} does not answer"),
            }
        }
        Err(away(&last))
    }

    /// The host that may be called.
    fn allowed(&self, line: &str) -> Result<String, Refusal> {
        let shown: String = line.chars().filter(|it| !it.is_control()).take(200).collect();
        let refused =
            |status, why: &str| Refusal { status, words: format!("refused `{shown}`: {why}") };
        let mut words = line.split(' ');
        let (method, target, version) = (words.next(), words.next(), words.next());
        let (Some("CONNECT"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
            (method, target, version, words.next())
        else {
            return Err(refused("405 Method Not Allowed", "only CONNECT passes"));
        };
        let forbidden = |why: &str| refused("403 Forbidden", why);
        let Some((host, port)) = target.rsplit_once(':') else {
            return Err(forbidden("it names no port"));
        };
        if port != "443" {
            return Err(forbidden("only port 443 passes"));
        }
        let host = plain_name(host);
        if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
            return Err(forbidden("an address is no vendor's name"));
        }
        if !self.hosts.contains(&host) {
            return Err(forbidden(
                "this model's vendor is elsewhere; if not, name the host in `aider.hosts`",
            ));
        }
        Ok(host)
    }
}

/// One spelling for each host.
fn plain_name(host: &str) -> String {
    let host = host.trim();
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
