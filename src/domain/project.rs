//! What a repository says about itself: its `.codingworker.yml`.

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
}
