//! `backup` and `restore`: all that a worker knows, in one file.

use std::path::PathBuf;

use clap::Args;

use super::output::harmless;
use super::{CliError, Desk, Exit};
use crate::app::{self, AppError};
use crate::database::Database;

#[derive(Debug, Args)]
pub(super) struct BackUp {
    /// The file to write; must not be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// A file that `codingworker backup` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Writes jobs, journals, the embedded queue and the audit to a file, also while a worker works.
pub(super) fn back_up(desk: &Desk<'_>, arguments: &BackUp) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let database = app::database_file(&config);
    if !database.exists() {
        return Err(CliError::not_found(format!(
            "there is nothing to back up: no worker has worked in {} yet",
            config.worker.state_dir.display()
        )));
    }
    let file = desk.options.cwd.join(&arguments.file);
    if let Some(address) = &config.store.address {
        desk.output.note(&format!(
            "jobs are in {}, and not in this file: take those with pg_dump",
            address.shown()
        ));
    }
    let bytes = Database::back_up(&database, &file).map_err(AppError::from)?;
    let shown = file.display().to_string();
    if desk.global.json {
        desk.output.json(&serde_json::json!({"file": shown, "bytes": bytes}))?;
    } else {
        desk.output.print(&format!("{}  {} KiB\n", harmless(&shown), bytes.div_ceil(1024)))?;
    }
    Ok(Exit::Done)
}

/// Puts a backup in the place of what the worker knows, and keeps that aside.
pub(super) fn restore(desk: &Desk<'_>, arguments: &Restore) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let file = desk.options.cwd.join(&arguments.file);
    if !file.is_file() {
        return Err(CliError::not_found(format!("there is no file {}", file.display())));
    }
    // A worker has jobs in hand that the backup knows nothing of.
    let _alone = app::alone(&config)?;
    let database = app::database_file(&config);
    let stamp = chrono::Utc::now().format("%Y%m%dT%H%M%SZ").to_string();
    let kept = Database::restore(&file, &database, &stamp).map_err(AppError::from)?;
    let kept = kept.map(|it| it.display().to_string());
    if desk.global.json {
        let restored = file.display().to_string();
        desk.output.json(&serde_json::json!({"restored": restored, "kept": kept}))?;
        return Ok(Exit::Done);
    }
    desk.output.print(&format!("restored {}\n", harmless(&file.display().to_string())))?;
    if let Some(kept) = kept {
        desk.output.print(&format!("what was there is kept in {}\n", harmless(&kept)))?;
    }
    Ok(Exit::Done)
}
