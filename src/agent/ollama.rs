//! What Ollama says about itself: whether it is there, whether it has a model, and how much
//! that model can read. Asked before the first call, so that a missing model costs a second
//! and a sentence instead of minutes of the agent's own retries.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::agent::AgentError;
use crate::engine::cooldown::{self, Pushback};

/// Where Ollama listens when nobody says otherwise.
pub const DEFAULT_BASE: &str = "http://127.0.0.1:11434";

const CONNECT_LIMIT: Duration = Duration::from_secs(2);
const TOTAL_LIMIT: Duration = Duration::from_secs(10);
/// A large model from a slow disk; the recorder waits as long for a first byte.
const LOAD_LIMIT: Duration = Duration::from_secs(300);
/// How long Ollama keeps a model after it was asked.
pub(super) const KEEP_ALIVE: &str = "30m";
/// A list of models is a few KiB; whatever answers with more is not Ollama.
const MAX_ANSWER: usize = 4 << 20;

/// A client for the questions that come before a call.
#[derive(Clone, Debug)]
pub struct Ollama {
    base: String,
    http: reqwest::Client,
}

/// Why a text is no address of an Ollama.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no address of an Ollama server: {reason}; write it like {DEFAULT_BASE}")]
pub struct BadAddress {
    text: String,
    reason: &'static str,
}

/// What is known of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFacts {
    /// How many tokens it was trained to read at once, if Ollama says so.
    pub context: Option<u32>,
}

#[derive(Deserialize)]
struct Version {
    version: String,
}

#[derive(Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

/// Normalises the forms that `OLLAMA_HOST` may have (`host`, `host:port`, `:port`,
/// `http://host:port/`) to `scheme://host:port` without a slash at the end.
///
/// `0.0.0.0` and `::` are addresses to listen on; as a client's they mean this machine.
///
/// # Errors
/// When the text is no host, or carries what an address of Ollama cannot have.
pub fn base_url(text: &str) -> Result<String, BadAddress> {
    let bad = |reason| BadAddress { text: text.to_owned(), reason };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok(DEFAULT_BASE.to_owned());
    }
    let (scheme, rest) = match trimmed.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("http".to_owned(), trimmed),
    };
    // As Ollama's own client does it: a bare host has 11434, one with a scheme the scheme's port.
    let default_port = match (scheme.as_str(), trimmed.contains("://")) {
        ("http", false) => 11434,
        ("http", true) => 80,
        ("https", _) => 443,
        _ => return Err(bad("the scheme must be http or https")),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        return Err(bad("a user name or password in it would end up in logs"));
    }
    if path.contains(['?', '#']) || authority.contains(['?', '#']) {
        return Err(bad("it has a query"));
    }
    let (host, port) = host_and_port(authority).ok_or_else(|| bad("the port is no number"))?;
    let host = match host.as_str() {
        "" | "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        bare if bare.parse::<Ipv6Addr>().is_ok() => format!("[{bare}]"),
        name => name.to_owned(),
    };
    if host.chars().any(|it| it.is_whitespace() || it.is_control()) {
        return Err(bad("the host has blanks in it"));
    }
    let path = path.trim_matches('/');
    let slash = if path.is_empty() { "" } else { "/" };
    let port = port.unwrap_or(default_port);
    let base = format!("{scheme}://{host}:{port}{slash}{path}");
    reqwest::Url::parse(&base).map_err(|_| bad("the host is no host name"))?;
    Ok(base)
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    if authority.parse::<Ipv6Addr>().is_ok() {
        return Some((authority.to_owned(), None));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
        _ => (authority, None),
    };
    Some((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
}

/// The name by which Ollama knows a model of Aider's: `ollama_chat/qwen2.5-coder:1.5b` is
/// `qwen2.5-coder:1.5b`. `None` for a model that is not Ollama's.
pub fn local_name(model: &str) -> Option<&str> {
    model.strip_prefix("ollama_chat/").or_else(|| model.strip_prefix("ollama/"))
}

/// Whether two names mean the same model: `:latest` may be left out.
pub fn same_model(one: &str, other: &str) -> bool {
    one.strip_suffix(":latest").unwrap_or(one) == other.strip_suffix(":latest").unwrap_or(other)
}

/// An HTTP client for a server at `base`: it follows no redirect, and reaches this machine
/// without a proxy.
pub(crate) fn client(base: &str) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_LIMIT)
        .redirect(reqwest::redirect::Policy::none());
    let local = reqwest::Url::parse(base).ok().is_none_or(|url| is_local(&url));
    if local { builder.no_proxy() } else { builder }
}

fn is_local(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}

impl Ollama {
    /// A client for the server at `address`, in any form that `base_url` takes.
    ///
    /// # Errors
    /// `NotStarted` when the address is none, or no HTTP client can be made.
    pub fn new(address: &str) -> Result<Self, AgentError> {
        let base = base_url(address).map_err(|bad| AgentError::NotStarted(bad.to_string()))?;
        let http = client(&base)
            .timeout(TOTAL_LIMIT)
            .build()
            .map_err(|error| AgentError::NotStarted(format!("no HTTP client: {error}")))?;
        Ok(Self { base, http })
    }

    /// The server's address in normal form.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The server's version.
    ///
    /// # Errors
    /// `ModelAway` when it does not answer as Ollama does.
    pub async fn version(&self) -> Result<String, AgentError> {
        let request = self.http.get(format!("{}/api/version", self.base));
        let (_, answer): (_, Version) = self.ask("/api/version", request).await?;
        Ok(answer.version)
    }

    /// The names of the models it has.
    ///
    /// # Errors
    /// `ModelAway` when it does not answer as Ollama does.
    pub async fn models(&self) -> Result<Vec<String>, AgentError> {
        let request = self.http.get(format!("{}/api/tags", self.base));
        let (_, answer): (_, Tags) = self.ask("/api/tags", request).await?;
        Ok(answer.models.into_iter().map(|tag| tag.name).collect())
    }

    /// What it knows of the model `name`.
    ///
    /// # Errors
    /// `ModelMissing` when it does not have it, `ModelAway` when it does not answer as Ollama does.
    pub async fn show(&self, name: &str) -> Result<ModelFacts, AgentError> {
        let models = self.models().await?;
        if !models.iter().any(|it| same_model(it, name)) {
            return Err(missing(name));
        }
        let request = self
            .http
            .post(format!("{}/api/show", self.base))
            .json(&serde_json::json!({"model": name, "name": name}));
        let (status, answer): (_, Value) = self.ask("/api/show", request).await?;
        if status == reqwest::StatusCode::NOT_FOUND {
            return Err(missing(name));
        }
        let context = answer["model_info"].as_object().and_then(|info| {
            let of_text = info.iter().find(|(key, _)| key.ends_with(".context_length"));
            of_text.and_then(|(_, value)| value.as_u64()).and_then(|it| u32::try_from(it).ok())
        });
        Ok(ModelFacts { context: context.filter(|it| *it > 0) })
    }

    /// Has the model `name` loaded with this context, and kept for as long as a turn keeps it: a
    /// request without a prompt. Another context than a turn's would be loaded in vain.
    ///
    /// # Errors
    /// As for `show`; `ModelBusy` when the server has no room for it.
    pub async fn load(&self, name: &str, context: u32) -> Result<(), AgentError> {
        let request = self.http.post(format!("{}/api/generate", self.base)).timeout(LOAD_LIMIT);
        let request = request.json(&serde_json::json!({
            "model": name,
            "stream": false,
            "keep_alive": KEEP_ALIVE,
            "options": {"num_ctx": context},
        }));
        let (_, _): (_, Value) = self.ask("/api/generate", request).await?;
        Ok(())
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        request: reqwest::RequestBuilder,
    ) -> Result<(reqwest::StatusCode, T), AgentError> {
        let away = |why: String| {
            AgentError::ModelAway(format!(
                "Ollama at {} {why}: start it with `ollama serve`, or set `ollama.host`",
                self.base
            ))
        };
        crate::fault::point("ollama.request:before").await.map_err(|it| away(it.to_string()))?;
        let mut response = request.send().await.map_err(|error| away(silence(&error)))?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| away(silence(&error)))? {
            body.extend_from_slice(&bytes);
            if body.len() > MAX_ANSWER {
                return Err(away(format!("answered {path} without end; it may be something else")));
            }
        }
        // A 404 is an answer for /api/show: the model is not there.
        let not_there = status == reqwest::StatusCode::NOT_FOUND && path == "/api/show";
        if !status.is_success() && !not_there {
            let said = error_text(&body);
            let status = status.as_u16();
            let words = format!("answered {path} with status {status}{said}");
            let text = String::from_utf8_lossy(&body);
            return Err(match pushback(Some(status), &headers, &text) {
                Some(it) => {
                    AgentError::ModelBusy(it.saying(format!("Ollama at {} {words}", self.base)))
                }
                None => away(words),
            });
        }
        let answer = serde_json::from_slice(&body)
            .map_err(|_| away(format!("answered {path} with something that is not Ollama's")))?;
        Ok((status, answer))
    }
}

/// What a refusal means, by its status, headers and text.
pub(super) fn pushback(status: Option<u16>, headers: &HeaderMap, text: &str) -> Option<Pushback> {
    cooldown::pushback(status, |name| headers.get(name).and_then(|it| it.to_str().ok()), text)
}

fn missing(name: &str) -> AgentError {
    AgentError::ModelMissing { model: name.to_owned(), remedy: format!("ollama pull {name}") }
}

/// Why nothing came back, in words that fit after "Ollama at X".
pub(crate) fn silence(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "does not answer in time".to_owned()
    } else if error.is_connect() {
        "cannot be reached".to_owned()
    } else {
        "broke off its answer".to_owned()
    }
}

/// `: "the server's own words"`, shortened, or nothing.
pub(crate) fn error_text(body: &[u8]) -> String {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    match value.as_ref().and_then(|it| it["error"].as_str()) {
        Some(text) => format!(": {}", text.chars().take(300).collect::<String>()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_ollama_host_becomes_one() {
        for (text, expected) in [
            ("", "http://127.0.0.1:11434"),
            ("  localhost ", "http://localhost:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("0.0.0.0:8080", "http://127.0.0.1:8080"),
            (":8080", "http://127.0.0.1:8080"),
            ("gpu.example:9", "http://gpu.example:9"),
            ("http://gpu.example:11434/", "http://gpu.example:11434"),
            ("HTTP://gpu.example", "http://gpu.example:80"),
            ("https://gpu.example", "https://gpu.example:443"),
            ("https://gpu.example/ollama/", "https://gpu.example:443/ollama"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("::1", "http://[::1]:11434"),
            ("[::]", "http://[::1]:11434"),
        ] {
            assert_eq!(base_url(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in ["ftp://x", "x:port", "http://me:secret@x", "a b", "http://x/?q=1", "x:99999"] {
            assert!(base_url(text).is_err(), "{text}");
        }
        let words = base_url("x:port").unwrap_err().to_string();
        assert!(words.contains("x:port") && words.contains(DEFAULT_BASE), "{words}");
    }

    #[test]
    fn latest_is_understood() {
        assert!(same_model("llama3", "llama3:latest"));
        assert!(same_model("llama3:latest", "llama3"));
        assert!(!same_model("llama3:8b", "llama3"));
        assert_eq!(local_name("ollama_chat/a:b"), Some("a:b"));
        assert_eq!(local_name("ollama/a"), Some("a"));
        assert_eq!(local_name("gemini/a"), None);
    }
}
