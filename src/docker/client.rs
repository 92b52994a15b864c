//! One conversation with the engine: a version agreed on, deadlines, and whose fault an answer is.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::SystemVersion;

use super::container::traits_of;
use super::endpoint::Endpoint;
use super::{Docker, DockerError, EngineFacts};

/// How long an engine may take to say who it is.
const HELLO: Duration = Duration::from_secs(5);
/// How long it may take for anything else that is no work: a busy one takes seconds.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// Our deadlines are around the calls; the library's own is for the time to the first byte.
const NEVER: u64 = 365 * 24 * 3600;

/// The engine, in the version of its API that both sides know.
#[derive(Clone, Debug)]
pub(super) struct Client {
    api: bollard::Docker,
    endpoint: Endpoint,
    pub(super) hello: SystemVersion,
    pub(super) version: (usize, usize),
}

/// Why it did not answer with what was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// 404
    Missing(String),
    /// 409
    Conflict(String),
    /// Anything else.
    Other(DockerError),
}

impl From<Failure> for DockerError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Missing(message) | Failure::Conflict(message) => Self::Refused(message),
            Failure::Other(error) => error,
        }
    }
}

impl Docker {
    /// Asked for anew for each piece of work: it is one short request, and an engine that was
    /// updated meanwhile, or that hangs, is noticed by it.
    pub(super) async fn client(&self) -> Result<Client, DockerError> {
        let away = |message: String| self.away(message);
        let connected = match &self.endpoint {
            Endpoint::Unix(path) => {
                let path = path.to_str().ok_or_else(|| {
                    DockerError::NotFound(format!("{} is no text", path.display()))
                })?;
                bollard::Docker::connect_with_unix(path, NEVER, bollard::API_DEFAULT_VERSION)
            }
            Endpoint::Loopback(address) => bollard::Docker::connect_with_http(
                &format!("tcp://{address}"),
                NEVER,
                bollard::API_DEFAULT_VERSION,
            ),
        };
        let connected = connected.map_err(|error| failure(&self.endpoint, error))?;
        let hello = async {
            let hello = connected.version().await?;
            Ok((connected.negotiate_version().await?, hello))
        };
        let (api, hello) = match tokio::time::timeout(HELLO, hello).await {
            Ok(answer) => answer.map_err(|error| failure(&self.endpoint, error))?,
            Err(_) => return Err(away(format!("no answer in {} s", HELLO.as_secs()))),
        };
        let version = api.client_version();
        let version = (version.major_version, version.minor_version);
        let api = api.with_request_modifier(move |request| versioned(request, version));
        Ok(Client { api, endpoint: self.endpoint.clone(), hello, version })
    }

    pub(super) fn away(&self, message: String) -> DockerError {
        DockerError::Away { endpoint: self.endpoint.to_string(), message }
    }
}

impl Docker {
    pub(super) async fn introduce(&self) -> Result<EngineFacts, DockerError> {
        let client = self.client().await?;
        let info = client.ask(HELLO, client.api().info()).await?;
        let (major, minor) = client.version;
        let parts = client.hello.components.unwrap_or_default();
        let engine = parts.iter().find(|it| it.name.ends_with("Engine"));
        let name = engine.map_or("Docker Engine", |it| match it.name.as_str() {
            "Engine" => "Docker Engine",
            name => name,
        });
        Ok(EngineFacts {
            version: client.hello.version.unwrap_or_default(),
            api: format!("{major}.{minor}"),
            name: name.to_owned(),
            rootless: traits_of(&info.security_options.unwrap_or_default()).rootless,
            runc: parts.iter().find(|it| it.name == "runc").map(|it| it.version.clone()),
        })
    }
}

impl Client {
    pub(super) fn api(&self) -> &bollard::Docker {
        &self.api
    }

    /// The same, with these added to the query of each request: the library's type for the memory
    /// of a build ends at 2 GiB.
    pub(super) fn with_query(&self, query: String) -> bollard::Docker {
        let version = self.version;
        self.api.clone().with_request_modifier(move |mut request| {
            let uri = request.uri().clone();
            let mark = if uri.query().is_some() { '&' } else { '?' };
            let path = uri.path_and_query().map_or("/", |it| it.as_str());
            set_path(&mut request, &format!("{path}{mark}{query}"));
            versioned(request, version)
        })
    }

    pub(super) async fn ask<T>(
        &self,
        limit: Duration,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(limit, question).await {
            Ok(answer) => answer.map_err(|error| failure(&self.endpoint, error)),
            Err(_) => Err(Failure::Other(self.silent(limit))),
        }
    }

    pub(super) fn silent(&self, limit: Duration) -> DockerError {
        self.away(format!("no answer in {} s", limit.as_secs()))
    }

    pub(super) fn away(&self, message: String) -> DockerError {
        DockerError::Away { endpoint: self.endpoint.to_string(), message }
    }

    pub(super) fn failure(&self, error: Error) -> Failure {
        failure(&self.endpoint, error)
    }
}

/// Puts the version into the path, which the library means to do and does not: its `Url::join`
/// with an absolute path drops it, and an engine newer than the library would then be spoken to
/// in a version that the library does not know.
fn versioned(
    mut request: bollard::BollardRequest,
    (major, minor): (usize, usize),
) -> bollard::BollardRequest {
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let prefix = format!("/v{major}.{minor}");
    if !path.starts_with(&prefix) {
        let path = format!("{prefix}{path}");
        set_path(&mut request, &path);
    }
    request
}

fn set_path(request: &mut bollard::BollardRequest, path: &str) {
    let mut parts = request.uri().clone().into_parts();
    // What was a path stays one: it only gets a prefix of digits, or a query of our making.
    if let Ok(path) = path.parse() {
        parts.path_and_query = Some(path);
        if let Ok(uri) = http::Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
}

/// Words in a 5xx that tell of the engine's own state, not of what was asked.
const PASSING: [&str; 6] = [
    "shutting down",
    "containerd",
    "context canceled",
    "context deadline exceeded",
    "transport is closing",
    "database is locked",
];

fn failure(endpoint: &Endpoint, error: Error) -> Failure {
    let away = |message: String| {
        Failure::Other(DockerError::Away { endpoint: endpoint.to_string(), message })
    };
    let refused = |message: String| Failure::Other(DockerError::Refused(message));
    match error {
        Error::DockerResponseServerError { status_code: 404, message } => Failure::Missing(message),
        Error::DockerResponseServerError { status_code: 409, message } => {
            Failure::Conflict(message)
        }
        Error::DockerResponseServerError { status_code, message } => {
            let passes = PASSING.iter().any(|word| message.contains(word));
            // What is in a project (a program that is not there) also comes by way of containerd.
            let ours = message.contains("OCI runtime") || message.contains("runc create");
            match status_code {
                502..=504 => away(format!("{status_code} {message}")),
                500.. if passes && !ours => away(message),
                _ => refused(message),
            }
        }
        Error::DockerStreamError { error } => refused(error),
        Error::SocketNotFoundError(path) => {
            away(format!("there is no socket at {path}; is the engine running?"))
        }
        Error::RequestTimeoutError => away("no answer in time".to_owned()),
        Error::IOError { .. }
        | Error::HyperResponseError { .. }
        | Error::HyperLegacyError { .. }
        | Error::JsonSerdeError { .. } => {
            let message = with_sources(&error);
            if is_denied(&error) {
                return refused(format!(
                    "this user may not use the container engine at {endpoint} ({message}): add it \
                     to the group that the socket belongs to (usually `docker`), or start a \
                     rootless engine"
                ));
            }
            away(message)
        }
        Error::JsonDataError { message, .. } => refused(format!(
            "what listens at {endpoint} does not speak Docker's API as we know it: {message}"
        )),
        error => refused(format!("the container engine at {endpoint}: {}", with_sources(&error))),
    }
}

fn with_sources(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

fn is_denied(error: &Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|it| it.kind() == std::io::ErrorKind::PermissionDenied)
        {
            return true;
        }
        source = error.source();
    }
    false
}
