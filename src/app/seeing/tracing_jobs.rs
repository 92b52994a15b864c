//! Sends the trace of each job that is over, and never lets anybody wait for it.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::app::beside::Beside;
use crate::domain::job::JobId;
use crate::store::Found;
use crate::telemetry::traces::{Collector, Sender};

/// A collector that is away is said once in this time.
const SAID: Duration = Duration::from_secs(600);
/// How long traces may still be sent when the worker stops.
const LAST: Duration = Duration::from_secs(3);

pub(super) async fn send(beside: Beside, mut sender: Sender, mut over: mpsc::Receiver<JobId>) {
    let mut said = None::<Instant>;
    let stop = beside.over.clone();
    let sending = async {
        while let Some(job) = over.recv().await {
            let Some(collector) = collector(&beside) else { continue };
            let result = one(&beside, &mut sender, &collector, &job).await;
            beside.metrics.count_trace(if result.is_ok() { "sent" } else { "failed" });
            if let Err(error) = result
                && said.is_none_or(|it| it.elapsed() > SAID)
            {
                said = Some(Instant::now());
                tracing::warn!(job = %job, "{error}; this is said once in ten minutes");
            }
        }
    };
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST).await;
    };
    tokio::select! {
        () = sending => {}
        () = patience => tracing::warn!("the last traces were not sent in time"),
    }
}

/// Where traces go now: a reload may have changed it.
fn collector(beside: &Beside) -> Option<Collector> {
    let otel = &beside.config.now().otel;
    let endpoint = otel.endpoint.clone()?;
    Some(Collector { endpoint, headers: otel.headers.clone() })
}

async fn one(
    beside: &Beside,
    sender: &mut Sender,
    collector: &Collector,
    job: &JobId,
) -> Result<(), String> {
    let found = beside.store.find(&job.0).await.map_err(|error| error.to_string())?;
    let Found::One(job) = found else { return Err(format!("job {job} is not in the store")) };
    let records = beside.store.records(&job.id).await.map_err(|error| error.to_string())?;
    sender.send(collector, &job, &records).await.map_err(|error| error.to_string())
}
