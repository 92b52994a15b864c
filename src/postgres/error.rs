//! What can be wrong with the server, and who is to blame.

use std::error::Error as _;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use super::{Address, Error};
use crate::domain::job::Fault;

/// What can be wrong with the database on a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresError {
    /// Nobody answers, or not now.
    #[error("the database {at} is away: {reason}")]
    Away {
        /// Its address, without a password.
        at: String,
        /// What happened.
        reason: String,
    },
    /// It answers, and will say the same the next time.
    #[error("the database {at} refused: {reason}")]
    Refused {
        /// Its address, without a password.
        at: String,
        /// What it said.
        reason: String,
    },
    /// A later version has changed the schema.
    #[error(
        "the database {at} was written by a newer codingworker (its schema is version {found}, \
         this program knows {known}): run the newer program, or set store.url to another database"
    )]
    TooNew {
        /// Its address, without a password.
        at: String,
        /// The schema's version in it.
        found: i64,
        /// The newest that we know.
        known: usize,
    },
    /// It went away while it was writing, and does not say what became of that.
    #[error(
        "the database {at} went away in the middle of a write, and it is not known whether the \
         write is there: {reason}"
    )]
    Unsure {
        /// Its address, without a password.
        at: String,
        /// What happened.
        reason: String,
    },
    /// Anything else.
    #[error("the database {at} failed: {reason}")]
    Failed {
        /// Its address, without a password.
        at: String,
        /// What it said.
        reason: String,
    },
    /// The process is ending.
    #[error("the database's connections are closed")]
    Closed,
}

impl PostgresError {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Away { .. } | Self::Unsure { .. } => Fault::Transient,
            Self::Refused { .. } | Self::TooNew { .. } | Self::Failed { .. } => Fault::Permanent,
            Self::Closed => Fault::Interrupted,
        }
    }

    /// Whether nothing was written and the next try may go better.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Self::Away { .. })
    }
}

impl Address {
    pub(super) fn away(&self, reason: String) -> PostgresError {
        PostgresError::Away { at: self.shown().to_owned(), reason }
    }

    pub(super) fn refused(&self, reason: String) -> PostgresError {
        PostgresError::Refused { at: self.shown().to_owned(), reason }
    }

    pub(super) fn unsure(&self, error: &PostgresError) -> PostgresError {
        PostgresError::Unsure { at: self.shown().to_owned(), reason: error.to_string() }
    }
}

/// Whether this answer to `COMMIT` says that nothing was written. A backend that is terminated
/// may have committed before it said so.
pub(super) fn is_decided(error: &Error) -> bool {
    error.code().is_some_and(|code| ["40", "23"].contains(&&code.code()[..2]))
}

pub(super) fn pool(at: &Address, error: &PoolError) -> PostgresError {
    match error {
        PoolError::Backend(error) => judge(at, error),
        PoolError::PostCreateHook(deadpool_postgres::HookError::Backend(error)) => judge(at, error),
        PoolError::Timeout(_) => at.away("no connection could be had in time".to_owned()),
        PoolError::Closed => PostgresError::Closed,
        other => at.away(other.to_string()),
    }
}

/// An error of the driver in our words.
pub(super) fn judge(at: &Address, error: &Error) -> PostgresError {
    let shown = at.shown().to_owned();
    let Some(said) = error.as_db_error() else {
        let reason = with_causes(error);
        return match is_of_the_address(error) {
            true => PostgresError::Refused { at: shown, reason },
            false => PostgresError::Away { at: shown, reason },
        };
    };
    let reason = match said.hint() {
        Some(hint) => format!("{} ({hint})", said.message()),
        None => said.message().to_owned(),
    };
    let code = said.code();
    let passes = [
        SqlState::QUERY_CANCELED,
        SqlState::LOCK_NOT_AVAILABLE,
        // The server that we reached has become a standby.
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    match &code.code()[..2] {
        // Connections, the operator's hand, full disks and too many clients, rollbacks, disks.
        "08" | "57" | "53" | "40" | "58" => PostgresError::Away { at: shown, reason },
        _ if passes.contains(code) => PostgresError::Away { at: shown, reason },
        "28" | "3D" | "3F" => PostgresError::Refused { at: shown, reason },
        _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
            PostgresError::Refused { at: shown, reason }
        }
        _ if *code == SqlState::UNDEFINED_TABLE => {
            let reason = format!("{reason}: this user may not see the schema, or it is gone");
            PostgresError::Refused { at: shown, reason }
        }
        other => {
            let reason = format!("{reason} (SQLSTATE {}, class {other})", code.code());
            PostgresError::Failed { at: shown, reason }
        }
    }
}

/// A certificate that is not taken, or a server without TLS: no second try changes that. Of these
/// the driver tells only by what is inside.
fn is_of_the_address(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        let io = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if io.is_some_and(|it| it.is::<rustls::Error>()) || inner.is::<rustls::Error>() {
            return true;
        }
        cause = inner.source();
    }
    let words = error.to_string();
    let kinds = ["invalid configuration", "authentication error"];
    let without_tls =
        error.source().is_some_and(|it| it.to_string().contains("server does not support TLS"));
    without_tls || kinds.iter().any(|it| words.starts_with(it))
}

fn with_causes(error: &Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        cause = inner.source();
    }
    words
}
