//! The worker as a service of its machine.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "service-no-manager",
        says: &["there is no service manager here: …"],
        cause: "This machine has neither systemd nor launchd; containers and some small Linux \
                systems do without.",
        remedy: "Let `codingworker serve` be run by whatever starts programs here. In a \
                 container, docs/containers.md has the compose file.",
        told: false,
    },
    Trouble {
        id: "service-manager-silent",
        says: &[
            "systemd does not answer (…): …",
            "launchd does not answer for … (…): log in at the Mac itself, as this user; over ssh \
             alone there is no such session",
        ],
        cause: "A user's own service manager is there from the login on, and only for that login: \
                not below `su` and `sudo`, not in cron, and on a Mac not over ssh alone.",
        remedy: "Log in as that user and say the same again. On Linux the machine's own service \
                 needs no login: `sudo codingworker service install --system`.",
        told: true,
    },
    Trouble {
        id: "service-not-installed",
        says: &["no service is installed here (there is no …): `codingworker service install`"],
        cause: "The file that makes the worker a service is not there. Root's service and a \
                user's are two: the same command looks for the first with `--system` and for the \
                second with `--user`.",
        remedy: "`codingworker service install`, or say which of the two you mean.",
        told: true,
    },
    Trouble {
        id: "service-foreign",
        says: &[
            "… was not written by `codingworker service install`: it is left as it is; move it \
             away first",
        ],
        cause: "Somebody wrote a service of this name by hand, or took the line `codingworker-service:` out of ours.",
        remedy: "Look at the file, keep what you need of it elsewhere, move it away, and install \
                 again.",
        told: true,
    },
    Trouble {
        id: "service-not-startable",
        says: &[
            "nothing installed, as the service could not start: …",
            "nothing installed: …",
            "a service needs a configuration file: `codingworker init` writes one",
        ],
        cause: "A service has neither your shell, nor its variables, nor your rights. What would \
                keep it from starting at the next boot was looked for now, and something was \
                found.",
        remedy: "Mend what the message names. Secrets go into files that only the service's user \
                 may read: `github: {token: {file: PATH}}`, or under systemd `--credential \
                 token=PATH` and `{file: \"${CREDENTIALS_DIRECTORY}/token\"}`.",
        told: true,
    },
    Trouble {
        id: "service-account",
        says: &[
            "there is no account `…` for the service to run as: `useradd --system --user-group \
             --home-dir … --shell /usr/sbin/nologin …` makes it (and `usermod -aG docker …` lets \
             it use Docker), or name one with --run-as",
            "the worker runs code that a model wrote, and does not do so as root: name another \
             account with --run-as",
            "the machine's services are root's: try the same again with `sudo`, or with --user",
            "on macOS the worker is an agent of a user's, who has the keychain: leave out --system",
        ],
        cause: "The machine's service is installed by root and runs as an account of its own; a \
                user's service is installed by, and runs as, that user.",
        remedy: "Make the account by the command that the message has, or install for yourself: \
                 `codingworker service install --user`.",
        told: true,
    },
    Trouble {
        id: "service-unwritable",
        says: &[
            "… cannot be put into a service's file: …; give it another name",
            "`--credential …`: expected NAME=PATH",
        ],
        cause: "A path or a name has signs that the service manager would read as something else, \
                or --credential is no name with a path.",
        remedy: "Rename the file or folder: letters, digits, `-`, `_`, `.` and `/` are always \
                 understood.",
        told: true,
    },
    Trouble {
        id: "service-refused",
        says: &["`…` failed: …", "… its last lines: …"],
        cause: "The service manager was asked and said no, or the worker ended as soon as it was \
                started; then its last lines stand below.",
        remedy: "Read what the worker said last: `codingworker service status`, `codingworker \
                 service logs`. Exit code 2 is a wrong configuration (`codingworker config`), 3 \
                 something that is missing (`codingworker doctor`).",
        told: false,
    },
    Trouble {
        id: "service-no-log",
        says: &["`…` cannot show the log"],
        cause: "The journal of the machine's service is for root and the groups adm and \
                systemd-journal. On a Mac the log is a file that is made at the first start.",
        remedy: "On Linux ask as root, `sudo codingworker service logs --system`; on a Mac start \
                 the service first. The worker's own log is in the folder `logs` of \
                 `worker.state_dir` as well.",
        told: false,
    },
    Trouble {
        id: "service-hung",
        says: &["…: the service manager will start this worker anew"],
        cause: "The thread that writes the database, or the loop that takes tasks, hangs. Most \
                often the disk does not answer; running jobs go on from their last step after \
                the start.",
        remedy: "Look at the disk under `worker.state_dir` (`dmesg`, a network file system that \
                 is away). If it comes again on a healthy disk, keep the log and report it.",
        told: false,
    },
];
