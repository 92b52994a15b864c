//! The queue: SQS with its attributes, or the file on this machine.

use std::path::Path;
use std::time::Duration;

use super::Finding;
use super::place::is_writable;
use crate::app;
use crate::config::Config;
use crate::database::Database;
use crate::postgres::Postgres;
use crate::queue::postgres::{PostgresQueue, PostgresQueueOptions};
use crate::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use crate::queue::sqs::{SqsFacts, SqsOptions, SqsQueue};
use crate::queue::{Depth, QueueError, TaskQueue};

/// A lease is renewed this often before it ends.
const HEARTBEATS_PER_LEASE: u32 = 5;

/// Asks the queue that the configuration names.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let lease = config.sqs.visibility_timeout;
    let Some(queue_url) = config.sqs.queue_url.clone() else {
        if config.store.address.is_some() {
            return vec![on_server(config).await];
        }
        let path = config.worker.state_dir.join("codingworker.db");
        return vec![judge_embedded(&path, embedded(&path, lease).await)];
    };
    let options = SqsOptions {
        queue_url: queue_url.clone(),
        region: Some(config.sqs.region.clone()),
        wait_time: config.sqs.wait_time,
        visibility: lease,
        endpoint: None,
    };
    let facts = match SqsQueue::connect(options).await {
        Ok(queue) => queue.attributes().await,
        Err(error) => Err(error),
    };
    judge_sqs(&queue_url, facts, lease)
}

/// What is in the database that workers share. A look makes no tables.
async fn on_server(config: &Config) -> Finding {
    let Some(address) = config.store.address.clone() else {
        return Finding::info("queue", "there is none");
    };
    let at = address.shown().to_owned();
    let asked: Result<Option<Depth>, QueueError> = async {
        let postgres = Postgres::connect(address)?;
        match postgres.facts().await?.schema {
            0 => Ok(None),
            _ => {
                let options = PostgresQueueOptions {
                    lease: config.sqs.visibility_timeout,
                    poll: Duration::ZERO,
                    max_receives: u32::MAX,
                };
                PostgresQueue::new(postgres, options).depth().await.map(Some)
            }
        }
    }
    .await;
    match asked {
        Ok(None) => Finding::ok("queue", format!("{at}: made at the first start")),
        Ok(Some(depth)) => judge_embedded(std::path::Path::new(&at), Ok(Some(depth))),
        Err(error) => Finding::fail("queue", error.to_string(), "see `store` above"),
    }
}

/// What is in the file; `None` when there is none yet. A look does not make it.
async fn embedded(path: &Path, lease: Duration) -> Result<Option<Depth>, String> {
    if !path.exists() {
        return Ok(None);
    }
    if !is_writable(path) {
        return Err("this user may not write it".to_owned());
    }
    let file = path.to_owned();
    let database = tokio::task::spawn_blocking(move || Database::open(&file)).await;
    let database = database.map_err(|it| it.to_string())?.map_err(|it| it.to_string())?;
    let options = SqliteQueueOptions {
        lease,
        poll: Duration::ZERO,
        max_receives: u32::MAX,
        wake_path: None,
        clock: app::clock(),
    };
    SqliteQueue::new(database, options).depth().await.map(Some).map_err(|it| it.to_string())
}

fn judge_embedded(path: &Path, found: Result<Option<Depth>, String>) -> Finding {
    let path = path.display();
    match found {
        Ok(None) => Finding::ok("queue", format!("embedded; {path} is made at the first start")),
        Ok(Some(Depth { waiting, in_flight, dead, .. })) => {
            let dead = dead.unwrap_or(0);
            let detail =
                format!("embedded: {waiting} waiting, {in_flight} in flight, {dead} dead letters");
            match dead {
                0 => Finding::ok("queue", detail),
                _ => Finding::warn("queue", detail, "codingworker queue dead".to_owned()),
            }
        }
        Err(why) => Finding::fail(
            "queue",
            format!("{path}: {why}"),
            format!("ls -l {path}; make it yours, or move it away"),
        ),
    }
}

fn judge_sqs(url: &str, facts: Result<SqsFacts, QueueError>, lease: Duration) -> Vec<Finding> {
    let facts = match facts {
        Ok(facts) => facts,
        Err(error) => {
            let remedy = match error {
                QueueError::Unavailable(_) => {
                    "look at the network, `sqs.region` and AWS_ENDPOINT_URL_SQS".to_owned()
                }
                _ => format!(
                    "aws sts get-caller-identity && aws sqs get-queue-attributes --queue-url {url} \
                     --attribute-names All; set AWS_PROFILE and `sqs.queue_url`"
                ),
            };
            return vec![Finding::fail("queue", format!("{url}: {error}"), remedy)];
        }
    };
    let dead = facts.max_receives.map_or("no dead-letter queue".to_owned(), |count| {
        format!("dead letters after {count} receipts")
    });
    let mut findings = vec![Finding::ok(
        "queue",
        format!(
            "SQS {url}: visibility {} s, {dead}, {}; a lease of {} s is renewed every {} s",
            facts.visibility.as_secs(),
            if facts.encrypted { "encrypted" } else { "not encrypted" },
            lease.as_secs(),
            (lease / HEARTBEATS_PER_LEASE).as_secs()
        ),
    )];
    let warnings = facts.warnings.into_iter();
    findings.extend(warnings.map(|it| Finding::warn("queue", it.problem, it.command)));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::queue::sqs::SqsWarning;

    #[test]
    fn dead_letters_are_pointed_out() {
        let path = Path::new("/s/codingworker.db");
        assert_eq!(judge_embedded(path, Ok(None)).status, Status::Ok);
        assert_eq!(judge_embedded(path, Ok(Some(Depth::default()))).status, Status::Ok);
        let dead = Depth { dead: Some(2), ..Depth::default() };
        let dead = judge_embedded(path, Ok(Some(dead)));
        assert_eq!(dead.remedy.as_deref(), Some("codingworker queue dead"));
        assert_eq!(judge_embedded(path, Err("damaged".to_owned())).status, Status::Fail);
    }

    #[test]
    fn each_weakness_of_a_queue_comes_with_its_command() {
        let warning = SqsWarning { problem: "p".to_owned(), command: "aws sqs c".to_owned() };
        let facts = SqsFacts {
            visibility: Duration::from_secs(300),
            max_receives: None,
            dead_letters: None,
            encrypted: false,
            warnings: vec![warning],
        };
        let lease = Duration::from_secs(300);
        let judged = judge_sqs("https://q", Ok(facts), lease);
        let detail = &judged[0].detail;
        assert!(detail.contains("no dead-letter queue, not encrypted"), "{detail}");
        assert!(detail.contains("every 60 s"), "{detail}");
        assert_eq!(judged[1], Finding::warn("queue", "p", "aws sqs c".to_owned()));
        let refused = judge_sqs("https://q", Err(QueueError::Refused("no".to_owned())), lease);
        assert_eq!(refused[0].status, Status::Fail);
        assert!(refused[0].remedy.as_ref().unwrap().contains("get-caller-identity"));
    }
}
