//! How a command ends.

use std::process::ExitCode;

use crate::config::ConfigError;

/// The exit codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Something it needs is missing or unreachable.
    Missing = 3,
    /// No such job, task or file.
    NotFound = 4,
    /// Somebody pressed Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Something is wrong; the words are for a person.
    #[error("{message}")]
    Said {
        /// How the process ends.
        exit: Exit,
        /// What happened, to which thing, and what to do next.
        message: String,
    },
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Whoever read our output has gone away. Nothing to say, and nobody to say it to.
    #[error("nobody reads the output any more")]
    ReaderGone,
}

impl CliError {
    /// It failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Said { exit: Exit::Failed, message: message.into() }
    }

    /// It was asked in a way that has no answer.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Said { exit: Exit::Usage, message: message.into() }
    }

    /// Something it needs is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::Said { exit: Exit::Missing, message: message.into() }
    }

    /// What it was asked about is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::Said { exit: Exit::NotFound, message: message.into() }
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Said { exit, .. } => *exit,
            Self::Config(_) => Exit::Usage,
            Self::ReaderGone => Exit::Done,
        }
    }
}
