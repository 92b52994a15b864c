//! Every key of the configuration. `configs/config.yaml` says the same, and a test compares.

use super::super::{
    AnswerRefused, Builder, CageChoice, Language, LogFormat, Native, OnFailure, Ready, RenameBy,
    RunnerChoice,
};
use super::{Key, Kind};

/// Every key, by section.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    Key::text("worker.worker_id", "''", "at most 64 letters, digits and signs",
        "Who this worker is, in pull requests. Empty: the host's name.").at_start(),
    Key::integer("worker.slots", "1", 1..=64, "jobs",
        "How many jobs at once. While one waits for the model, another builds and tests."),
    Key::integer("worker.model_slots", "1", 1..=64, "turns",
        "How many agents ask one model's server at once. One job's turn is all that most machines \
         can do; a hosted model, or Ollama with OLLAMA_NUM_PARALLEL, takes more."),
    Key::integer("worker.model_cooldown_seconds", "300", 1..=3_600, "seconds",
        "How long a model is left alone whose server is busy, over a limit or out of memory and \
         does not say for how long; twice as long each time in a row, up to an hour."),
    Key::new("worker.state_dir", "${XDG_STATE_HOME:-~/.local/state}/codingworker", Kind::Path,
        "Where jobs, the embedded queue, logs and mirrors of repositories are.").at_start(),
    Key::integer("worker.max_retries", "3", 0..=100, "retries",
        "Of a whole job, on faults that pass: a network that is down, a server that is busy."),
    Key::integer("worker.retry_delay_seconds", "10", 0..=3_600, "seconds",
        "Before the first of these retries; the next ones wait longer."),
    Key::integer("worker.job_timeout_seconds", "3600", 10..=36_000, "seconds",
        "Of a whole job."),
    Key::text("worker.branch_prefix", "ai/issue-", "the beginning of a branch's name",
        "The issue's number follows it."),
    Key::choice("worker.language", "en", Language::NAMES,
        "Of what people read on GitHub."),
    Key::new("store.url", "''", Kind::Secret,
        "Where jobs are kept, for several workers: postgres://USER@HOST:PORT/DATABASE. Empty: the \
         SQLite file in `worker.state_dir`. See [fleet.md](fleet.md).").at_start(),
    Key::new("store.password", "''", Kind::Secret,
        "For `store.url`, where it is not in the URL itself.").at_start(),
    Key::text("sqs.queue_url", "''", "https://…",
        "The SQS queue. Empty: the embedded queue, where the jobs are. Credentials \
         come from the AWS SDK's own chain.").at_start(),
    Key::text("sqs.region", "ap-northeast-1", "a region of AWS",
        "Where the queue is.").at_start(),
    Key::integer("sqs.wait_time_seconds", "20", 0..=20, "seconds",
        "Of one long poll.").at_start(),
    Key::integer("sqs.visibility_timeout", "300", 30..=43_200, "seconds",
        "How long a delivery is ours before it must be extended; a heartbeat does so \
         while a job runs.").at_start(),
    Key::new("github.token", "${GITHUB_TOKEN}", Kind::Secret,
        "Fine-grained: contents, issues and pull requests, read and write, on the \
         repositories it serves.").at_start(),
    Key::text("github.api_url", "https://api.github.com", "https://…",
        "Where GitHub's API is; a GitHub Enterprise Server's is https://HOST/api/v3.").at_start(),
    Key::text("github.git_url", "https://github.com", "https://… or file:///…",
        "Clones {git_url}/{owner}/{repo}.git. file:///path serves a folder of bare \
         repositories.").at_start(),
    Key::new("github.clone_base_dir", "''", Kind::Path,
        "Where workspaces are made. Empty: `workspaces` under `worker.state_dir`.").at_start(),
    Key::text("aider.bin_path", "aider", "a path, or a name on the PATH",
        "The agent's program. Version 0.86.").at_start(),
    Key::integer("aider.map_tokens", "0", 0..=65_536, "tokens",
        "Of Aider's map of the repository in each prompt. Small models do better without."),
    Key::flag("aider.warm", "true",
        "Imports Aider once for a job and forks it for each turn, which saves seconds of a \
         processor each time. Linux alone. Off: every turn starts Aider anew."),
    Key::new("aider.env", "{}", Kind::Secrets,
        "For other models than Ollama's, such as {GEMINI_API_KEY: \"${GEMINI_API_KEY}\"}. \
         Reaches Aider alone, never a check. CODINGWORKER__AIDER__ENV__NAME adds one."),
    Key::list("aider.models",
        "[{name: 'ollama_chat/qwen2.5-coder:1.5b', timeout_seconds: 600, num_ctx: 8192}]",
        "models",
        "Tried in this order: the next one when the one before timed out or ran out of fixes."),
    Key::list("aider.hosts", "[]", "names of hosts",
        "Aider reaches no host but the one its model is known to be at. Names of more, without \
         https:// and port: a gateway of yours, or a provider that the worker does not know."),
    Key::text("ollama.host", "http://127.0.0.1:11434", "http://HOST:PORT",
        "Where Ollama is. $OLLAMA_HOST wins, with or without a scheme."),
    Key::choice("edit.rename", "worker", RenameBy::NAMES,
        "Who does a rename that an issue states in full and that asks for nothing else. worker: \
         it is done word by word, by the language's grammar, and no model is asked."),
    Key::integer("edit.mutants", "400", 0..=2_000, "changes",
        "The most small changes of a small model's answer (an operator, a number, a branch, a \
         conversion) that are tried one by one, where an issue has two examples or more and not all \
         hold, and once more from the one that came nearest: a minute each at most. It costs no \
         question. Python, JavaScript and C. A new option of a Python program also loses the default \
         value that such an answer gave it, where a command of the issue without the option does \
         something else than before, and refuses what the issue wants refused. 0: none of it."),
    Key::integer("verify.max_fixes", "3", 0..=20, "fixes",
        "That the agent is asked for, per pass, before the next model has its turn."),
    Key::integer("verify.timeout_seconds", "600", 1..=36_000, "seconds",
        "Of one command of the checks."),
    Key::choice("verify.runner", "auto", RunnerChoice::NAMES,
        "Whose programs the checks find. auto: those of the image that the repository names, \
         else this machine's. docker: an image's, and nothing runs without one. native: always \
         this machine's."),
    Key::flag("verify.write_tests", "true",
        "The second pass: the agent writes tests for what it did. Where it wrote none, the examples \
         of the issue that prove the work are added as a test, if the project's linter and tests \
         take it (Python, JavaScript, Rust)."),
    Key::choice("verify.on_failure", "draft", OnFailure::NAMES,
        "What becomes of work that could not be made green: a draft pull request, a branch, or \
         nothing at the code host."),
    Key::choice("verify.ready", "proven", Ready::NAMES,
        "What makes a pull request ready, once its checks are green. proven: an example that the \
         issue spells out, or a check, failed before and passes now; without that it is a draft \
         that says so. green: nothing more."),
    Key::flag("verify.cache", "true",
        "A repository's next job begins with what the checks left behind on the default branch \
         (target/, __pycache__, ~/.cache), before any agent worked there. Only with bubblewrap or \
         in containers; a job of a pull request adds nothing."),
    Key::integer("verify.cache_max_bytes", "5368709120", 1_048_576..=70_368_744_177_664, "bytes",
        "How much of that is kept, of one repository or of all. A repository that has more begins \
         with nothing."),
    Key::choice("cage.level", "auto", CageChoice::NAMES,
        "What is around the agent, and around checks with this machine's programs. \
         auto: the strongest that there is (bubblewrap, sandbox-exec on macOS, else \
         a container), or nothing where `trust` allows that. sandbox: no start \
         without one. native: nothing.").at_start(),
    Key::integer("cage.memory_mb", "4096", 64..=1_048_576, "MiB",
        "Memory of one command, with all that it starts. Containers have the same limits."),
    Key::integer("cage.processes", "512", 16..=65_536, "processes",
        "Of one command, with all that it starts."),
    Key::text("cage.cpus", "2", "a number from 0.1 to 1024",
        "Processors' worth of time: 0.5 is half of one."),
    Key::integer("cage.file_size_mb", "1024", 1..=1_048_576, "MiB",
        "The largest file that a command may write."),
    Key::integer("cage.tmp_mb", "1024", 1..=1_048_576, "MiB",
        "All that a command has in /tmp."),
    Key::flag("docker.keep_images", "false",
        "Whether the images of a job outlive it. Otherwise they go at its end, but for the \
         layers that the next one builds on."),
    Key::choice("docker.builder", "classic", Builder::NAMES,
        "What builds for commands that talk to the engine themselves. buildkit keeps none of \
         the limits of `cage` and cannot be looked into."),
    Key::text("docker.image", "''", "the name of an image",
        "The worker's own image, set where the worker runs in a container itself: \
         agent and commands then run in containers of it. Empty anywhere else.").at_start(),
    Key::integer("deps.keep_days", "30", 1..=3_650, "days",
        "How long what was fetched for the checks (npm, pip, cargo, go, `prepare:`) is kept \
         unused."),
    Key::integer("deps.max_gb", "20", 1..=65_536, "GiB",
        "How much of that is kept, of all repositories together."),
    Key::list("trust.repositories", "[]", "OWNER/NAME, or a repository's number",
        "Which repositories are worked on. Empty: every one that the token may push to. A \
         number outlives a name: gh api repos/OWNER/NAME --jq .id"),
    Key::choice("trust.native", "private", Native::NAMES,
        "Where jobs may run without a cage, on a machine that has none: nowhere, in private \
         repositories, everywhere."),
    Key::list("trust.allow_native", "[]", "OWNER/NAME, or a repository's number",
        "Repositories that may do without a cage all the same, public ones too."),
    Key::list("trust.allow_network", "[]", "OWNER/NAME, or a repository's number",
        "Repositories whose checks may use the network. Checks run without one: what a model \
         wrote could send your code anywhere."),
    Key::integer("trust.max_runs_per_day", "10", 1..=1_000, "jobs",
        "Of one issue or pull request in a day: the end of whatever asks in a circle."),
    Key::list("trust.bots", "[]", "numbers of accounts",
        "Bots that may ask for work: gh api users/NAME --jq .id"),
    Key::flag("trust.own_account", "false",
        "Whether the account of the worker's own token may ask: for one person with a token of \
         their own."),
    Key::flag("trust.forks", "false",
        "Whether pull requests from forks are worked on, where their author lets maintainers \
         push."),
    Key::choice("trust.answer_refused", "all", AnswerRefused::NAMES,
        "Which refusals are answered by a comment. private: in public repositories, only the \
         audit has them."),
    Key::integer("gate.max_files", "50", 1..=10_000, "files",
        "That change in one push. More stops the job: its work is kept, and nothing is pushed."),
    Key::integer("gate.max_lines", "2000", 1..=1_000_000, "lines",
        "Added and removed, together, in one push."),
    Key::integer("gate.max_bytes", "524288", 1..=67_108_864, "bytes",
        "Of text that are added, in all files of a push."),
    Key::integer("gate.max_file_bytes", "262144", 1..=67_108_864, "bytes",
        "Of text that are added, in one file."),
    Key::integer("gate.max_deletions", "20", 0..=10_000, "files",
        "That are removed in one push."),
    Key::list("gate.allow", "[]", "patterns of paths",
        "Lifts the protection of paths that steer builds, tools and agents, or hold keys, such \
         as `.github/ISSUE_TEMPLATE/**`. `*` is any part of a name, `**` any number of folders."),
    Key::list("gate.protect", "[]", "patterns of paths",
        "Protects more paths."),
    Key::text("http.listen", "127.0.0.1:9464", "127.0.0.1:PORT, unix:PATH or off",
        "Where /healthz, /readyz and /metrics are: an address of this machine's own, \
         a socket, or nowhere.").at_start(),
    Key::text("otel.endpoint", "''", "http://HOST:PORT",
        "A collector for traces, OTLP over HTTP, such as http://127.0.0.1:4318. \
         Empty: no traces.").at_start(),
    Key::new("otel.headers", "{}", Kind::Secrets,
        "Sent along with traces, such as {x-api-key: \"${OTEL_KEY}\"}.").at_start(),
    Key::flag("poll.github", "false",
        "Ask GitHub itself what there is to do, as `serve --poll-github` does: no webhook, no \
         cloud."),
    Key::list("poll.repositories", "[]", "OWNER/NAME",
        "Which repositories are looked at. Empty: those of `trust.repositories`."),
    Key::integer("poll.interval_seconds", "60", 1..=3_600, "seconds",
        "How often they are looked at. What has not changed costs nothing of GitHub's limit."),
    Key::list("notify.channels", "[]", "channels",
        "Who is told what happened: Slack, Discord, a webhook, e-mail, the desktop, the log. \
         What each takes is in [notifications.md](notifications.md#the-keys-of-a-channel)."),
    Key::integer("notify.max_per_hour", "30", 1..=1_000, "notices",
        "Of one channel; what is over it comes later, in one line."),
    Key::integer("notify.model_quiet_seconds", "120", 0..=86_400, "seconds",
        "How long a model is away before somebody is told."),
    Key::text("log.level", "info", "error, warn, info, debug, trace, or tracing directives",
        "What is logged, such as codingworker=debug,info."),
    Key::choice("log.format", "auto", LogFormat::NAMES,
        "Of log lines on standard error. auto: text on a terminal, JSON otherwise.").at_start(),
];

/// What a model of `aider.models` may say about itself.
#[rustfmt::skip]
pub const MODEL_KEYS: &[Key] = &[
    Key::text("name", "''", "any name that Aider knows",
        "Which model: ollama_chat/NAME is one of Ollama's."),
    Key::integer("timeout_seconds", "600", 1..=36_000, "seconds",
        "Of one run of the agent."),
    Key::integer("num_ctx", "8192", 1_024..=2_097_152, "tokens",
        "Of prompt and reply together."),
    Key::choice("edit_format", "auto", &["auto", "definition", "whole", "diff"],
        "How the model says what changes: definition (it sees the functions that matter and \
         writes those alone; Ollama's models only), whole files, or diffs, for large models. auto: \
         definition for up to 4 billion parameters by the model's name, else whole."),
    Key::integer("attempts", "1", 1..=8, "attempts",
        "How often it begins anew on a clean tree, each time warmer and at another place, before \
         the next model has its turn. Left out: 3 with `definition`, else 1."),
    Key::integer("samples", "1", 1..=8, "answers",
        "How often it is asked the same thing of an attempt, each time warmer, while an example of \
         the issue speaks against its answer or the answer is of no use. Only with `definition`. \
         Left out: 2 with `definition`, else 1."),
    Key::integer("calls", "0", 0..=1_000, "questions",
        "It is not begun anew once it was asked so often for one job; 0 is no limit. Left out: 8 \
         with `definition`, else 0."),
    Key::flag("reads", "false",
        "Whether it is first asked to write down, as calls, the examples that an issue gives in \
         words. They count where the issue and the base bear them out. Only with `definition`. \
         Left out: true with `definition`, else false."),
    Key::flag("observes", "false",
        "Whether the project's tests are run once more to see what the functions give in them that \
         examples of the issue judge (Python and Node.js; tests of up to 30 s), and a command that \
         it shows with a new option once without it; the model is asked again where its answer \
         changes that. Only with `definition`. Left out: true with `definition`, else false."),
    Key::integer("max_fixes", "3", 0..=20, "fixes",
        "That it is asked for, per attempt and pass. Left out: 0 with `definition`, since a small \
         model repairs nothing, else those of `verify.max_fixes`."),
    Key::text("editor", "''", "the name of another model of `aider.models`",
        "Who writes into files, in its own form, what this model says in words: for a model that \
         thinks well and keeps to no form. Both are Ollama's; each turn asks both, one after the \
         other."),
];
