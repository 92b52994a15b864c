//! Asks a worker as a scraper does, byte by byte where that matters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// No answer takes longer, on a machine that compiles meanwhile.
const LIMIT: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The reasons of a health answer, one line each.
    pub(super) fn reasons(&self) -> String {
        let reasons = self.json()["reasons"].as_array().unwrap().clone();
        reasons.iter().map(|it| it.as_str().unwrap()).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|it| it.split_once(": "));
        lines.filter(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1).next()
    }

    /// The value of a sample, by its name and labels as they are written.
    pub(super) fn sample(&self, series: &str) -> Option<f64> {
        let line = self.body.lines().find_map(|it| it.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }
}

/// Where a worker listens.
#[derive(Clone, Debug)]
pub(super) enum Door {
    Port(u16),
    Socket(PathBuf),
}

impl Door {
    /// The address that a worker's log names.
    pub(super) fn in_log(log: &str) -> Option<Self> {
        let line = log.lines().find(|it| it.contains("serving /healthz"))?;
        let port = line.split("http://127.0.0.1:").nth(1)?;
        let digits = port.chars().take_while(char::is_ascii_digit).collect::<String>();
        Some(Self::Port(digits.parse().unwrap()))
    }

    pub(super) fn socket(path: &Path) -> Self {
        Self::Socket(path.to_owned())
    }

    /// Asks as a well-behaved program does.
    pub(super) async fn get(&self, path: &str) -> Answer {
        self.get_as(path, "").await
    }

    /// The same with further lines in the head.
    pub(super) async fn get_as(&self, path: &str, more: &str) -> Answer {
        let host = match self {
            Self::Port(port) => format!("127.0.0.1:{port}"),
            Self::Socket(_) => "localhost".to_owned(),
        };
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n")).await.unwrap()
    }

    /// Says this and reads to the end; `None` when nothing came back.
    pub(super) async fn say(&self, words: &str) -> Option<Answer> {
        let talk = async {
            match self {
                Self::Port(port) => {
                    exchange(TcpStream::connect(("127.0.0.1", *port)).await.unwrap(), words).await
                }
                Self::Socket(path) => {
                    exchange(UnixStream::connect(path).await.unwrap(), words).await
                }
            }
        };
        tokio::time::timeout(LIMIT, talk).await.expect("an answer, or an end, in time")
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, words: &str) -> Option<Answer> {
    // Whoever hangs up half way has said what it thinks.
    let _ = stream.write_all(words.as_bytes()).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}
