//! Commands.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "no-such-job",
        says: &[
            "no job `…` in …: `codingworker jobs` lists those that are there",
            "no job … is in the store: `codingworker jobs` lists those that are",
            "job … is no longer there",
            "`…` is the beginning of more than one job: …",
        ],
        cause: "The id is of another worker, or of another state folder, or too short.",
        remedy: "`codingworker jobs` lists them; --config says which worker's.",
        told: true,
    },
    Trouble {
        id: "job-is-over",
        says: &[
            "job … is over already: …",
            "job … is not over (…): let it end, or `codingworker cancel …` first",
        ],
        cause: "A job that is over cannot be cancelled, and one that is not cannot be tried \
                again.",
        remedy: "`codingworker job ID` says where it stands.",
        told: true,
    },
    Trouble {
        id: "init-nothing-written",
        says: &[
            "nothing written: …",
            "nothing written: `…` is neither yes nor no",
            "… is there already: --force replaces it, --output says where else",
            "cannot write …: …",
            "cannot ask: …",
        ],
        cause: "`codingworker init` did not get an answer that it can write down, or may not \
                write there.",
        remedy: "Answer again, or give the answers as options: `codingworker init --help`.",
        told: false,
    },
    Trouble {
        id: "no-such-file",
        says: &["there is no file …"],
        cause: "The path that `submit --file` or `restore` was given names nothing.",
        remedy: "Look at the path: a relative one starts from the folder that you are in. For \
                 `codingworker submit --file -` it is standard input.",
        told: true,
    },
    Trouble {
        id: "standard-streams",
        says: &[
            "cannot write to standard output: …",
            "cannot write this as JSON: …",
            "nobody reads the output any more",
        ],
        cause: "Whoever read the output went away, or the disk it goes to is full.",
        remedy: "Send the output elsewhere.",
        told: false,
    },
    Trouble {
        id: "start-failed",
        says: &[
            "cannot listen for Ctrl-C: …",
            "cannot listen for signals: …",
            "cannot start the runtime: …",
            "cannot find this program's own file: …",
        ],
        cause: "The system gives this process too little: no more threads, files or memory.",
        remedy: "Look at `ulimit -a` and at the limits of the service or the container.",
        told: false,
    },
    Trouble {
        id: "logs-unusable",
        says: &[
            "cannot start logging: …",
            "cannot create the log folder …: …",
            "cannot open a log file in …: …",
            "cannot read the log …: …",
        ],
        cause: "The log folder under `worker.state_dir` cannot be used.",
        remedy: "See that it belongs to the worker's user and that the disk has room.",
        told: false,
    },
    Trouble {
        id: "socket-proxy",
        says: &[
            "cannot listen on …: …; is its folder there and writable, and does nothing else \
             listen there?",
            "name the socket to make: --listen PATH",
            "--upstream … is neither unix:///PATH nor tcp://127.0.0.1:PORT",
        ],
        cause: "`codingworker socket-proxy` cannot take its place between the worker and the \
                engine.",
        remedy: "docs/containers.md has its command line.",
        told: true,
    },
    Trouble {
        id: "setup-repo-options",
        says: &[
            "--role-arn … is no role: expected arn:aws:iam::ACCOUNT:role/NAME",
            "--queue-url … is no standard queue's: expected \
             https://sqs.REGION.amazonaws.com/ACCOUNT/NAME",
            "--queue-url is in …, and --region says …",
            "`github.git_url` is …, a folder of repositories, where there is nothing to connect: \
             setup-repo is for repositories of GitHub",
        ],
        cause: "`codingworker setup-repo` was given something that GitHub or AWS would not take, \
                and has done nothing yet.",
        remedy: "Copy role and queue from what `terraform output` prints in infra/terraform. \
                 Without AWS: `codingworker setup-repo OWNER/NAME --poll`.",
        told: true,
    },
    Trouble {
        id: "backup-unusable",
        says: &["the backup … cannot be used: …"],
        cause: "`backup` never writes over a file, and `restore` takes only a whole file that \
                `backup` wrote.",
        remedy: "Name another file, or an earlier backup.",
        told: true,
    },
    Trouble {
        id: "backup-nothing",
        says: &["there is nothing to back up: no worker has worked in … yet"],
        cause: "The configuration that was read has a state folder without a database.",
        remedy: "Name the worker's own configuration with --config; `codingworker config` says \
                 which `worker.state_dir` is in force. For the machine's service, ask as its user.",
        told: false,
    },
    Trouble {
        id: "demo-failed",
        says: &[
            "the issue did not become a pull request: `codingworker --config … jobs` says why",
            "…: install … and try again",
            "the sample's name: …",
        ],
        cause: "The demonstration needs git, Aider and a model, or --stand-in.",
        remedy: "`./taskw demo` installs what it needs; `codingworker demo --stand-in` needs no \
                 model.",
        told: false,
    },
];
