//! Health, metrics and traces of a worker.

use std::sync::Arc;

use tokio::sync::mpsc;

use self::face::WorkerFace;
use self::following::Follower;
use super::AppError;
use super::beside::Beside;
use crate::config::Listen;
use crate::http::listen::{self, Place};
use crate::{http, telemetry::traces};

mod face;
mod following;
mod kept;
mod tracing_jobs;

/// Jobs whose traces wait to be sent. A collector that is away costs traces, and nothing else.
const WAITING: usize = 64;

/// Starts to count, to send traces, and to answer over HTTP.
///
/// # Errors
/// When the operator named a place to listen at that cannot be had.
pub(super) async fn start(beside: &Beside) -> Result<(), AppError> {
    let (over, to_trace) = mpsc::channel(WAITING);
    // Before anything can happen.
    let follower = Follower::new(beside, over);
    beside.tasks.spawn(follower.follow(beside.news.subscribe()));
    let worker = beside.config.now().worker.worker_id.clone();
    let sender = traces::Sender::new(&worker, beside.redactor.clone());
    beside.tasks.spawn(tracing_jobs::send(beside.clone(), sender, to_trace));
    serve(beside).await
}

async fn serve(beside: &Beside) -> Result<(), AppError> {
    let config = beside.config.now();
    let place = match &config.http.listen {
        Listen::Off => return Ok(()),
        Listen::Address(address) => Place::Address(*address),
        Listen::Socket(path) => Place::Socket(path.clone()),
    };
    match listen::on(&place).await {
        Ok(listener) => {
            tracing::info!(at = %listener.place(), "serving /healthz, /readyz and /metrics");
            let face = Arc::new(WorkerFace::new(beside));
            beside.tasks.spawn(http::serve(listener, face, beside.over.clone()));
            Ok(())
        }
        Err(source) if config.http.named => {
            Err(AppError::Listen { place: place.to_string(), source })
        }
        // Nobody asked for this very address: another worker of this machine may have it.
        Err(error) => {
            tracing::warn!(
                "no /healthz and no /metrics for this worker: {place} cannot be had ({error}); \
                 `http.listen` names another place for it"
            );
            Ok(())
        }
    }
}
