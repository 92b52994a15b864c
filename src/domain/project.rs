//! What a repository says about itself: its `.codingworker.yml`.

use serde::{Deserialize, Serialize};

/// How the repository wants to be checked. Each command is a shell line; a check that is left
/// out does not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFile {
    /// Does it compile, or parse?
    pub build: Option<String>,
    /// Does it follow the project's own rules?
    pub lint: Option<String>,
    /// Does it do what its tests say?
    pub test: Option<String>,
    /// Rewrites files into the project's own layout.
    pub format: Option<String>,
    /// What may be pushed to it.
    pub gate: Narrowing,
    /// Brings in what the checks need, with the network, before they run without it.
    pub prepare: Option<Prepare>,
    /// The image that the commands run in.
    pub image: Option<String>,
    /// The Dockerfile, from the repository's root, of the image that the commands run in.
    pub dockerfile: Option<String>,
    /// Which commands talk to the container engine, where that cannot be told from their words.
    pub docker: DockerSteps,
}

/// The repository's own way to bring in what its checks need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prepare {
    /// A shell line. It puts what it brings below `$DEPS_DIR`.
    pub command: String,
    /// The files that it needs, from the repository's root. Empty: all of them.
    pub files: Vec<String>,
    /// What the checks get in their environment; `${DEPS_DIR}` stands for where it is.
    pub env: Vec<(String, String)>,
}

/// `docker: true` or `false` of a step. `None`: when its command names `docker`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DockerSteps {
    /// Of `build`.
    pub build: Option<bool>,
    /// Of `lint`.
    pub lint: Option<bool>,
    /// Of `test`.
    pub test: Option<bool>,
}

/// How a repository narrows the gate before a push. It can only narrow what the operator allows:
/// a larger number has no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Narrowing {
    /// Files that may change.
    pub max_files: Option<u64>,
    /// Lines that may be added and removed, together.
    pub max_lines: Option<u64>,
    /// Bytes that may be added, in all files together.
    pub max_bytes: Option<u64>,
    /// Bytes that may be added in one file.
    pub max_file_bytes: Option<u64>,
    /// Files that may be removed.
    pub max_deletions: Option<u64>,
    /// Patterns of paths that no push may touch, beside those that are protected anyway.
    pub protect: Vec<String>,
}
