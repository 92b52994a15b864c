//! The engine's side: one connection for each request.

use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::answer::{Body, Stop, full};
use crate::docker::endpoint::Endpoint;
use crate::engine::socket::{Look, Way};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the engine may think about something small.
const QUICK: Duration = Duration::from_secs(120);
/// How long it may take until the first byte of a build, a fetch or the end of a container.
const SLOW: Duration = Duration::from_secs(6 * 3600);
/// The largest description of a thing.
const DESCRIPTION: usize = 8 << 20;

/// Where the engine is.
pub(super) struct Upstream {
    endpoint: Endpoint,
    stop: CancellationToken,
}

impl Upstream {
    pub(super) fn new(endpoint: Endpoint, stop: CancellationToken) -> Self {
        Self { endpoint, stop }
    }

    /// Sends a request, and gives the answer's head with the body still to come.
    pub(super) async fn send(
        &self,
        request: Request<Body>,
        way: Way,
    ) -> Result<Response<Incoming>, Stop> {
        let connected = async {
            match &self.endpoint {
                Endpoint::Unix(path) => self.talk(UnixStream::connect(path).await?).await,
                Endpoint::Loopback(address) => self.talk(TcpStream::connect(address).await?).await,
            }
        };
        let mut sender = timeout(CONNECT, connected)
            .await
            .map_err(|_| self.away("no connection within 5 s"))?
            .map_err(|error| self.away(&error.to_string()))?;
        let patience = if way == Way::Slow { SLOW } else { QUICK };
        timeout(patience, sender.send_request(request))
            .await
            .map_err(|_| self.away("no answer in time"))?
            .map_err(|error| self.away(&error.to_string()))
    }

    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> std::io::Result<http1::SendRequest<Body>> {
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(std::io::Error::other)?;
        let stop = self.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => (),
                // The sender hears of what goes wrong.
                _ = connection.with_upgrades() => (),
            }
        });
        Ok(sender)
    }

    /// Sees whether it answers.
    pub(super) async fn ping(&self) -> Result<(), Stop> {
        let request = Request::get("/_ping").header(header::HOST, "docker").body(full(""));
        let request =
            request.map_err(|error| Stop::Wrong(StatusCode::BAD_REQUEST, error.to_string()))?;
        match self.send(request, Way::Quick).await?.status() {
            StatusCode::OK => Ok(()),
            status => Err(self.away(&format!("it answers {status}"))),
        }
    }

    /// What the engine knows of a thing; `None` when it is not there.
    pub(super) async fn look(&self, look: &Look) -> Result<Option<Value>, Stop> {
        let request = Request::get(look.target())
            .header(header::HOST, "docker")
            .body(full(""))
            .map_err(|error| Stop::Wrong(StatusCode::BAD_REQUEST, error.to_string()))?;
        let answer = self.send(request, Way::Quick).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), DESCRIPTION).collect();
        let body = timeout(QUICK, body)
            .await
            .map_err(|_| self.away("half an answer"))?
            .map_err(|error| self.away(&error.to_string()))?
            .to_bytes();
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|_| self.away("an answer that is not JSON")),
            StatusCode::NOT_FOUND => Ok(None),
            _ => {
                let said: Value = serde_json::from_slice(&body).unwrap_or_default();
                let said = said.get("message").and_then(Value::as_str).unwrap_or("no reason given");
                Err(Stop::Wrong(status, said.to_owned()))
            }
        }
    }

    pub(super) fn away(&self, why: &str) -> Stop {
        Stop::Away(format!("the container engine at {} does not answer: {why}", self.endpoint))
    }
}
