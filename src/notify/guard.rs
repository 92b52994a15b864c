//! Keeps notifications out of the internal network: whoever can write an address into the
//! configuration, or answer for a name in it, must not reach what only this machine can.
//!
//! An address is resolved once, *all* that it resolves to is judged, and the connection goes to
//! what was judged and to nothing else. No redirect is followed, and no proxy is asked.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::domain::job::Fault;

mod reach;
use reach::{Reach, reach};

#[cfg(test)]
mod tests;

/// How long a name may take to resolve.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);
/// More addresses than this are no service's.
const MOST_ADDRESSES: usize = 64;
/// The longest address of a service.
const LONGEST: usize = 2_048;
/// No key of an address is shorter.
const LEAST_KEY: usize = 16;
/// The ports of HTTPS, and those of mail: submission with TLS from the start, with STARTTLS, and
/// between servers.
const WEB_PORTS: [u16; 1] = [443];
const MAIL_PORTS: [u16; 3] = [465, 587, 25];

/// Finds the addresses of a name.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses that the name has now.
    ///
    /// # Errors
    /// When there are none, or nobody could say.
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// As the system resolves names.
struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|it| it.ip()).collect())
    }
}

/// Says which addresses may be talked to.
#[derive(Clone)]
pub struct Guard {
    resolver: Arc<dyn Resolve>,
    private: bool,
    any_port: bool,
    plain: bool,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("private", &self.private).finish_non_exhaustive()
    }
}

/// Where a web service is. The address is a secret: whoever knows that of a chat can write there.
#[derive(Clone, Debug)]
pub struct WebAddress {
    url: SecretString,
    host: Host<String>,
    port: u16,
    plain: bool,
}

impl WebAddress {
    /// The whole address, as the URL standard writes it.
    pub(super) fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// What must not be shown: the whole address, and the part of its path that is the key.
    pub fn secrets(&self) -> Vec<SecretString> {
        let url = self.url();
        let rest = url.split_once("://").map_or(url, |it| it.1);
        let path = rest.split_once('/').map_or("", |it| it.1);
        let key = path.rsplit('/').next().unwrap_or_default();
        let found = [url, path, key].map(str::to_owned).into_iter();
        // A short path is a word like any other.
        found.filter(|it| it.len() >= LEAST_KEY).map(SecretString::from).collect()
    }

    /// Whether it is spoken to without encryption, which only this machine is.
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Its host, which is no secret.
    pub fn host(&self) -> String {
        self.host.to_string()
    }
}

/// Where a mail server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress {
    host: Host<String>,
    port: u16,
    plain: bool,
}

impl MailAddress {
    /// Its host.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Ipv6(it) => it.to_string(),
            other => other.to_string(),
        }
    }
}

/// Why an address is not talked to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    /// It is not written as it must be.
    #[error("{0}")]
    Malformed(String),
    /// It is none of the world's.
    #[error(
        "{host} is {address}, which is {what}: notifications go to public addresses; for one in \
         your own network set `allow_private: true` on the channel"
    )]
    Private {
        /// The host, as it was written.
        host: String,
        /// What that stands for.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// Nothing is ever sent there.
    #[error("{host} is {address}, which is {what}: nothing is ever sent there")]
    Never {
        /// The host, as it was written.
        host: String,
        /// What that stands for.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// Without encryption only this machine itself is talked to.
    #[error("{0} is not on this machine: without TLS nothing is sent there")]
    Unencrypted(String),
    /// Nobody knows the name, or nobody could be asked.
    #[error("the name {host} cannot be resolved: {reason}; it is tried again")]
    Unresolved {
        /// The name.
        host: String,
        /// Why not.
        reason: String,
    },
}

impl GuardError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unresolved { .. } => Fault::Transient,
            _ => Fault::Permanent,
        }
    }
}

impl Guard {
    /// Lets only public addresses pass; with `allow_private`, also those of one's own network, on
    /// any port, and plain HTTP to this machine itself. Addresses of metadata services never pass.
    pub fn new(allow_private: bool) -> Self {
        Self {
            resolver: Arc::new(System),
            private: allow_private,
            any_port: allow_private,
            plain: allow_private,
        }
    }

    /// The same, with names resolved by somebody else.
    pub fn resolving_by(self, resolver: Arc<dyn Resolve>) -> Self {
        Self { resolver, ..self }
    }

    /// Checks what can be seen of a web address before it is resolved.
    ///
    /// # Errors
    /// With what is wrong; never with the address itself, which is a secret.
    pub fn web(&self, text: &str) -> Result<WebAddress, GuardError> {
        let wrong = |why: &str| Err(GuardError::Malformed(why.to_owned()));
        if text.len() > LONGEST {
            return wrong("longer than 2,048 bytes");
        }
        if text.chars().any(|it| it.is_control() || it.is_whitespace() || it == '\\') {
            return wrong("has blanks, control characters or a backslash in it");
        }
        let Ok(url) = Url::parse(text) else {
            return wrong("is no web address: expected https://…");
        };
        if !url.username().is_empty() || url.password().is_some() || authority(text).contains('@') {
            return wrong("has a user or a password before the host: leave them out");
        }
        if url.fragment().is_some() {
            return wrong("has a fragment (`#…`): leave it out");
        }
        let plain = match url.scheme() {
            "https" => false,
            "http" if self.plain => true,
            "http" => return wrong("is plain http: expected https://…"),
            _ => return wrong("is no web address: expected https://…"),
        };
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return wrong("names no host");
        };
        if !self.any_port && !WEB_PORTS.contains(&port) {
            return wrong(
                "names a port that is not 443: for a service in your own network set \
                 `allow_private: true`",
            );
        }
        let host = host.to_owned();
        self.literal(&host, plain)?;
        Ok(WebAddress { url: SecretString::from(url.as_str()), host, port, plain })
    }

    /// Checks what can be seen of a mail server before it is resolved. `plain`: without TLS.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn mail(&self, host: &str, port: u16, plain: bool) -> Result<MailAddress, GuardError> {
        let wrong = |why: String| Err(GuardError::Malformed(why));
        let given = match host.parse::<std::net::Ipv6Addr>() {
            Ok(it) => Host::Ipv6(it),
            Err(_) => match Host::parse(host) {
                Ok(it) => it,
                Err(_) => return wrong(format!("`{host}` is no host's name")),
            },
        };
        if !self.any_port && !MAIL_PORTS.contains(&port) {
            return wrong(format!(
                "port {port} is none of 465, 587 and 25: for a server in your own network set \
                 `allow_private: true`"
            ));
        }
        if plain && !self.plain {
            return Err(GuardError::Unencrypted(host.to_owned()));
        }
        self.literal(&given, plain)?;
        Ok(MailAddress { host: given, port, plain })
    }

    /// Where a web service is now: addresses that were all judged.
    pub(super) async fn find_web(&self, it: &WebAddress) -> Result<Vec<SocketAddr>, GuardError> {
        self.find(&it.host, it.port, it.plain).await
    }

    /// Where a mail server is now: addresses that were all judged.
    pub(super) async fn find_mail(&self, it: &MailAddress) -> Result<Vec<SocketAddr>, GuardError> {
        self.find(&it.host, it.port, it.plain).await
    }

    async fn find(
        &self,
        host: &Host<String>,
        port: u16,
        plain: bool,
    ) -> Result<Vec<SocketAddr>, GuardError> {
        let name = match host {
            Host::Ipv4(it) => return self.judged(host, &[IpAddr::V4(*it)], port, plain),
            Host::Ipv6(it) => return self.judged(host, &[IpAddr::V6(*it)], port, plain),
            Host::Domain(name) => name,
        };
        let unresolved = |reason: String| GuardError::Unresolved { host: name.clone(), reason };
        let found = tokio::time::timeout(RESOLVE_LIMIT, self.resolver.resolve(name)).await;
        let found = found.map_err(|_| unresolved("nobody answered in time".to_owned()))?;
        let found = found.map_err(|error| unresolved(error.to_string()))?;
        match found.len() {
            0 => Err(unresolved("it has no address".to_owned())),
            1..=MOST_ADDRESSES => self.judged(host, &found, port, plain),
            _ => Err(unresolved("it has too many addresses".to_owned())),
        }
    }

    /// One that must not be talked to spoils them all: which of them is taken is not for us to say.
    fn judged(
        &self,
        host: &Host<String>,
        found: &[IpAddr],
        port: u16,
        plain: bool,
    ) -> Result<Vec<SocketAddr>, GuardError> {
        for address in found {
            self.judge(host, *address, plain)?;
        }
        Ok(found.iter().map(|it| SocketAddr::new(*it, port)).collect())
    }

    fn literal(&self, host: &Host<String>, plain: bool) -> Result<(), GuardError> {
        match host {
            Host::Ipv4(it) => self.judge(host, IpAddr::V4(*it), plain),
            Host::Ipv6(it) => self.judge(host, IpAddr::V6(*it), plain),
            Host::Domain(_) => Ok(()),
        }
    }

    fn judge(&self, host: &Host<String>, address: IpAddr, plain: bool) -> Result<(), GuardError> {
        let host = host.to_string();
        match reach(address) {
            Reach::Never(what) => Err(GuardError::Never { host, address, what }),
            Reach::Private(what) | Reach::Loopback(what) if !self.private => {
                Err(GuardError::Private { host, address, what })
            }
            Reach::Public | Reach::Private(_) if plain => Err(GuardError::Unencrypted(host)),
            Reach::Public | Reach::Private(_) | Reach::Loopback(_) => Ok(()),
        }
    }
}

/// What stands between the scheme and the path, however many slashes begin it.
fn authority(text: &str) -> &str {
    let rest = text.split_once(':').map_or(text, |it| it.1).trim_start_matches('/');
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}
