//! `notify`: who is told of what, and where.

use std::time::Duration;

use lettre::message::Mailbox;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_yaml::{Mapping, Value};

use super::build::{seconds, texts, u32_of};
use super::keys::hint;
use super::reader::{Reader, integer, shown, structure, text};
use crate::domain::task::Repository;
use crate::engine::notice::{Kind, Template};
use crate::notify::{Encryption, Guard, MailAddress, WebAddress};

/// What a channel of `notify.channels` may say about itself.
pub(super) const CHANNEL_KEYS: &[&str] = &[
    "name",
    "kind",
    "url",
    "secret",
    "host",
    "port",
    "tls",
    "username",
    "password",
    "from",
    "to",
    "events",
    "repositories",
    "template",
    "allow_private",
];
const KINDS: [&str; 6] = ["slack", "discord", "webhook", "email", "desktop", "log"];
/// For all kinds.
const COMMON: [&str; 6] = ["name", "kind", "events", "repositories", "template", "allow_private"];
const MAIL: [&str; 7] = ["host", "port", "tls", "username", "password", "from", "to"];
/// The most channels, and the most mailboxes of one.
const MOST: usize = 32;
/// What leads to a desktop.
const DESKTOP: [&str; 6] =
    ["PATH", "HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY"];
/// A shorter secret signs nothing.
const SHORTEST_SECRET: usize = 16;

#[cfg(test)]
mod tests;

/// `notify`: who is told of what happens.
#[derive(Debug)]
pub struct Notify {
    /// Where people are told.
    pub channels: Vec<Channel>,
    /// How many notices a channel is sent in an hour.
    pub max_per_hour: u32,
    /// How long jobs wait for a model before people are told.
    pub model_quiet: Duration,
    /// What leads to the desktop of whoever runs the worker.
    pub desktop: Vec<(String, String)>,
}

/// One place where people are told.
#[derive(Debug)]
pub struct Channel {
    /// What the operator calls it.
    pub name: String,
    /// What it is told of.
    pub events: Vec<Kind>,
    /// Of which repositories; none: of all.
    pub repositories: Vec<Repository>,
    /// The operator's own words.
    pub template: Option<Template>,
    /// Whether it may be in the operator's own network.
    pub allow_private: bool,
    /// Where it leads.
    pub sink: Sink,
}

/// Where a channel leads.
#[derive(Debug)]
pub enum Sink {
    /// An incoming webhook of Slack's.
    Slack(WebAddress),
    /// A webhook of Discord's.
    Discord(WebAddress),
    /// A webhook of anybody's.
    Webhook {
        /// Where it is.
        address: WebAddress,
        /// What signs what is sent there.
        secret: Option<SecretString>,
    },
    /// E-mail.
    Email(Box<Mail>),
    /// The desktop of whoever runs the worker.
    Desktop,
    /// The worker's own log.
    Log,
}

/// A mail account.
#[derive(Debug)]
pub struct Mail {
    /// The server.
    pub server: MailAddress,
    /// How it is spoken to.
    pub encryption: Encryption,
    /// Who writes.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who logs in.
    pub login: Option<(String, SecretString)>,
}

impl Sink {
    /// The name that people type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Slack(_) => "slack",
            Self::Discord(_) => "discord",
            Self::Webhook { .. } => "webhook",
            Self::Email(_) => "email",
            Self::Desktop => "desktop",
            Self::Log => "log",
        }
    }
}

impl Notify {
    /// Every secret in it: whoever knows a chat's address can write there.
    pub fn secrets(&self) -> Vec<SecretString> {
        let of = |channel: &Channel| match &channel.sink {
            Sink::Slack(it) | Sink::Discord(it) => it.secrets(),
            Sink::Webhook { address, secret } => {
                address.secrets().into_iter().chain(secret.clone()).collect()
            }
            Sink::Email(mail) => mail.login.iter().map(|it| it.1.clone()).collect(),
            Sink::Desktop | Sink::Log => Vec::new(),
        };
        self.channels.iter().flat_map(of).collect()
    }
}

/// A channel as `config` shows it.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    events: Vec<&'static str>,
    repositories: &'a [Repository],
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'a Template>,
    allow_private: bool,
}

impl<'a> From<&'a Channel> for Shown<'a> {
    fn from(it: &'a Channel) -> Self {
        let (url, host) = match &it.sink {
            Sink::Email(mail) => (None, Some(mail.server.host())),
            Sink::Desktop | Sink::Log => (None, None),
            _ => (Some("***"), None),
        };
        Self {
            name: &it.name,
            kind: it.sink.kind(),
            url,
            host,
            events: it.events.iter().map(|it| it.name()).collect(),
            repositories: &it.repositories,
            template: it.template.as_ref(),
            allow_private: it.allow_private,
        }
    }
}

pub(super) fn notify(reader: &mut Reader<'_>) -> Notify {
    let env = &reader.options.env;
    let desktop = DESKTOP.iter().filter_map(|it| Some(((*it).to_owned(), env.get(*it)?.clone())));
    let desktop = desktop.collect();
    Notify {
        channels: channels(reader),
        max_per_hour: u32_of(reader.integer("notify.max_per_hour")),
        model_quiet: seconds(reader.integer("notify.model_quiet_seconds")),
        desktop,
    }
}

fn channels(reader: &mut Reader<'_>) -> Vec<Channel> {
    const KEY: &str = "notify.channels";
    let (value, origin) = reader.raw_with_secrets(KEY, &["url", "secret", "password"]);
    let mut channels: Vec<Channel> = Vec::new();
    match structure(&value) {
        Ok(Value::Sequence(items)) if items.len() <= MOST => {
            for (at, item) in items.iter().enumerate() {
                match channel(reader, item) {
                    Ok(it) if channels.iter().any(|other| other.name == it.name) => {
                        let what =
                            format!("channel {}: another is named `{}` too", at + 1, it.name);
                        reader.wrong(KEY, &origin, &what);
                    }
                    Ok(it) => channels.push(it),
                    Err(what) => reader.wrong(KEY, &origin, &format!("channel {}: {what}", at + 1)),
                }
            }
        }
        Ok(Value::Null) => {}
        Ok(Value::Sequence(_)) => reader.wrong(KEY, &origin, &format!("more than {MOST} channels")),
        Ok(other) => {
            let what = format!("expected a list of channels, not {}", shown(&other));
            reader.wrong(KEY, &origin, &what);
        }
        Err(error) => reader.wrong(KEY, &origin, &error),
    }
    reader.settle(KEY, &channels.iter().map(Shown::from).collect::<Vec<_>>(), origin);
    channels
}

fn channel(reader: &mut Reader<'_>, value: &Value) -> Result<Channel, String> {
    let Value::Mapping(pairs) = value else {
        return Err(format!("expected `{{name: …, kind: …}}`, not {}", shown(value)));
    };
    for key in pairs.keys().filter_map(Value::as_str) {
        if !CHANNEL_KEYS.contains(&key) {
            return Err(format!("unknown key `{key}`{}", hint(key, CHANNEL_KEYS.iter().copied())));
        }
    }
    let kind = written(pairs, "kind")?;
    let Some(kind) = KINDS.iter().find(|it| **it == kind) else {
        let list = KINDS.join(", ");
        return Err(format!("`kind`: `{kind}` is none of {list}{}", hint(&kind, KINDS)));
    };
    let name = match written(pairs, "name")? {
        it if it.is_empty() => (*kind).to_owned(),
        it => it,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.len() > 64 || !name.chars().all(plain) || name.starts_with('-') {
        return Err("`name`: expected at most 64 letters, digits, `-`, `_` and `.`".to_owned());
    }
    for key in pairs.keys().filter_map(Value::as_str).filter(|it| !COMMON.contains(it)) {
        let fits = match (*kind, key) {
            ("slack" | "discord" | "webhook", "url") | ("webhook", "secret") => true,
            ("email", key) => MAIL.contains(&key),
            _ => false,
        };
        if !fits {
            return Err(format!("`{key}` is not for a channel of the kind {kind}"));
        }
    }
    let allow_private = match pairs.get("allow_private") {
        None => false,
        Some(it) => match text(it).as_deref() {
            Ok("true") => true,
            Ok("false") => false,
            _ => return Err("`allow_private`: expected true or false".to_owned()),
        },
    };
    let guard = Guard::new(allow_private);
    let sink = match *kind {
        "slack" => Sink::Slack(address(reader, &guard, pairs)?),
        "discord" => Sink::Discord(address(reader, &guard, pairs)?),
        "webhook" => Sink::Webhook {
            address: address(reader, &guard, pairs)?,
            secret: signer(reader, pairs)?,
        },
        "email" => Sink::Email(Box::new(mail(reader, &guard, pairs)?)),
        "desktop" => Sink::Desktop,
        _ => Sink::Log,
    };
    Ok(Channel {
        name,
        events: events(pairs)?,
        repositories: list(pairs, "repositories")?
            .iter()
            .map(|it| it.parse().map_err(|error| format!("`repositories`: {error}")))
            .collect::<Result<_, _>>()?,
        template: match pairs.get("template").map(text).transpose()? {
            None => None,
            Some(it) if it.is_empty() => None,
            Some(it) => Some(Template::parse(&it).map_err(|error| format!("`template`: {error}"))?),
        },
        allow_private,
        sink,
    })
}

fn events(pairs: &Mapping) -> Result<Vec<Kind>, String> {
    if !pairs.contains_key("events") {
        return Ok(Kind::USUAL.to_vec());
    }
    let names = || Kind::CHOICE.iter().map(|it| it.0);
    let mut events = Vec::new();
    for name in list(pairs, "events")? {
        match Kind::CHOICE.iter().find(|it| it.0 == name) {
            Some(it) => events.push(it.1),
            None if name == "all" => events.extend(Kind::CHOICE.iter().map(|it| it.1)),
            None => {
                let all = names().collect::<Vec<_>>().join(", ");
                return Err(format!(
                    "`events`: `{name}` is none of all, {all}{}",
                    hint(&name, names())
                ));
            }
        }
    }
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

fn address(reader: &mut Reader<'_>, guard: &Guard, pairs: &Mapping) -> Result<WebAddress, String> {
    let Some(url) = secret(reader, pairs, "url")? else {
        return Err("`url` is missing".to_owned());
    };
    guard.web(url.expose_secret()).map_err(|error| format!("`url`: {error}"))
}

fn signer(reader: &mut Reader<'_>, pairs: &Mapping) -> Result<Option<SecretString>, String> {
    match secret(reader, pairs, "secret")? {
        Some(it) if it.expose_secret().len() < SHORTEST_SECRET => {
            Err(format!("`secret`: shorter than {SHORTEST_SECRET} bytes: openssl rand -hex 32"))
        }
        it => Ok(it),
    }
}

fn mail(reader: &mut Reader<'_>, guard: &Guard, pairs: &Mapping) -> Result<Mail, String> {
    let encryption = match written(pairs, "tls")?.as_str() {
        "" | "starttls" => Encryption::Starttls,
        "implicit" => Encryption::Implicit,
        "none" => Encryption::None,
        other => {
            let names = ["starttls", "implicit", "none"];
            return Err(format!("`tls`: `{other}` is none of {}", names.join(", ")));
        }
    };
    let usual = if encryption == Encryption::Implicit { 465 } else { 587 };
    let port = pairs.get("port").map_or(Ok(usual), |it| integer(it, &(1..=65_535)));
    let port = u16::try_from(port.map_err(|error| format!("`port`: {error}"))?).unwrap_or_default();
    let host = written(pairs, "host")?;
    if host.is_empty() {
        return Err("`host` is missing".to_owned());
    }
    let plain = encryption == Encryption::None;
    let server = guard.mail(&host, port, plain).map_err(|error| format!("`host`: {error}"))?;
    let mailbox = |key: &str, it: &str| {
        let parsed = it.parse::<Mailbox>();
        parsed.map_err(|_| format!("`{key}`: `{it}` is no mailbox: expected NAME@HOST"))
    };
    let to = list(pairs, "to")?;
    if to.is_empty() || to.len() > MOST {
        return Err(format!("`to`: expected 1 to {MOST} mailboxes"));
    }
    let username = written(pairs, "username")?;
    let login = match (username.is_empty(), secret(reader, pairs, "password")?) {
        (true, None) => None,
        (false, Some(password)) => Some((username, password)),
        _ => return Err("`username` and `password` go together".to_owned()),
    };
    Ok(Mail {
        server,
        encryption,
        from: mailbox("from", &written(pairs, "from")?)?,
        to: to.iter().map(|it| mailbox("to", it)).collect::<Result<_, _>>()?,
        login,
    })
}

fn secret(
    reader: &mut Reader<'_>,
    pairs: &Mapping,
    key: &str,
) -> Result<Option<SecretString>, String> {
    let Some(value) = pairs.get(key) else { return Ok(None) };
    let secret = reader.reveal(value).map_err(|error| format!("`{key}`: {error}"))?;
    Ok(Some(secret.trim().to_owned()).filter(|it| !it.is_empty()).map(SecretString::from))
}

fn written(pairs: &Mapping, key: &str) -> Result<String, String> {
    let text = pairs.get(key).map(text).transpose();
    Ok(text.map_err(|error| format!("`{key}`: {error}"))?.unwrap_or_default())
}

fn list(pairs: &Mapping, key: &str) -> Result<Vec<String>, String> {
    let list = pairs.get(key).map(texts).transpose();
    Ok(list.map_err(|error| format!("`{key}`: {error}"))?.unwrap_or_default())
}
