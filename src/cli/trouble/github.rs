//! GitHub.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "token-missing",
        says: &[
            "there is no GitHub token: set `github.token`, or GITHUB_TOKEN in the environment",
            "there is none",
        ],
        cause: "Neither the configuration nor the environment has a token. A service does not \
                see what your shell exports.",
        remedy: "Make a fine-grained token with contents, issues and pull requests, read and \
                 write, on the repositories it serves; put it into a file of its own and write \
                 `github: {token: {file: PATH}}`.",
        told: true,
    },
    Trouble {
        id: "token-refused",
        says: &[
            "the code host does not take the token (…): set a new one in `github.token`",
            "not taken: …",
        ],
        cause: "The token ended, was revoked, or is of another server.",
        remedy: "Make a new one and restart the worker: a reload does not change the token. Look \
                 at `github.api_url` if you use GitHub Enterprise Server.",
        told: true,
    },
    Trouble {
        id: "token-expiry",
        says: &[
            "it ended at …",
            "it ends in … hours, at …",
            "…: it ends within an hour of when it was made",
        ],
        cause: "Tokens end. That of a workflow or of an installation does so within an hour.",
        remedy: "Make a fine-grained token with a date that you will remember, and set \
                 `github.token`.",
        told: false,
    },
    Trouble {
        id: "token-kind",
        says: &[
            "classic, …: it reaches everything its owner reaches",
            "of a login, …: it reaches everything its owner reaches",
            "…: public repositories only",
            "…: it may not push (`repo`)",
        ],
        cause: "The token is of a kind that reaches more, or less, than the worker needs.",
        remedy: "Make a fine-grained token on the few repositories that it serves.",
        told: false,
    },
    Trouble {
        id: "token-may-not",
        says: &[
            "the token may not push to …: its role is …",
            "the token may not read the … of …",
            "… has no issues",
            "… is not in `trust.repositories`",
            "… its jobs would run here without a cage",
        ],
        cause: "`codingworker doctor --repo OWNER/NAME` found that jobs of this repository would not come \
                to an end.",
        remedy: "Give the token contents, issues and pull requests, read and write, on the \
                 repository; turn its issues on; name it in `trust.repositories`.",
        told: false,
    },
    Trouble {
        id: "host-unavailable",
        says: &[
            "the code host is busy or unreachable: …",
            "the connection to … could not be set up: …",
        ],
        cause: "GitHub does not answer, or something between here and there does not let the \
                worker through.",
        remedy: "Look at https://www.githubstatus.com, the network, a proxy (HTTPS_PROXY) and \
                 `github.api_url`. The worker tries again by itself.",
        told: false,
    },
    Trouble {
        id: "host-rate-limited",
        says: &["the code host asks us to wait … s: …"],
        cause: "The account of the token has used up its requests, maybe by other programs. The \
                worker waits as long as it is asked to.",
        remedy: "Wait, and look what else uses this account: `gh api rate_limit`.",
        told: false,
    },
    Trouble {
        id: "host-not-found",
        says: &["… is not there, or the token may not see it"],
        cause: "GitHub says the same of what is not there and of what the token may not see.",
        remedy: "Compare the name, and give the token access to the repository.",
        told: false,
    },
    Trouble {
        id: "host-refused",
        says: &["the code host refused with …: …"],
        cause: "GitHub understood the request and does not do it: a rule of the repository or of \
                the organisation, a missing right, a name that is taken.",
        remedy: "Read what it says. `codingworker doctor --repo OWNER/NAME` says which rights \
                 are missing.",
        told: false,
    },
    Trouble {
        id: "host-misconfigured",
        says: &["`github.api_url` is `…`: …"],
        cause: "The address is none that could be called.",
        remedy: "Write https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise \
                 Server.",
        told: true,
    },
    Trouble {
        id: "host-folder",
        says: &[
            "… cannot be written: …",
            "… names no branch: set it by `git symbolic-ref`",
            "… is not what this code host writes: …",
            "what is known of … cannot be told: …",
        ],
        cause: "`github.git_url` serves a folder of bare repositories, and something in it \
                cannot be used.",
        remedy: "Look at the file or folder that is named: it belongs to the user that the \
                 worker runs as. `git -C REPOSITORY.git symbolic-ref HEAD refs/heads/main` sets \
                 a branch.",
        told: false,
    },
    Trouble {
        id: "place-not-told",
        says: &["the code host did not take a comment within … s"],
        cause: "The comment with a task's place in line was left, so that its job need not wait \
                for it. Nothing is lost: the job's own comment comes all the same.",
        remedy: "Look whether the code host is slow or unreachable; it is tried again by itself.",
        told: false,
    },
    Trouble {
        id: "clock-and-time",
        says: &["no answer within … s"],
        cause: "Something outside did not answer while `codingworker doctor` waited.",
        remedy: "Look whether it is overloaded or unreachable, and ask again.",
        told: false,
    },
];
