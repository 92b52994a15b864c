//! The cage.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "cage-none",
        says: &[
            "no cage for agent and checks: …",
            "none, and `cage.level` is sandbox: …",
            "native: none, as `cage.level` says",
        ],
        cause: "`cage.level` is sandbox, and this machine has nothing to keep a model's code \
                apart.",
        remedy: "On Linux install bubblewrap and allow unprivileged user namespaces; or run a \
                 container engine. `codingworker doctor` says what is missing.",
        told: false,
    },
    Trouble {
        id: "cage-impossible",
        says: &[
            "the cage cannot be furnished: …",
            "what the command may change cannot be handed to it: …",
            "the container has no init",
            "the container engine at … has no image `…`: fetch it with `docker pull …`, or build \
             it",
            "`…` is no text, and the container engine takes nothing else",
        ],
        cause: "The cage is there and cannot hold this command: a folder is missing, an image \
                was removed, a name is not UTF-8.",
        remedy: "Fetch the image that is named, or look at the folder; `codingworker doctor` \
                 tries the cage.",
        told: false,
    },
    Trouble {
        id: "cage-not-removed",
        says: &["the container engine at … did not remove a container in … s"],
        cause: "The container engine is overloaded.",
        remedy: "Look at it with `docker ps -a`. The worker removes what is left at its next \
                 start.",
        told: false,
    },
    Trouble {
        id: "running-as-root",
        says: &["root: what breaks out of a cage owns this machine"],
        cause: "The worker runs as root.",
        remedy: "Give it a user of its own: `sudo useradd --system --user-group --home-dir \
                 /var/lib/codingworker --shell /usr/sbin/nologin codingworker`. `sudo codingworker \
                 service install --system` then runs it as that one.",
        told: false,
    },
    Trouble {
        id: "program-not-started",
        says: &[
            "`…` could not be started: …",
            "`…` could not be started: there is no folder …",
            "`…` could not be started: there is no …",
            "`…` could not be started: there is no socket …",
            "`…` could not be started: No such file or directory",
            "the command could not be started: …",
        ],
        cause: "A program is not installed, or not where the cage looks for it.",
        remedy: "Install it for the user that the worker runs as, and see that `command -v NAME` \
                 finds it there.",
        told: false,
    },
];
