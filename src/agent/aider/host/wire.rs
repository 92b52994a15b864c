//! The words between us and a host: one JSON object a line, as `host.py` describes them.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::io::{Error, ErrorKind, Result};

use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::process::Spec;

/// The longest line from a host: an error's text is the longest.
const LONGEST: u64 = 64 << 10;
/// The longest line to one. A host gives up at 4 MiB.
const LARGEST: usize = 2 << 20;
/// Messages and connections that nobody has taken yet. There are four messages to a run.
const WAITING: usize = 16;

/// What a host says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Message {
    /// It is imported.
    Ready,
    /// It could not be, or a child could not be started.
    Failed(String),
    /// The child runs.
    Started,
    /// The child's exit code, or minus the signal that ended it.
    Exit(i32),
    /// Nothing that came of the child lives.
    Gone,
}

/// One run.
#[derive(Clone, Serialize)]
pub(super) struct Request {
    token: String,
    cwd: String,
    env: BTreeMap<String, String>,
    args: Vec<String>,
}

impl Request {
    /// `None` when there are words that are no text, or too many.
    pub(super) fn of(spec: &Spec, args: &[OsString]) -> Option<Self> {
        let text = |it: &OsString| it.to_str().map(str::to_owned);
        let env = spec.env.iter().map(|(name, value)| Some((text(name)?, text(value)?)));
        let it = Self {
            token: String::new(),
            cwd: spec.cwd.to_str()?.to_owned(),
            env: env.collect::<Option<_>>()?,
            args: args.iter().map(text).collect::<Option<_>>()?,
        };
        let length = |it: &Self| serde_json::to_vec(it).map_or(usize::MAX, |it| it.len());
        (length(&it) <= LARGEST).then_some(it)
    }
}

/// Our end of the line to a host that is ready.
pub(super) struct Control {
    to: OwnedWriteHalf,
    pub(super) messages: mpsc::Receiver<Message>,
    outputs: mpsc::Receiver<UnixStream>,
    host: CancellationToken,
}

/// What brings a host's words to its `Control`.
pub(super) struct Heard {
    from: BufReader<OwnedReadHalf>,
    messages: mpsc::Sender<Message>,
    outputs: mpsc::Sender<UnixStream>,
}

/// Waits for a host to come and to be ready. `host` is what ends it.
pub(super) async fn meet(
    listener: &UnixListener,
    host: &CancellationToken,
) -> Result<(Heard, Control)> {
    let (stream, _) = listener.accept().await?;
    let (from, to) = stream.into_split();
    let mut from = BufReader::new(from);
    match read(&mut from).await? {
        Message::Ready => {}
        Message::Failed(why) => return Err(Error::other(why)),
        other => return Err(unexpected(&other)),
    }
    let (told, messages) = mpsc::channel(WAITING);
    let (brought, outputs) = mpsc::channel(WAITING);
    let control = Control { to, messages, outputs, host: host.clone() };
    Ok((Heard { from, messages: told, outputs: brought }, control))
}

impl Heard {
    /// Until the host goes away, or says what nobody understands; says why.
    pub(super) async fn pass_on(&mut self, listener: &UnixListener) -> String {
        let outputs = self.outputs.clone();
        let accept = async {
            loop {
                match listener.accept().await {
                    // What does not fit was not asked for.
                    Ok((stream, _)) => drop(outputs.try_send(stream)),
                    Err(error) => return error.to_string(),
                }
            }
        };
        let listen = async {
            loop {
                let message = match read(&mut self.from).await {
                    Ok(message) => message,
                    Err(error) => return error.to_string(),
                };
                if self.messages.try_send(message).is_err() {
                    return "it talks and nobody listens".to_owned();
                }
            }
        };
        tokio::select! { why = accept => why, why = listen => why }
    }
}

impl Control {
    /// Has a child started, and returns what it writes. After an error nothing is known.
    pub(super) async fn start(&mut self, request: &Request) -> Result<UnixStream> {
        while self.messages.try_recv().is_ok() {}
        while self.outputs.try_recv().is_ok() {}
        // Nobody else in the cage knows it before the host does.
        let token = format!("{:016x}", RandomState::new().hash_one(0));
        let request = Request { token: token.clone(), ..request.clone() };
        self.to.write_all(&line(&json!({"run": request}))).await?;
        let (mut output, mut started) = (None, false);
        // In either order: they come by ways of their own.
        while output.is_none() || !started {
            tokio::select! {
                stream = self.outputs.recv(), if output.is_none() => {
                    let mut stream = stream.ok_or_else(away)?;
                    let mut said = vec![0; token.len() + 1];
                    stream.read_exact(&mut said).await?;
                    let asked = said == format!("{token}\n").as_bytes();
                    output = asked.then_some(stream);
                }
                message = self.messages.recv(), if !started => match message.ok_or_else(away)? {
                    Message::Started => started = true,
                    Message::Failed(why) => return Err(Error::other(why)),
                    other => return Err(unexpected(&other)),
                },
            }
        }
        output.ok_or_else(away)
    }

    /// Signals the child and all that came of it. Whether the host will hear of it.
    pub(super) fn signal(&self, number: i32) -> bool {
        let line = line(&json!({"signal": number}));
        self.to.try_write(&line).is_ok_and(|it| it == line.len())
    }

    /// Ends the host and all that came of it.
    pub(super) fn end_host(&self) {
        self.host.cancel();
    }
}

async fn read(from: &mut BufReader<OwnedReadHalf>) -> Result<Message> {
    let mut line = Vec::new();
    from.take(LONGEST).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(away());
    }
    serde_json::from_slice(&line).map_err(Error::other)
}

fn line(value: &serde_json::Value) -> Vec<u8> {
    format!("{value}\n").into_bytes()
}

fn away() -> Error {
    Error::new(ErrorKind::UnexpectedEof, "it went away")
}

fn unexpected(message: &Message) -> Error {
    Error::other(format!("it said {message:?}"))
}
