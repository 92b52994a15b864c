//! Configuration.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "config-file-unreadable",
        says: &["cannot read the configuration file …: …"],
        cause: "The file that --config or $CODINGWORKER_CONFIG names is not there, or this user \
                may not read it.",
        remedy: "Name the file that you mean with --config, or write one with `codingworker \
                 init`. A file that was named is never replaced by another place of the search \
                 order.",
        told: false,
    },
    Trouble {
        id: "config-file-too-large",
        says: &["… is larger than 256 KiB: this is no configuration file"],
        cause: "The path names something else than a configuration, such as a log or an archive.",
        remedy: "Name the right file with --config. The shipped one has 9 KiB.",
        told: true,
    },
    Trouble {
        id: "config-not-yaml",
        says: &[
            "…:…: this is not YAML: …",
            "this is not YAML: …",
            "…:1: expected sections such as `worker:`",
            "…:…: `…` is a section: expected keys below it, such as `…:`",
        ],
        cause: "The file, or a variable that holds a list or a map, cannot be read as YAML: most \
                often the indentation, a tab, or a key that stands twice.",
        remedy: "Mend the line that is named. `codingworker config` says everything that is \
                 wrong at once, and the shipped configs/config.yaml shows each key in its place.",
        told: true,
    },
    Trouble {
        id: "config-unknown-key",
        says: &[
            "…:…: unknown key `….…`…",
            "…:…: unknown section `…`…",
            "…: unknown key…",
            "unknown key `…`…",
        ],
        cause: "There is no such key or section. It is an error, so that a slip of the pen in \
                `trust` or `gate` is never a setting that silently does not hold.",
        remedy: "Take the nearest known name that the message tells, or look it up in \
                 docs/configuration.md. Keys of the Go worker are accepted; see \
                 docs/migration.md.",
        told: true,
    },
    Trouble {
        id: "config-variable-not-set",
        says: &[
            "the variable … is not set: set it, or write `${…:-default}`",
            "`…` is neither `${NAME}` nor `${NAME:-default}` (for a plain `${`, write `$${`)",
            "…: `…`: `$…` is taken as it stands: write `${…}`",
        ],
        cause: "A value of the file takes a variable of the environment in a form that is not \
                understood, or one that is not set. A service does not see what your shell \
                exports.",
        remedy: "Set the variable where the worker starts, give it a default, or put the secret \
                 into a file: `{file: PATH}`.",
        told: true,
    },
    Trouble {
        id: "config-value-out-of-range",
        says: &[
            "… is out of range: expected … to …",
            "expected a whole number from … to …, not …",
            "… is out of range: expected 0.1 to …",
            "expected a number from 0.1 to …, not …",
        ],
        cause: "The key takes a number, and this is none, or one that makes no sense there.",
        remedy: "Write a number of the range that the message names, without a unit. \
                 docs/configuration.md has the unit of each key.",
        told: true,
    },
    Trouble {
        id: "config-value-not-known",
        says: &[
            "`…` is none of …",
            "expected true or false, not …",
            "`…`: expected true or false, not …",
            "`edit_format`: `…` is none of …",
        ],
        cause: "The key takes one of a few words.",
        remedy: "Write one of those that the message names.",
        told: true,
    },
    Trouble {
        id: "config-wrong-shape",
        says: &[
            "expected a text, not …",
            "expected a list, not …",
            "expected a list of models, not …",
            "expected `name: …`, not …",
            "expected names with values, such as `…`",
            "`…` is no name of …",
            "the value of `…` has a control character",
        ],
        cause: "The key takes another shape: a text, a list or a map.",
        remedy: "Write it as configs/config.yaml shows it. In a variable, a list is `a, b` and a \
                 map is YAML: `{NAME: value}`.",
        told: true,
    },
    Trouble {
        id: "config-worker-id",
        says: &["`…`: expected at most 64 letters, digits and signs, no spaces"],
        cause: "The worker's id stands in pull requests and commits, and has to be plain.",
        remedy: "Choose a short name, or leave it empty: then it is the host's name.",
        told: true,
    },
    Trouble {
        id: "config-branch-prefix",
        says: &["`…` cannot begin a branch's name: expected something like `ai/issue-`"],
        cause: "Git does not take every name of a branch, and the worker takes a little less.",
        remedy: "Use letters, digits, `-`, `_`, `.` and `/`, and begin with a letter or a digit.",
        told: true,
    },
    Trouble {
        id: "config-models",
        says: &[
            "at least one model is needed, such as `- name: ollama_chat/NAME`",
            "`name`: `…` is no name of a model",
        ],
        cause: "`aider.models` is empty, or one of its names is none that Aider could take.",
        remedy: "Name at least one, as `aider --list-models NAME` writes it: \
                 `ollama_chat/qwen2.5-coder:1.5b`.",
        told: true,
    },
    Trouble {
        id: "config-aider-path",
        says: &["expected a program, such as `aider`"],
        cause: "`aider.bin_path` is empty.",
        remedy: "Take the key out, or set it to a path or to a name on the PATH.",
        told: true,
    },
    Trouble {
        id: "config-address",
        says: &[
            "`…` is no address: …",
            "an address with a name or a password in it: leave them out",
            "`…` has a query or a fragment: leave it out",
            "`…` has the scheme `…`: expected https",
            "`…` has the scheme `…`: expected http or https",
            "`…` is no host",
            "`…` takes no port",
            "`…` …: expected a host's name, such as `api.x.ai`",
        ],
        cause: "The value is no address that the worker could call, or holds what does not \
                belong into one.",
        remedy: "Write scheme, host and port alone. Credentials have keys of their own.",
        told: true,
    },
    Trouble {
        id: "config-address-not-encrypted",
        says: &[
            "`…` is not encrypted: plain http is accepted for this machine only, so write https",
            "`…` is not encrypted and not on a private network: put TLS before Ollama and write \
             https, or use a tunnel",
            "ollama.host is …: prompts and code travel unencrypted over your network",
        ],
        cause: "What is sent there could be read on its way: the token, your code, the prompts.",
        remedy: "Write https. For an Ollama on another machine: a reverse proxy with TLS, or \
                 `ssh -L 11434:127.0.0.1:11434 HOST` and the default.",
        told: true,
    },
    Trouble {
        id: "config-listen",
        says: &[
            "`…` is reachable from outside: use 127.0.0.1 or unix:PATH",
            "`…` is none of off, 127.0.0.1:PORT, unix:PATH",
        ],
        cause: "Health and metrics have no password, so they are served on this machine alone.",
        remedy: "Listen on 127.0.0.1 or on a socket, and let a collector or a reverse proxy on \
                 this machine pass them on.",
        told: true,
    },
    Trouble {
        id: "config-repository",
        says: &[
            "`…` is no repository's number",
            "…, or a repository's number",
            "`…` is not a repository: expected OWNER/NAME, of letters, digits, `-`, `_` and `.`",
            "`…` is no account's number: gh api users/NAME --jq .id",
        ],
        cause: "A repository is OWNER/NAME or its number; a bot is the number of its account, as \
                names can change hands.",
        remedy: "Ask for the number: `gh api repos/OWNER/NAME --jq .id`, `gh api users/NAME --jq \
                 .id`.",
        told: true,
    },
    Trouble {
        id: "config-pattern",
        says: &[
            "an empty pattern matches nothing",
            "a pattern has at most 300 bytes",
            "a pattern has no control characters",
            "a pattern begins at the repository's root: leave out the `/`",
            "a pattern cannot be turned round with `!`",
            "folders are parted by `/`",
            "`.` and `..` match nothing",
            "a pattern has at most four `**`",
        ],
        cause: "A pattern of `gate.allow` or `gate.protect`, here or in a repository's own file, \
                could never match what it looks like.",
        remedy: "Write it from the repository's root: `docs/**`, `.github/ISSUE_TEMPLATE/**`. \
                 `*` is any part of a name, `**` any number of folders.",
        told: true,
    },
    Trouble {
        id: "config-gate-open",
        says: &["gate.allow has `…`, which lifts every protection"],
        cause: "The pattern allows every path, so an agent may change workflows, hooks and keys.",
        remedy: "Name the few paths that it may change.",
        told: true,
    },
    Trouble {
        id: "config-image",
        says: &["`…` is no name of an image, such as `codingworker:1.0`"],
        cause: "`docker.image` is set by the worker's own container, and is empty anywhere else.",
        remedy: "Take the key out, or write it as `docker images` shows it.",
        told: true,
    },
    Trouble {
        id: "config-secret",
        says: &[
            "a secret is a text, or `…`",
            "cannot read …: …",
            "it is larger than 64 KiB, so it is no secret",
            "… holds a secret and others may read it (mode …): chmod 600 …",
        ],
        cause: "A secret stands in the file itself, in a variable, or in a file of its own that \
                only the worker's user may read. That file cannot be used as it is.",
        remedy: "`chmod 600 FILE`, owned by the user that the worker runs as; a relative path \
                 starts from the configuration's folder. What `submit --file` cannot read is \
                 said by the same words.",
        told: true,
    },
    Trouble {
        id: "config-native-cage",
        says: &[
            "cage.level is native and trust.native is never: every job is refused",
            "cage.level is native: what a model writes runs with all the rights of this user, \
             and can read his files and use his network; `auto` takes the cage that there is",
            "trust.native is always: where this machine has no cage, jobs of … run without one, \
             public ones too; name the few that may in `trust.allow_native`",
        ],
        cause: "The configuration does without what keeps a model's code apart from this \
                machine.",
        remedy: "Set `cage.level: auto` and `trust.native: private`, and name the exceptions in \
                 `trust.allow_native`.",
        told: true,
    },
    Trouble {
        id: "config-buildkit",
        says: &[
            "docker.builder is buildkit: it keeps none of the limits of `cage`, and nothing can \
             look into what it is sent",
        ],
        cause: "BuildKit runs builds where the worker's limits do not reach.",
        remedy: "Leave `docker.builder` at `classic`, unless a Dockerfile needs BuildKit and its \
                 repository is trusted.",
        told: true,
    },
    Trouble {
        id: "config-go-worker",
        says: &[
            "… of the Go worker has no meaning beside `aider.models`: take it out",
            "… of the Go worker is read as `aider.models: …`: write that",
            "`sqs.use_mock` of the Go worker is true, so the embedded queue is used and \
             `sqs.queue_url` is not: take `use_mock` out to work on that queue",
            "`sqs.use_mock` of the Go worker has no meaning any more: an empty `sqs.queue_url` \
             is the embedded queue; take it out",
        ],
        cause: "The file was written for the Go worker of this name. It loads, and these keys \
                mean something else now, or nothing.",
        remedy: "docs/migration.md has each of them.",
        told: true,
    },
    Trouble {
        id: "config-poll",
        says: &["`poll.github` (or `serve --poll-github`) needs to know where to look: write \
             `poll: …`, or name the repositories in `trust.repositories`"],
        cause: "The worker is to ask GitHub what there is to do, and no repository is named that \
                it could ask about.",
        remedy: "`poll: {repositories: [OWNER/NAME]}`.",
        told: true,
    },
    Trouble {
        id: "config-reload-refused",
        says: &[
            "the configuration stays as it was, the new one is refused: …",
            "the log level cannot be changed: …",
        ],
        cause: "A reload (SIGHUP) found a mistake in the file. Nothing of it is in force; the \
                worker goes on with the configuration from before, and the next start would fail.",
        remedy: "Mend what the message names, look with `codingworker config` until it leaves \
                 with 0, and reload again.",
        told: true,
    },
    Trouble {
        id: "log-level",
        says: &["`…` is no log level (…): write error, warn, info, debug or trace, or directives \
             such as codingworker=debug,info"],
        cause: "`log.level` or --log-level is none that the log understands.",
        remedy: "Write one of the words.",
        told: true,
    },
];
