//! Git and workspaces.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "git-missing",
        says: &[
            "git could not be started (…): is it installed?",
            "…: install git",
            "… lacks repairs of July 2025 (CVE-2025-48384 and others)",
        ],
        cause: "There is no git that can be used safely: a repository could run commands through \
                an old one.",
        remedy: "Install git 2.50.1 or later, or one of 2.43.7, 2.44.4, 2.45.4, 2.46.4, 2.47.3, \
                 2.48.2 and 2.49.1.",
        told: false,
    },
    Trouble {
        id: "git-remote-unavailable",
        says: &["the remote of … is unreachable or has trouble: …", "`git …` was ended after … s"],
        cause: "The network, or the code host, has trouble, or the repository is very large.",
        remedy: "The worker tries again by itself. Try by hand: `git ls-remote URL`.",
        told: false,
    },
    Trouble {
        id: "git-remote-refuses",
        says: &["the remote of … refuses us: …. Check `github.token` and its permissions"],
        cause: "The token may read the API and not the repository's contents.",
        remedy: "Give it contents, read and write.",
        told: true,
    },
    Trouble {
        id: "git-relocated",
        says: &["the remote of … redirects elsewhere: was it renamed or moved? Use its new name"],
        cause: "Redirects are not followed: they could lead a push elsewhere.",
        remedy: "Use the new name in `trust.repositories` and in messages.",
        told: true,
    },
    Trouble {
        id: "git-mirror-busy",
        says: &["the mirror of … is held by another worker on this machine"],
        cause: "Two workers share a state folder, or one of them still ends.",
        remedy: "Wait for the other one, or give each its own `worker.state_dir`.",
        told: false,
    },
    Trouble {
        id: "git-repository-unusable",
        says: &[
            "… stores its objects with SHA-256, which is not supported",
            "… holds something that git's own check (`git fsck`) refuses: …",
            "… is larger than we handle",
        ],
        cause: "The repository is one that the worker does not check out.",
        remedy: "Run `git fsck` in a clone and mend what it finds. For a large one, take large \
                 files out of its history.",
        told: false,
    },
    Trouble {
        id: "git-repository-empty",
        says: &[
            "… is empty: it has no commit to start from. Push a first commit, then label again",
        ],
        cause: "There is no branch to start from.",
        remedy: "Push a first commit, then set the label again.",
        told: true,
    },
    Trouble {
        id: "git-branch-missing",
        says: &[
            "… has no branch `…`",
            "the branch `…` was deleted while we worked; it is not made anew",
        ],
        cause: "The branch was deleted, or the default branch was renamed.",
        remedy: "Restore the branch, or ask again with a new label or comment.",
        told: false,
    },
    Trouble {
        id: "git-branch-name",
        says: &[
            "`…` cannot be the name of a branch",
            "… branches from … on are taken: delete what is merged",
            "the branch `…` is there already, at …: delete or rename it, then try again",
        ],
        cause: "The branch for this issue cannot be made: someone else has one of that name, or \
                many earlier ones are left.",
        remedy: "Delete branches that are merged, or choose another `worker.branch_prefix`.",
        told: false,
    },
    Trouble {
        id: "git-branch-moved",
        says: &["the branch `…` moved while we worked: it is at … now"],
        cause: "Somebody pushed meanwhile. The worker follows once, and never forces its way.",
        remedy: "Ask again with a new comment.",
        told: false,
    },
    Trouble {
        id: "git-push-rejected",
        says: &["the remote rejected the branch `…`: …"],
        cause: "A rule of the repository (a protected branch, a ruleset, a required signature) \
                or a hook refuses the push.",
        remedy: "Let the account of the token push branches below `worker.branch_prefix`, or \
                 choose another prefix.",
        told: false,
    },
    Trouble {
        id: "git-unsafe-path",
        says: &["`…` cannot be kept: …"],
        cause: "The agent made something that must not leave the workspace: a link out of it, a \
                device, a name that git does not take.",
        remedy: "Nothing to do on this machine; the comment says which file it was. Ask again, \
                 more precisely.",
        told: false,
    },
    Trouble {
        id: "git-workspace",
        says: &[
            "the workspace of job … is gone or incomplete",
            "`…` is no name of a job",
            "`…` is no commit and no tree",
            "`…` is no name of an object",
            "`…` is no name of a commit",
            "`…` is no commit on the base",
            "… is no empty folder",
            "a commit needs an author and a message",
            "the work folder's name cannot be shown as a command",
        ],
        cause: "A job's folder under `github.clone_base_dir` is not as the worker left it: \
                something cleaned it up or changed it.",
        remedy: "`codingworker retry ID` begins anew. Do not keep workspaces where a system \
                 cleans up, such as /tmp.",
        told: false,
    },
    Trouble {
        id: "git-failed",
        says: &["`git …` failed: …"],
        cause: "Git said something that the worker has no name for.",
        remedy: "Read its own words; `codingworker logs ID` has what came before.",
        told: false,
    },
    Trouble {
        id: "disk-full",
        says: &[
            "the disk of this machine is full (…): make room, then try again",
            "the database cannot grow: the disk under worker.state_dir is full",
            "….… GiB free",
        ],
        cause: "The disk that holds `worker.state_dir` has no room left. Mirrors, kept \
                dependencies and images are what grows.",
        remedy: "Make room: lower `deps.max_gb` and `deps.keep_days`, `docker image prune`, or \
                 put `worker.state_dir` on a larger disk.",
        told: true,
    },
];
