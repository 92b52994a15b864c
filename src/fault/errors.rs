//! What an injected fault looks like in each room: as the error that the room has for the real
//! thing, so that the code above it cannot tell the two apart.

use std::io;

use super::Injected;
use crate::audit::AuditError;
use crate::code_host::HostError;
use crate::database::DatabaseError;
use crate::docker::DockerError;
use crate::notify::NotifyError;
use crate::process::ProcessError;
use crate::queue::QueueError;
use crate::store::StoreError;
use crate::workspace::WorkspaceError;

/// A full disk: what the disk says most often.
impl From<Injected> for io::Error {
    fn from(it: Injected) -> Self {
        Self::new(io::ErrorKind::StorageFull, it)
    }
}

/// `SQLITE_IOERR`.
impl From<Injected> for DatabaseError {
    fn from(it: Injected) -> Self {
        Self::Unreached(it.to_string())
    }
}

impl From<Injected> for StoreError {
    fn from(it: Injected) -> Self {
        Self::Database(it.into())
    }
}

impl From<Injected> for AuditError {
    fn from(it: Injected) -> Self {
        Self::Database(it.into())
    }
}

/// The service is away, or its reply was lost.
impl From<Injected> for QueueError {
    fn from(it: Injected) -> Self {
        Self::Unavailable(it.to_string())
    }
}

/// The code host is away, or its reply was lost.
impl From<Injected> for HostError {
    fn from(it: Injected) -> Self {
        Self::Unavailable(it.to_string())
    }
}

/// git's remote is away when the point is in its talk; else the disk is full.
impl From<Injected> for WorkspaceError {
    fn from(it: Injected) -> Self {
        match super::class_of(&it.0) {
            Some(super::Class::Network) => {
                Self::Unavailable { repository: "the repository".into(), message: it.to_string() }
            }
            _ => Self::NoSpace(it.to_string()),
        }
    }
}

/// No more processes.
impl From<Injected> for ProcessError {
    fn from(it: Injected) -> Self {
        let program = it.0.clone();
        Self::NotStarted { program, source: io::Error::new(io::ErrorKind::WouldBlock, it) }
    }
}

impl From<Injected> for DockerError {
    fn from(it: Injected) -> Self {
        Self::Away { endpoint: it.0.clone(), message: it.to_string() }
    }
}

impl From<Injected> for NotifyError {
    fn from(it: Injected) -> Self {
        Self::Unreachable(it.to_string())
    }
}
