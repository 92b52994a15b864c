//! Where the engine is: `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context, or one of the places
//! where Docker, Docker Desktop, OrbStack, Colima and Podman put their sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// An address of the Docker API on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// Plain HTTP on loopback: `127.0.0.1:2375`.
    Loopback(SocketAddr),
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Loopback(address) => write!(f, "tcp://{address}"),
        }
    }
}

/// What was found, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This one. The text says by what: `DOCKER_HOST`, `context colima`, `Docker's own place`.
    Here(Endpoint, String),
    /// Nobody names one and no usual place has one.
    Nowhere {
        /// Where it was looked for.
        looked: Vec<PathBuf>,
    },
    /// One is named that cannot be used: on another machine, or not to be understood. Says why,
    /// and what to do.
    Unusable(String),
}

/// What we read of Docker's own settings is small; a file above this size is none.
const SETTINGS_MAX: u64 = 1 << 20;

/// Looks for the engine. `env` reads the environment, `home` is the user's.
///
/// As with `docker`, `DOCKER_HOST` goes before `DOCKER_CONTEXT`, and that before the context in
/// use. What is named there and cannot be used is said: another engine, silently, would be a
/// surprise. Of the usual places a socket that we may open goes before one that we may not.
pub fn find(env: &dyn Fn(&str) -> Option<String>, home: &Path) -> Found {
    find_below(Path::new("/"), env, home)
}

/// `find`, with the places of the whole system (`/var/run`, `/run`) taken below `root`.
pub fn find_below(root: &Path, env: &dyn Fn(&str) -> Option<String>, home: &Path) -> Found {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    match named(&set, home) {
        Ok(Some((host, by))) => match endpoint(&host, set("DOCKER_TLS_VERIFY").is_some()) {
            Ok(endpoint) => Found::Here(endpoint, by),
            Err(why) => Found::Unusable(format!("{by} names the container engine `{host}`: {why}")),
        },
        Ok(None) => usual(root, set("XDG_RUNTIME_DIR").map(PathBuf::from), home),
        Err(why) => Found::Unusable(why),
    }
}

/// The address that somebody chose, and who. `None`: nobody did.
fn named(
    set: &dyn Fn(&str) -> Option<String>,
    home: &Path,
) -> Result<Option<(String, String)>, String> {
    if let Some(host) = set("DOCKER_HOST") {
        return Ok(Some((host, "DOCKER_HOST".to_owned())));
    }
    let folder = set("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
    let (context, by) = match set("DOCKER_CONTEXT") {
        Some(context) => (context, "DOCKER_CONTEXT".to_owned()),
        None => {
            let file = folder.join("config.json");
            let Some(settings) = read_settings(&file)? else { return Ok(None) };
            match &settings["currentContext"] {
                serde_json::Value::Null => return Ok(None),
                serde_json::Value::String(context) => (context.clone(), path_text(&file)),
                _ => return Err(format!("{}: `currentContext` is no text", file.display())),
            }
        }
    };
    if context.is_empty() || context == "default" {
        return Ok(None);
    }
    let id: String = Sha256::digest(&context).iter().map(|byte| format!("{byte:02x}")).collect();
    let file = folder.join("contexts/meta").join(id).join("meta.json");
    let Some(meta) = read_settings(&file)? else {
        return Err(format!(
            "{by} names the context `{context}`, but there is no {}: see `docker context ls`",
            file.display()
        ));
    };
    match meta["Endpoints"]["docker"]["Host"].as_str() {
        Some(host) if !host.is_empty() => Ok(Some((host.to_owned(), format!("context {context}")))),
        _ => Err(format!("{}: it names no `Endpoints.docker.Host`", file.display())),
    }
}

fn path_text(path: &Path) -> String {
    path.display().to_string()
}

/// `None` when the file is not there.
fn read_settings(file: &Path) -> Result<Option<serde_json::Value>, String> {
    let read = || {
        if std::fs::metadata(file)?.len() > SETTINGS_MAX {
            return Err(std::io::Error::other("it is too long to be Docker's"));
        }
        std::fs::read(file)
    };
    match read() {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value @ serde_json::Value::Object(_)) => Ok(Some(value)),
            Ok(_) => Err(format!("{}: it is no JSON object", file.display())),
            Err(error) => Err(format!("{}: it cannot be understood: {error}", file.display())),
        },
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(format!("{}: it cannot be read: {error}", file.display())),
    }
}

const ELSEWHERE: &str = "an engine on another machine could not see the checkouts; start one on \
                         this machine, and name its socket (`DOCKER_HOST=unix:///…`) or choose its \
                         context (`docker context use`)";

fn endpoint(host: &str, tls: bool) -> Result<Endpoint, String> {
    let (scheme, rest) = host.split_once("://").unwrap_or(("tcp", host));
    match scheme {
        "unix" if rest.is_empty() => Ok(Endpoint::Unix("/var/run/docker.sock".into())),
        "unix" if rest.starts_with('/') => Ok(Endpoint::Unix(rest.into())),
        "unix" => Err("the path of a socket begins with `/`".to_owned()),
        "ssh" => Err(ELSEWHERE.to_owned()),
        "tcp" | "http" => match loopback(rest.trim_end_matches('/')) {
            Some(_) if tls => Err("it is asked for by TLS, which is not spoken here: name its \
                                   Unix socket instead (`DOCKER_HOST=unix:///…`)"
                .to_owned()),
            Some(address) => Ok(Endpoint::Loopback(address)),
            None => Err(ELSEWHERE.to_owned()),
        },
        _ => Err("it is neither `unix:///…` nor `tcp://127.0.0.1:…`".to_owned()),
    }
}

/// An address on this machine's loopback; `None` for every other.
fn loopback(address: &str) -> Option<SocketAddr> {
    const PORT: u16 = 2375;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let address = match address.strip_prefix("localhost") {
        Some("") => SocketAddr::new(here, PORT),
        Some(port) => SocketAddr::new(here, port.strip_prefix(':')?.parse().ok()?),
        None => {
            address.parse().or_else(|_| address.parse().map(|ip| SocketAddr::new(ip, PORT))).ok()?
        }
    };
    address.ip().is_loopback().then_some(address)
}

fn usual(root: &Path, runtime: Option<PathBuf>, home: &Path) -> Found {
    // A service has no session, and so no XDG_RUNTIME_DIR; its user may have one all the same.
    let runtime = runtime
        .unwrap_or_else(|| root.join("run/user").join(nix::unistd::Uid::effective().to_string()));
    let places = [
        (root.join("var/run/docker.sock"), "Docker's own place"),
        (runtime.join("docker.sock"), "rootless Docker's place"),
        (home.join(".docker/run/docker.sock"), "Docker Desktop's place"),
        (home.join(".docker/desktop/docker.sock"), "Docker Desktop's place"),
        (home.join(".orbstack/run/docker.sock"), "OrbStack's place"),
        (home.join(".colima/default/docker.sock"), "Colima's place"),
        (runtime.join("podman/podman.sock"), "rootless Podman's place"),
        (root.join("run/podman/podman.sock"), "Podman's place"),
    ];
    let is_socket =
        |path: &Path| std::fs::metadata(path).is_ok_and(|it| it.file_type().is_socket());
    let ours = nix::unistd::AccessFlags::R_OK | nix::unistd::AccessFlags::W_OK;
    let there: Vec<_> = places.iter().filter(|(path, _)| is_socket(path)).collect();
    let open = there.iter().find(|(path, _)| nix::unistd::access(path, ours).is_ok());
    match open.or(there.first()) {
        Some((path, by)) => Found::Here(Endpoint::Unix(path.clone()), (*by).to_owned()),
        None => Found::Nowhere { looked: places.into_iter().map(|(path, _)| path).collect() },
    }
}

#[cfg(test)]
mod tests;
