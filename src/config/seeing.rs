//! `http` and `otel`: how a worker lets itself be seen.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Serialize;

use super::reader::{Reader, text};
use super::{Origin, expand, urls};

/// `http`: health and metrics.
#[derive(Clone, Debug)]
pub struct Http {
    /// Where they are served.
    pub listen: Listen,
    /// Whether the operator named the place: one that is taken is an error then.
    pub named: bool,
}

/// Where health and metrics are served. They say nothing secret, and still nobody else's machine
/// may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Listen {
    /// Nowhere.
    #[default]
    Off,
    /// On an address of this machine's own.
    Address(SocketAddr),
    /// On a Unix socket.
    Socket(PathBuf),
}

/// `otel`: traces.
#[derive(Clone, Debug)]
pub struct Otel {
    /// A collector's address for OTLP over HTTP, without `/v1/traces`. `None`: no traces.
    pub endpoint: Option<String>,
    /// What is sent along, such as a key. By name.
    pub headers: BTreeMap<String, SecretString>,
}

pub(super) fn http(reader: &mut Reader<'_>) -> Http {
    let (home, cwd) = (reader.options.home.clone(), reader.options.cwd.clone());
    let listen = reader.read("http.listen", |value| {
        let text = text(value)?;
        if text == "off" || text == "false" {
            return Ok(Listen::Off);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Listen::Socket(expand::path(path, &home, &cwd)));
        }
        match text.parse::<SocketAddr>() {
            Ok(it) if it.ip().is_loopback() => Ok(Listen::Address(it)),
            Ok(_) => Err(format!("`{text}` is reachable from outside: use 127.0.0.1 or unix:PATH")),
            Err(_) => Err(format!("`{text}` is none of off, 127.0.0.1:PORT, unix:PATH")),
        }
    });
    let named = reader.settings.last().is_some_and(|it| it.origin != Origin::Default);
    Http { listen, named }
}

pub(super) fn otel(reader: &mut Reader<'_>) -> Otel {
    Otel {
        endpoint: reader.read("otel.endpoint", |value| match text(value)? {
            it if it.is_empty() => Ok(None),
            it => urls::checked(&it, false).map(Some),
        }),
        headers: reader.headers("otel.headers"),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::{Config, LoadOptions};

    fn load(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
        let mut options = LoadOptions::of_this_process(None);
        options.env = env.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        Config::parse(text, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn headers_have_names_of_headers_and_nothing_of_the_agents_gets_among_them() {
        let text = "otel: {headers: {x-api-key: k1, Authorization: Basic eA==}}";
        // A key for the model must not go to the collector.
        let env = [("CODINGWORKER__AIDER__ENV__GEMINI_API_KEY", "k2")];
        let config = load(text, &env).unwrap();
        let values = |it: &BTreeMap<String, SecretString>| -> Vec<(String, String)> {
            it.iter().map(|(k, v)| (k.clone(), v.expose_secret().to_owned())).collect()
        };
        let both = [("Authorization", "Basic eA=="), ("x-api-key", "k1")];
        assert_eq!(values(&config.otel.headers), both.map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(config.aider.env.len(), 1);
        assert_eq!(config.secrets().len(), 3);
        for bad in ["{'x y': k}", "{'x:': k}", "{'': k}", "{x: \"a\\nb\"}"] {
            assert!(load(&format!("otel: {{headers: {bad}}}"), &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_that_others_reach_is_refused_and_one_that_was_named_is_known() {
        let default = load("", &[]).unwrap().http;
        assert!(!default.named);
        assert_eq!(default.listen, Listen::Address("127.0.0.1:9464".parse().unwrap()));
        let named = load("http: {listen: '[::1]:0'}", &[]).unwrap().http;
        assert!(named.named);
        for bad in ["0.0.0.0:9464", "192.168.1.2:9464", "[::]:1", "localhost", "9464"] {
            assert!(load(&format!("http: {{listen: '{bad}'}}"), &[]).is_err(), "{bad}");
        }
        assert_eq!(load("http: {listen: off}", &[]).unwrap().http.listen, Listen::Off);
    }
}
