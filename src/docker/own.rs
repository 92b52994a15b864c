//! Whether we run in a container of the engine's ourselves, and where its mounts are outside.

use std::path::{Path, PathBuf};

use bollard::models::MountPoint;
use bollard::query_parameters::InspectContainerOptions;

use super::client::{ANSWER, Client, Failure};
use super::{Docker, DockerError};

/// The container that we run in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Own {
    id: String,
    mounts: Vec<(PathBuf, Option<PathBuf>)>,
}

impl Docker {
    /// Asked for once: we do not move.
    pub(super) async fn own(&self) -> Result<Option<&Own>, DockerError> {
        let own = self.known.own.get_or_try_init(|| async {
            let read = |path| std::fs::read_to_string(path).unwrap_or_default();
            let ids = own_ids(&read("/proc/self/mountinfo"), &read("/etc/hostname"));
            if ids.is_empty() {
                return Ok::<_, DockerError>(None);
            }
            let client = self.client().await?;
            for id in ids {
                if let Some(own) = client.container_of(&id).await? {
                    return Ok(Some(own));
                }
            }
            Ok(None)
        });
        Ok(own.await?.as_ref())
    }
}

impl Client {
    async fn container_of(&self, id: &str) -> Result<Option<Own>, DockerError> {
        let question = self.api().inspect_container(id, None::<InspectContainerOptions>);
        match self.ask(ANSWER, question).await {
            // By name a stranger's container could be meant.
            Ok(seen) if seen.id.as_deref().is_some_and(|it| it.starts_with(id)) => {
                Ok(Some(Own::new(seen.id.unwrap_or_default(), seen.mounts.unwrap_or_default())))
            }
            Ok(_) | Err(Failure::Missing(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Own {
    fn new(id: String, mounts: Vec<MountPoint>) -> Self {
        let mounts = mounts.into_iter().filter_map(|mount| {
            let source = mount.source.filter(|it| it.starts_with('/')).map(PathBuf::from);
            Some((PathBuf::from(mount.destination?), source))
        });
        Self { id, mounts: mounts.collect() }
    }

    /// Where a path of this container is outside of it.
    pub(super) fn outside(&self, path: &Path) -> Result<PathBuf, DockerError> {
        let mounts = self.mounts.iter().filter(|(target, _)| path.starts_with(target));
        let mount = mounts.max_by_key(|(target, _)| target.components().count());
        let refused = |what: &str| {
            Err(DockerError::Refused(format!(
                "the container engine cannot see {}: {what} of the container {} that this worker \
                 runs in. Put the worker's state folder on a volume or on a mount of a folder",
                path.display(),
                self.id.chars().take(12).collect::<String>()
            )))
        };
        match mount {
            Some((target, Some(source))) => Ok(match path.strip_prefix(target) {
                Ok(rest) if rest.as_os_str().is_empty() => source.clone(),
                Ok(rest) => source.join(rest),
                Err(_) => path.to_owned(),
            }),
            Some((_, None)) => refused("it lies in memory"),
            None => refused("it lies in the own file system"),
        }
    }
}

/// What could be the id of the container that we run in, surest first. Docker and Podman mount the
/// files of a container's name from a folder that is called by its id; and its host name is the
/// beginning of it, unless somebody chose another.
fn own_ids(mounts: &str, hostname: &str) -> Vec<String> {
    let is_id = |text: &str, length: usize| {
        text.len() >= length
            && text.len() <= 64
            && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
    };
    let mut ids: Vec<String> = Vec::new();
    for line in mounts.lines() {
        // 36 35 98:0 /source /target options …: proc(5)
        let mut words = line.split(' ').skip(3);
        let (Some(source), Some(target)) = (words.next(), words.next()) else { continue };
        if !matches!(target, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf") {
            continue;
        }
        ids.extend(source.split('/').filter(|it| is_id(it, 64)).map(str::to_owned));
    }
    let hostname = hostname.trim();
    if is_id(hostname, 12) {
        ids.push(hostname.to_owned());
    }
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4f1c0d3b8a5e6f7081920a1b2c3d4e5f60718293a4b5c6d7e8f9000112233445";

    /// What an engine (20.10) says of a worker's container.
    fn own() -> Own {
        let seen = r#"[
            {"Type":"bind","Source":"/run/user/1000/docker.sock",
             "Destination":"/var/run/docker.sock","Mode":"","RW":true,"Propagation":"rprivate"},
            {"Type":"volume","Name":"codingworker_state",
             "Source":"/var/lib/docker/volumes/codingworker_state/_data",
             "Destination":"/var/lib/codingworker","Driver":"local","Mode":"z","RW":true,
             "Propagation":""},
            {"Type":"bind","Source":"/srv/big disk/work","Destination":"/var/lib/codingworker/workspaces",
             "Mode":"","RW":true,"Propagation":"rprivate"},
            {"Type":"tmpfs","Source":"","Destination":"/tmp","Mode":"","RW":true,"Propagation":""}
        ]"#;
        Own::new(ID.to_owned(), serde_json::from_str(seen).unwrap())
    }

    #[test]
    fn a_path_is_where_the_deepest_mount_over_it_comes_from() {
        for (inside, outside) in [
            ("/var/lib/codingworker", "/var/lib/docker/volumes/codingworker_state/_data"),
            (
                "/var/lib/codingworker/a b/c",
                "/var/lib/docker/volumes/codingworker_state/_data/a b/c",
            ),
            ("/var/lib/codingworker/workspaces/j/tree", "/srv/big disk/work/j/tree"),
            (
                "/var/lib/codingworker/workspaces2",
                "/var/lib/docker/volumes/codingworker_state/_data/workspaces2",
            ),
        ] {
            assert_eq!(own().outside(Path::new(inside)).unwrap(), Path::new(outside));
        }
    }

    #[test]
    fn a_path_that_the_engine_cannot_see_is_an_error_that_says_what_to_do() {
        for inside in ["/home/x", "/tmp/x", "/var/lib/codingworkers"] {
            let error = own().outside(Path::new(inside)).unwrap_err().to_string();
            assert!(error.contains(inside) && error.contains("4f1c0d3b8a5e"), "{error}");
        }
    }

    #[test]
    fn the_own_container_is_named_by_its_mounts_and_by_its_host_name() {
        let docker = format!(
            "1 0 0:1 / / rw - overlay overlay rw\n\
             2 1 254:1 /data/containers/{ID}/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n\
             3 1 254:1 /data/containers/{ID}/hostname /etc/hostname rw - ext4 /dev/vda rw\n"
        );
        assert_eq!(own_ids(&docker, "box\n"), [ID]);
        let podman = format!(
            "2 1 0:5 /run/containers/storage/overlay-containers/{ID}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw"
        );
        assert_eq!(own_ids(&podman, "4f1c0d3b8a5e\n"), [ID, "4f1c0d3b8a5e"]);
    }

    #[test]
    fn a_machine_that_is_no_container_names_none() {
        let host = format!("1 0 0:1 / /docker/overlay2/{ID}/merged rw - overlay overlay rw\n");
        for hostname in ["vm", "deadbeef", "", "laptop.local"] {
            assert_eq!(own_ids(&host, hostname), [""; 0]);
        }
    }
}
