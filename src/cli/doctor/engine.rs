//! The container engine, and the programs that talk to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{AccessFlags, access};

use super::Finding;
use super::programs::first_line;
use crate::app::Surroundings;
use crate::config::{Config, RunnerChoice};
use crate::docker::endpoint::{self, Endpoint, Found};
use crate::docker::{Docker, DockerError, EngineFacts};

const NAME: &str = "container engine";
const PATIENCE: Duration = Duration::from_secs(5);

/// What was seen of the engine.
#[derive(Debug)]
enum Seen {
    Nowhere {
        looked: Vec<PathBuf>,
    },
    Unusable(String),
    /// Its socket is there, and this user may not use it.
    Closed {
        socket: PathBuf,
    },
    /// It is named, or was found, and nobody answers.
    Away {
        endpoint: String,
        by: String,
        why: String,
    },
    /// It took the call and says nothing.
    Hung {
        endpoint: String,
        by: String,
    },
    Here {
        endpoint: String,
        by: String,
        facts: EngineFacts,
    },
}

/// Who cannot do without the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Repositories that name an image, or talk to it themselves.
    Some,
    /// The configuration: `verify.runner` or `docker.image`.
    All(&'static str),
    /// Nobody: `verify.runner` is native.
    Nobody,
}

/// What there is to say about the engine, and whether `docker.image` can be used where it is set.
pub(super) struct Look {
    pub(super) findings: Vec<Finding>,
    pub(super) image: Option<Result<(), String>>,
}

/// Looks for the engine as a worker would, and asks it who it is.
pub(super) async fn look(config: &Config, env: &BTreeMap<String, String>, home: &Path) -> Look {
    let found = endpoint::find(&|name| env.get(name).cloned(), home);
    let docker = match &found {
        Found::Here(endpoint, _) => Some(Docker::new(endpoint.clone())),
        Found::Nowhere { .. } | Found::Unusable(_) => None,
    };
    let seen = match found {
        Found::Nowhere { looked } => Seen::Nowhere { looked },
        Found::Unusable(why) => Seen::Unusable(why),
        Found::Here(endpoint, by) => match &docker {
            Some(Ok(docker)) => ask(docker, &endpoint, by).await,
            Some(Err(error)) => Seen::Unusable(error.to_string()),
            None => Seen::Nowhere { looked: Vec::new() },
        },
    };
    let image = match &config.docker.image {
        Some(name) => Some(own_image(name, docker.and_then(Result::ok), &seen).await),
        None => None,
    };
    Look { findings: judge(&seen, need(config)), image }
}

async fn ask(docker: &Docker, endpoint: &Endpoint, by: String) -> Seen {
    if let Endpoint::Unix(socket) = endpoint
        && socket.exists()
        && access(socket, AccessFlags::R_OK | AccessFlags::W_OK).is_err()
    {
        return Seen::Closed { socket: socket.clone() };
    }
    let endpoint = endpoint.to_string();
    match tokio::time::timeout(PATIENCE, docker.facts()).await {
        Ok(Ok(facts)) => Seen::Here { endpoint, by, facts },
        Ok(Err(DockerError::Away { message, .. })) => Seen::Away { endpoint, by, why: message },
        Ok(Err(error)) => Seen::Unusable(error.to_string()),
        Err(_) => Seen::Hung { endpoint, by },
    }
}

/// Whether the worker's own image is there.
async fn own_image(name: &str, docker: Option<Docker>, seen: &Seen) -> Result<(), String> {
    let (Some(docker), Seen::Here { .. }) = (docker, seen) else {
        return Err("`docker.image` is set, and no container engine answers".to_owned());
    };
    match tokio::time::timeout(PATIENCE, docker.image(name)).await {
        Ok(Ok(Some(_))) => Ok(()),
        Ok(Ok(None)) => Err(format!("the container engine has no image `{name}`")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the container engine does not say whether it has `{name}`")),
    }
}

/// Asks the programs that commands of projects may call.
pub(super) async fn programs(
    around: &Surroundings,
    env: &BTreeMap<String, String>,
    home: &Path,
) -> Vec<Finding> {
    let settings = env.get("DOCKER_CONFIG").map(|it| ("DOCKER_CONFIG", it.as_str()));
    let ask = |args: &'static [&'static str]| first_line("docker", args, around, home, settings);
    let (docker, compose) = tokio::join!(ask(&["--version"]), ask(&["compose", "version"]));
    vec![judge_program(docker, compose)]
}

fn need(config: &Config) -> Need {
    match config.verify.runner {
        _ if config.docker.image.is_some() => Need::All("`docker.image` is set"),
        RunnerChoice::Docker => Need::All("`verify.runner` is docker"),
        RunnerChoice::Native => Need::Nobody,
        RunnerChoice::Auto => Need::Some,
    }
}

fn judge(seen: &Seen, need: Need) -> Vec<Finding> {
    // How bad it is depends on who needs it; what to do about it does not.
    let missing = |detail: String, remedy: String| {
        let detail = match need {
            Need::All(why) => format!("{detail}; {why}"),
            Need::Some => format!("{detail}; repositories that name an image cannot be checked"),
            Need::Nobody => format!("{detail}; not needed, as `verify.runner` is native"),
        };
        match need {
            Need::All(_) => Finding::fail(NAME, detail, remedy),
            Need::Some if matches!(seen, Seen::Nowhere { .. }) => {
                Finding { remedy: Some(remedy), ..Finding::info(NAME, detail) }
            }
            Need::Some => Finding::warn(NAME, detail, remedy),
            Need::Nobody => Finding::info(NAME, detail),
        }
    };
    match seen {
        Seen::Nowhere { looked } => {
            let looked = looked.iter().map(|it| it.display().to_string()).collect::<Vec<_>>();
            let looked = match looked.is_empty() {
                true => String::new(),
                false => format!(": neither DOCKER_HOST nor a context, nor {}", looked.join(", ")),
            };
            let remedy = "install Docker, Podman, Colima or OrbStack, and start it";
            vec![missing(format!("none{looked}"), remedy.to_owned())]
        }
        Seen::Unusable(why) => {
            let remedy = "docker context ls; or set DOCKER_HOST to an engine on this machine";
            vec![missing(why.clone(), remedy.to_owned())]
        }
        Seen::Closed { socket } => {
            let socket = socket.display();
            let detail = format!("this user may not use {socket}");
            let remedy = "run an engine without root's rights (dockerd-rootless-setuptool.sh \
                 install, or Podman); or sudo usermod -aG docker \"$USER\", which makes this user \
                 as mighty as root";
            vec![missing(detail, remedy.to_owned())]
        }
        Seen::Away { endpoint, by, why } => {
            let remedy = "start it: sudo systemctl start docker; or Docker Desktop, OrbStack, \
                 colima start, systemctl --user start podman.socket";
            vec![missing(format!("nobody answers at {endpoint} ({by}): {why}"), remedy.to_owned())]
        }
        Seen::Hung { endpoint, by } => {
            let seconds = PATIENCE.as_secs();
            let detail =
                format!("{endpoint} ({by}) takes the call, and says nothing for {seconds} s");
            vec![missing(detail, "restart it: sudo systemctl restart docker".to_owned())]
        }
        Seen::Here { endpoint, by, facts } => {
            let EngineFacts { name, version, api, .. } = facts;
            let rights = if facts.rootless { "rootless" } else { "with root's rights" };
            let detail = format!("{name} {version}, API {api}, {rights}, at {endpoint} ({by})");
            let mut findings = vec![Finding::ok(NAME, detail)];
            findings.extend(facts.runc.as_deref().and_then(judge_runc));
            findings
        }
    }
}

/// What is known to let a container out. Distributions repair old numbers without changing them,
/// so a number alone convicts nobody.
fn judge_runc(version: &str) -> Option<Finding> {
    let number = numbers(version)?;
    let candidate = version.contains("1.4.0-rc.1") || version.contains("1.4.0-rc.2");
    let holes = match number {
        it if it < [1, 1, 12] => "CVE-2024-21626, CVE-2025-31133, CVE-2025-52565, CVE-2025-52881",
        it if it < [1, 2, 8] || ([1, 3, 0]..[1, 3, 3]).contains(&it) || candidate => {
            "CVE-2025-31133, CVE-2025-52565, CVE-2025-52881"
        }
        _ => return None,
    };
    Some(Finding::warn(
        "runc",
        format!(
            "{version} has known ways out of a container ({holes}), unless your distribution \
             repaired them under this number, as Debian and Ubuntu do"
        ),
        "upgrade it: sudo apt update && sudo apt upgrade; repaired are 1.2.8, 1.3.3 and later"
            .to_owned(),
    ))
}

/// `1.1.5+ds1` is 1, 1, 5.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let version = version.trim().trim_start_matches('v');
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    let mut next = || parts.next()?.parse().ok();
    Some([next()?, next()?, next().unwrap_or(0)])
}

fn judge_program(docker: Option<String>, compose: Option<String>) -> Finding {
    // `Docker version 28.2.2, build e6534b4`, `Docker Compose version v2.26.1`
    let number = |line: String| {
        let words = line.split([' ', ',']).map(|it| it.trim_start_matches('v').to_owned());
        words.into_iter().find(|it| it.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(line)
    };
    let needed = "needed only by checks that call";
    let install = |what: &str| Some(format!("if one does: sudo apt install {what}"));
    match (docker.map(number), compose.map(number)) {
        (Some(docker), Some(compose)) => {
            Finding::info("docker", format!("docker {docker}, docker compose {compose}"))
        }
        (Some(docker), None) => Finding {
            remedy: install(
                "docker-compose-v2 (on Debian docker-compose, of Docker's own \
                 packages docker-compose-plugin)",
            ),
            ..Finding::info(
                "docker",
                format!("docker {docker}, no docker compose: {needed} `docker compose`"),
            )
        },
        (None, _) => Finding {
            remedy: install("docker-cli (of Docker's own packages docker-ce-cli)"),
            ..Finding::info("docker", format!("no `docker` on the PATH: {needed} it"))
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn facts(runc: &str) -> EngineFacts {
        EngineFacts {
            version: "28.2.2".to_owned(),
            api: "1.50".to_owned(),
            name: "Docker Engine".to_owned(),
            rootless: false,
            runc: Some(runc.to_owned()),
        }
    }

    fn here(facts: EngineFacts) -> Seen {
        let (endpoint, by) = ("unix:///run/docker.sock".to_owned(), "DOCKER_HOST".to_owned());
        Seen::Here { endpoint, by, facts }
    }

    #[test]
    fn an_engine_is_told_by_who_it_is_and_who_named_it() {
        let found = judge(&here(facts("1.3.3")), Need::Some);
        let said = "Docker Engine 28.2.2, API 1.50, with root's rights, at unix:///run/docker.sock \
                    (DOCKER_HOST)";
        assert_eq!(found, [Finding::ok(NAME, said)]);
        let rootless = EngineFacts { rootless: true, runc: None, ..facts("") };
        assert!(judge(&here(rootless), Need::Some)[0].detail.contains("rootless"));
    }

    #[test]
    fn an_engine_that_cannot_be_used_is_as_bad_as_it_is_needed() {
        let (endpoint, by) = (|| "unix:///s".to_owned(), || "context colima".to_owned());
        let all = [
            (
                Seen::Nowhere { looked: vec!["/run/docker.sock".into()] },
                "/run/docker.sock",
                "install",
            ),
            (Seen::Unusable("DOCKER_HOST is elsewhere".to_owned()), "elsewhere", "DOCKER_HOST"),
            (Seen::Closed { socket: "/s".into() }, "may not use /s", "usermod -aG docker"),
            (
                Seen::Away { endpoint: endpoint(), by: by(), why: "refused".to_owned() },
                "unix:///s (context colima): refused",
                "systemctl start docker",
            ),
            (Seen::Hung { endpoint: endpoint(), by: by() }, "says nothing for 5 s", "restart"),
        ];
        for (seen, words, remedy) in all {
            let needed = judge(&seen, Need::All("`verify.runner` is docker")).remove(0);
            assert_eq!(needed.status, Status::Fail, "{seen:?}");
            assert!(needed.detail.contains(words), "{seen:?}: {}", needed.detail);
            assert!(needed.detail.ends_with("`verify.runner` is docker"), "{}", needed.detail);
            assert!(needed.remedy.unwrap().contains(remedy), "{seen:?}");
            let maybe = judge(&seen, Need::Some).remove(0);
            let expected = match seen {
                Seen::Nowhere { .. } => Status::Info,
                _ => Status::Warn,
            };
            assert_eq!((maybe.status, maybe.remedy.is_some()), (expected, true), "{seen:?}");
            assert_eq!(judge(&seen, Need::Nobody)[0].status, Status::Info, "{seen:?}");
        }
    }

    #[test]
    fn a_runc_with_known_holes_is_doubted_and_never_condemned() {
        for (version, hole) in [
            ("1.1.5+ds1", Some("CVE-2024-21626")),
            ("1.1.11", Some("CVE-2024-21626")),
            ("1.1.12", Some("CVE-2025-31133")),
            ("v1.2.7", Some("CVE-2025-52565")),
            ("1.3.0", Some("CVE-2025-52881")),
            ("1.3.2", Some("CVE-2025-52881")),
            ("1.4.0-rc.2", Some("CVE-2025-52881")),
            ("1.2.8", None),
            ("1.3.3", None),
            ("1.4.0", None),
            ("2.0.0", None),
            ("unknown", None),
        ] {
            let found = judge_runc(version);
            assert_eq!(found.is_some(), hole.is_some(), "{version}");
            if let (Some(found), Some(hole)) = (found, hole) {
                assert_eq!(found.status, Status::Warn);
                assert!(found.detail.contains(hole) && found.detail.contains("as Debian"));
            }
        }
        assert_eq!(judge(&here(facts("1.1.5+ds1")), Need::Some).len(), 2);
    }

    #[test]
    fn dockers_own_programs_are_needed_only_by_checks_that_call_them() {
        let some = |text: &str| Some(text.to_owned());
        let docker = || some("Docker version 28.2.2, build e6534b4");
        let both = judge_program(docker(), some("Docker Compose version v2.26.1-4"));
        assert_eq!(both, Finding::info("docker", "docker 28.2.2, docker compose 2.26.1-4"));
        let one = judge_program(docker(), None);
        assert!(one.detail.contains("no docker compose") && one.remedy.is_some());
        let none = judge_program(None, None);
        assert_eq!(none.status, Status::Info);
        assert!(none.remedy.unwrap().contains("docker-cli"));
    }

    #[tokio::test(start_paused = true)]
    async fn the_own_image_needs_an_engine_that_answers() {
        let seen = Seen::Hung { endpoint: String::new(), by: String::new() };
        let why = own_image("codingworker:1", None, &seen).await.unwrap_err();
        assert!(why.contains("no container engine answers"), "{why}");
    }
}
