//! `codingworker setup-repo`: connects a repository, or says what is left to do.
//!
//! The list is made by `engine::onboarding` from what is there; this file asks, does and shows.

use std::time::Duration;

use clap::Args;

use crate::app::{self, AppError};
use crate::code_host::HostError;
use crate::code_host::github::GitHub;
use crate::config::{Allowed, Config, Language, Native};
use crate::domain::task::Repository;
use crate::engine::onboarding::{self, Deed, Facts, Own, Settings, State, Step, Value, Way, words};
use crate::engine::report;
use crate::queue::sqs::{SqsOptions, SqsQueue};
use crate::redact::Redactor;

use super::{CliError, Desk, Exit, answer};
use shown::{Mode, Report};

mod shown;

/// How long the queue may take to answer.
const QUEUE_DEADLINE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which repository
    #[arg(value_name = "OWNER/NAME")]
    repository: Repository,
    /// Change nothing; show each step, and what would change in workflow files
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,
    /// Change nothing; leave with 0 when all is right, with 1 when something is left to do
    #[arg(long)]
    check: bool,
    /// The way without AWS: the worker asks GitHub itself, so that labels are enough
    #[arg(long, conflicts_with_all = ["role_arn", "region", "queue_url"])]
    poll: bool,
    /// The role by which the workflows send tasks, as Terraform prints it
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// The queue's region [default: the one in the queue's URL, else `sqs.region`]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The queue that the workflows send to [default: `sqs.queue_url`]
    #[arg(long, value_name = "URL")]
    queue_url: Option<String>,
}

pub(super) fn run(desk: &Desk<'_>, arguments: &Arguments) -> Result<Exit, CliError> {
    let config = desk.config()?;
    let _logging = desk.logging(&config, false)?;
    if app::folder(&config).is_some() {
        return Err(CliError::usage(format!(
            "`github.git_url` is {}, a folder of repositories, where there is nothing to connect: \
             setup-repo is for repositories of GitHub",
            config.github.git_url
        )));
    }
    let way = match arguments.poll {
        true => Way::Poll,
        false => Way::Queue(settings(arguments, &config)?),
    };
    answer(connect(desk, arguments, &config, way))
}

async fn connect(
    desk: &Desk<'_>,
    arguments: &Arguments,
    config: &Config,
    way: Way,
) -> Result<Exit, CliError> {
    let mode = match arguments {
        Arguments { check: true, .. } => Mode::Check,
        Arguments { dry_run: true, .. } => Mode::DryRun,
        _ => Mode::Run,
    };
    let github = app::github(config)?;
    let token = github.credentials().await.map_err(said)?;
    let cloud = way != Way::Poll;
    let facts = github.survey(&arguments.repository, &token, cloud).await.map_err(said)?;
    let mut steps = onboarding::plan(&facts, &way);
    let mut trouble = None;
    if mode == Mode::Run {
        (steps, trouble) = carry_out(&github, &facts, steps, config.worker.language).await;
    }
    if facts.may_push && !facts.archived {
        steps.extend(onboarding::own(&facts, &way, &own(config, &facts, cloud).await));
    }
    let report = Report::new(mode, &facts, steps);
    report.hushed(&Redactor::new(config.secrets())).show(desk.output)?;
    if let Some(error) = trouble {
        return Err(said(error));
    }
    Ok(report.exit())
}

/// What the flags say, else the configuration.
fn settings(arguments: &Arguments, config: &Config) -> Result<Settings, CliError> {
    let asked = |it: &Option<String>| it.clone().map_or(Value::Unknown, Value::Asked);
    if let Some(arn) = &arguments.role_arn
        && !is_role(arn)
    {
        return Err(CliError::usage(format!(
            "--role-arn {arn} is no role: expected arn:aws:iam::ACCOUNT:role/NAME"
        )));
    }
    if let Some(url) = &arguments.queue_url
        && (!url.starts_with("https://") || url.ends_with(".fifo") || url.contains(['\'', ' ']))
    {
        return Err(CliError::usage(format!(
            "--queue-url {url} is no standard queue's: expected \
             https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"
        )));
    }
    let named = arguments.queue_url.as_deref().and_then(onboarding::region_of);
    if let (Some(named), Some(region)) = (named, &arguments.region)
        && named != region
    {
        return Err(CliError::usage(format!(
            "--queue-url is in {named}, and --region says {region}"
        )));
    }
    let own_url = config.sqs.queue_url.as_ref();
    let own_region = own_url.map(|url| {
        let named = onboarding::region_of(url).map(str::to_owned);
        named.unwrap_or_else(|| config.sqs.region.clone())
    });
    let or = |it: Value, own: Option<String>| match (it, own) {
        (Value::Unknown, Some(own)) => Value::Configured(own),
        (it, _) => it,
    };
    let region = arguments.region.clone().or(named.map(str::to_owned));
    Ok(Settings {
        role_arn: asked(&arguments.role_arn),
        region: or(asked(&region), own_region),
        queue_url: or(asked(&arguments.queue_url), own_url.cloned()),
    })
}

/// `arn:aws:iam::123456789012:role/NAME`, in any of AWS's partitions.
fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts.as_slice() else { return false };
    let plain = |it: char| it.is_ascii_alphanumeric() || "+=,.@_-/".contains(it);
    partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|it| it.is_ascii_digit())
        && role.strip_prefix("role/").is_some_and(|it| !it.is_empty() && it.chars().all(plain))
}

/// Does what is to be done, one after the other, until GitHub cannot be reached.
async fn carry_out(
    github: &GitHub,
    facts: &Facts,
    steps: Vec<Step>,
    language: Language,
) -> (Vec<Step>, Option<HostError>) {
    let language = match language {
        Language::English => report::Language::En,
        Language::Japanese => report::Language::Ja,
    };
    let (title, body) = (words::title(language), words::body(language));
    let (mut done, mut trouble) = (Vec::new(), None);
    for step in steps {
        let Some(deed) = step.deed.clone().filter(|_| trouble.is_none()) else {
            done.push(step);
            continue;
        };
        match github.carry_out(&facts.repository, &deed, (title, &body)).await {
            Ok(pull) => done.push(did(step, &deed, pull.map(|it| (it.number, it.url)))),
            Err(HostError::Refused { status, message }) => {
                done.push(onboarding::refused(step, facts, status, &message));
            }
            Err(HostError::NotFound(words)) => {
                done.push(onboarding::refused(step, facts, 404, &format!("no access to {words}")));
            }
            Err(error) => {
                trouble = Some(error);
                done.push(step);
            }
        }
    }
    (done, trouble)
}

/// The step when it is done.
fn did(step: Step, deed: &Deed, pull: Option<(u64, String)>) -> Step {
    let (detail, remedy) = match (deed, pull) {
        (Deed::Propose { .. }, Some((number, url))) => (
            format!("pull request #{number} brings them"),
            Some(format!("look at it and merge it: {url}")),
        ),
        (Deed::Variable { value, .. }, _) => (value.clone(), None),
        (Deed::Environment { branch }, _) => {
            (format!("the branch {branch} alone may use it"), None)
        }
        _ => ("made".to_owned(), None),
    };
    Step { state: State::Did, detail, remedy, diff: None, deed: None, ..step }
}

/// What the worker's own configuration says of the repository.
async fn own(config: &Config, facts: &Facts, cloud: bool) -> Own {
    let trust = &config.trust.repositories;
    let names = |it: &Allowed| it.is(&facts.repository, Some(facts.id));
    let trusted = (!trust.is_empty()).then(|| trust.iter().any(names));
    let polled = match config.poll.repositories.as_slice() {
        [] => trusted == Some(true),
        list => list.iter().any(|it| Allowed::Name(it.clone()).is(&facts.repository, None)),
    };
    let native = Native::ALL.iter().find(|(_, it)| *it == config.trust.native);
    let queue = match &config.sqs.queue_url {
        Some(url) if cloud => Some(queue(config, url).await),
        _ => None,
    };
    Own {
        trusted,
        native: native.map_or("", |(name, _)| name),
        polls: config.poll.github,
        polled,
        queue_url: config.sqs.queue_url.clone(),
        queue,
    }
}

/// Whether the worker's queue answers.
async fn queue(config: &Config, url: &str) -> Result<(), String> {
    let options = SqsOptions {
        queue_url: url.to_owned(),
        region: Some(config.sqs.region.clone()),
        wait_time: config.sqs.wait_time,
        visibility: config.sqs.visibility_timeout,
        endpoint: None,
    };
    let ask = async { SqsQueue::connect(options).await?.attributes().await };
    match tokio::time::timeout(QUEUE_DEADLINE, ask).await {
        Ok(asked) => asked.map(|_| ()).map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", QUEUE_DEADLINE.as_secs())),
    }
}

/// How the program ends when GitHub does not answer what everything else rests on.
fn said(error: HostError) -> CliError {
    match error {
        HostError::NotFound(_) => CliError::not_found(error.to_string()),
        HostError::Misconfigured(_) | HostError::RateLimited { .. } => {
            CliError::missing(error.to_string())
        }
        error => CliError::from(AppError::from(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_told_from_other_arns() {
        for good in [
            "arn:aws:iam::123456789012:role/codingworker-sender",
            "arn:aws-cn:iam::123456789012:role/path/to/sender",
        ] {
            assert!(is_role(good), "{good}");
        }
        for bad in [
            "",
            "codingworker-sender",
            "arn:aws:iam::12345678901:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/x y",
            "arn:aws:sqs:eu-west-1:123456789012:tasks",
        ] {
            assert!(!is_role(bad), "{bad}");
        }
    }
}
