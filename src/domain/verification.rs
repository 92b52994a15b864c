//! What the project's own checks said about a tree.

use serde::{Deserialize, Serialize};

use crate::domain::example::Tried;

/// One kind of check. They run in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Does it compile, or parse?
    Build,
    /// Does it follow the project's own rules?
    Lint,
    /// Does it do what its tests say?
    Test,
}

impl Check {
    /// The name that people and `.codingworker.yml` use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Lint => "lint",
            Self::Test => "test",
        }
    }
}

/// What a repository says, or what was found, about how to check it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// At most one for each check, in the order of `Check`.
    pub steps: Vec<PlannedStep>,
    /// A formatter's command, run on its own before the checks; what it changes in files that
    /// the agent touched is kept.
    pub format: Option<String>,
    /// Where the plan came from: `.codingworker.yml`, or the marker file that was found.
    pub source: String,
    /// What is around its commands.
    #[serde(default)]
    pub place: Place,
    /// What is to be brought in, with the network, before any check runs without it.
    #[serde(default)]
    pub preparations: Vec<Preparation>,
}

impl Plan {
    /// Whether it cannot be carried out without a container engine.
    pub fn needs_engine(&self) -> bool {
        self.place != Place::Host || self.steps.iter().any(|it| it.docker)
    }
}

/// What is around the commands of a plan: whose programs and libraries they find.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Place {
    /// This machine's.
    #[default]
    Host,
    /// Those of an image.
    Image {
        /// As one pulls it: `node:22`.
        name: String,
    },
    /// Those of an image that is built from the repository, as it is on its default branch.
    Dockerfile {
        /// From the repository's root.
        path: String,
        /// The folder that is sent along, from the repository's root; empty: the root.
        #[serde(default)]
        context: String,
    },
}

/// Something that is brought in with the network, from the default branch and nothing else, so
/// that the checks can do without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// What it is called in logs, and in the cache: `npm`, `cargo`, `own`, `image`.
    pub name: String,
    /// A shell command line. It runs in a folder that holds `files` and nothing else, and puts
    /// what it brings below `$DEPS_DIR`.
    pub command: String,
    /// The files of the default branch that it needs, from the repository's root. What it brought
    /// is known by their contents, and by the command. Empty: the whole tree.
    pub files: Vec<String>,
    /// What the checks get in their environment, so that they find it and look nowhere else.
    /// `${DEPS_DIR}` stands for where it is, `${PATH}` for the `PATH` without it.
    pub env: Vec<(String, String)>,
    /// Whether the command talks to the container engine. What it brings is then in the engine's
    /// own cache, and it runs for each job.
    pub docker: bool,
}

/// What stands between a command and the rest of the machine, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// An environment of our making, limits, and an end. It can read what the worker's user can.
    #[default]
    Native,
    /// The kernel shows it nothing but its own files, and no network.
    Sandbox,
    /// A container, with the same rules.
    Container,
}

impl Isolation {
    /// The word that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Sandbox => "sandbox",
            Self::Container => "container",
        }
    }
}

/// What was around the two kinds of foreign code in a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// Around the agent, which writes what a model says.
    pub agent: Isolation,
    /// Around the project's own commands.
    pub checks: Isolation,
}

impl Levels {
    /// That of the job: the weaker of the two.
    pub fn weakest(self) -> Isolation {
        self.agent.min(self.checks)
    }
}

/// One command of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Which check it is.
    pub check: Check,
    /// A shell command line, run with `sh -c` in the tree's root.
    pub command: String,
    /// Whether it talks to the container engine: `docker build`, `docker compose run`.
    #[serde(default)]
    pub docker: bool,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal, which was not ours.
    Signal(i32),
    /// By us: its time was over.
    TimedOut,
    /// By us: it had printed nothing for too long.
    Silent,
}

impl Exit {
    /// Whether the command says that all is well.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// One check that really ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Which check it was.
    pub check: Check,
    /// The command line that ran.
    pub command: String,
    /// How it ended.
    pub exit: Exit,
    /// Wall-clock time, in milliseconds.
    pub duration_ms: u64,
    /// The single tests, where the output named them.
    pub tests: Option<TestNames>,
    /// The telling part of the output: bounded, valid UTF-8, secrets removed.
    pub excerpt: String,
}

/// Which single tests passed and failed, by the names that the test runner printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestNames {
    /// Sorted, without doubles.
    pub passed: Vec<String>,
    /// Sorted, without doubles.
    pub failed: Vec<String>,
}

/// The steps that ran on one tree, in order. It stops after the first step that is red
/// and was not red on the base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// What ran.
    pub steps: Vec<Step>,
    /// The examples, where they were tried: on the base all of them, later those that
    /// failed there as they should.
    #[serde(default)]
    pub examples: Vec<Tried>,
}

impl Verification {
    /// The step for `check`, if it ran.
    pub fn step(&self, check: Check) -> Option<&Step> {
        self.steps.iter().find(|step| step.check == check)
    }
}
