//! Containers.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "engine-none",
        says: &[
            "no container engine: …",
            "`verify.runner` is docker, and there is no container engine: start it",
            "the container engine that this job needs is not there: start it",
            "no container engine is found; name its socket: --upstream unix:///PATH",
            "…; repositories that name an image cannot be checked",
            "…; not needed, as `verify.runner` is native",
        ],
        cause: "A repository names an image, or the configuration wants one, and no engine \
                answers.",
        remedy: "Start Docker, or a rootless Podman with its socket; DOCKER_HOST names another \
                 one. `verify.runner: native` does without.",
        told: true,
    },
    Trouble {
        id: "engine-away",
        says: &[
            "the container engine at … does not answer: …",
            "the container engine went away meanwhile: …",
            "the container engine at …: …",
            "nobody answers at … (…): …",
            "… (…) takes the call, and says nothing for … s",
            "what listens at … does not speak Docker's API as we know it: …",
        ],
        cause: "The engine is stopped, starts anew, or is overloaded; or something else listens \
                there.",
        remedy: "Look at it: `docker info`. Jobs wait and try again.",
        told: false,
    },
    Trouble {
        id: "engine-not-ours",
        says: &["… is no engine of this machine", "… is no text"],
        cause: "DOCKER_HOST or the current context names an engine on another machine: it cannot \
                see the workspaces here.",
        remedy: "Use the engine of this machine: `docker context use default`.",
        told: true,
    },
    Trouble {
        id: "engine-forbidden",
        says: &[
            "this user may not use the container engine at … (…): add it to the group that the \
             socket belongs to (usually `docker`), or start a rootless engine",
            "this user may not use …",
        ],
        cause: "The socket belongs to another user or group.",
        remedy: "`sudo usermod -aG docker USER` and a new login; that group is as strong as \
                 root. A rootless engine needs no such group.",
        told: true,
    },
    Trouble {
        id: "engine-holes",
        says: &["… has known ways out of a container (…), unless your distribution repaired them \
             under this number, as Debian and Ubuntu do"],
        cause: "The engine's runc has known holes.",
        remedy: "Upgrade it; repaired are 1.2.8, 1.3.3 and later.",
        told: false,
    },
    Trouble {
        id: "image-not-fetched",
        says: &["the image `…` could not be fetched: …", "the image `…` could not be fetched"],
        cause: "The registry does not answer, limits anonymous pulls, or wants a login.",
        remedy: "`docker pull NAME` as the worker's user, after `docker login` where it is \
                 private.",
        told: false,
    },
    Trouble {
        id: "image-not-named",
        says: &[
            "`verify.runner` is docker, and the repository names no image: give it a Dockerfile, \
             a compose file, or `image:` in its .codingworker.yml",
            "`…` is no name of an image: it is written like `node:22`",
            "there is no Dockerfile `…` in the repository",
        ],
        cause: "The repository does not say, or says wrongly, in which image its checks run.",
        remedy: "See docs/codingworker-yml.md.",
        told: true,
    },
    Trouble {
        id: "image-not-built",
        says: &[
            "the image of `…` does not build: …",
            "the image of `…` does not build: … …",
            "the build context could not be sent: …",
            "the container did not start: …",
        ],
        cause: "The repository's own Dockerfile does not build here, or what it builds does not \
                start.",
        remedy: "Run `codingworker check PATH` on a clone: it does the same, and shows all that \
                 the build prints.",
        told: false,
    },
    Trouble {
        id: "engine-cannot-see",
        says: &[
            "the container engine cannot see …: … of the container … that this worker runs in. \
             Put the worker's state folder on a volume or on a mount of a folder",
        ],
        cause: "The worker runs in a container, and its state folder is inside that container \
                alone.",
        remedy: "Put `worker.state_dir` on a volume; docs/containers.md has the compose file.",
        told: true,
    },
];
