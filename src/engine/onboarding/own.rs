//! The worker's own side: whether its configuration knows the repository.

use super::{Facts, Step, Way};

/// What the worker's configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Whether `trust.repositories` names it; `None` when that is empty, which means every one.
    pub trusted: Option<bool>,
    /// What `trust.native` says.
    pub native: &'static str,
    /// Whether `poll.github` is on.
    pub polls: bool,
    /// Whether the poller looks at it.
    pub polled: bool,
    /// `sqs.queue_url`.
    pub queue_url: Option<String>,
    /// What the queue said when it was asked; `None` when it was not.
    pub queue: Option<Result<(), String>>,
}

/// What is right, and what is left to do, in the worker's configuration.
pub fn own(facts: &Facts, way: &Way, own: &Own) -> Vec<Step> {
    let mut steps = vec![trusted(facts, own)];
    if facts.public {
        steps.push(public(facts, own));
    }
    steps.push(match way {
        Way::Poll => poll(facts, own),
        Way::Queue(_) => queue(facts, own),
    });
    if matches!(way, Way::Queue(_)) && own.polls && own.polled {
        steps.push(both(facts));
    }
    steps
}

/// A comment is known by its number, whichever way it comes. A labelling has none in the event that
/// a workflow gets, so the poller cannot know it again.
fn both(facts: &Facts) -> Step {
    let name = &facts.repository;
    Step::warn(
        "poll",
        format!("the worker asks GitHub about {name} too: a label may become a task by each way"),
        format!("set poll: {{github: false}} in config.yaml, or delete ai-task.yml in {name}"),
    )
}

fn trusted(facts: &Facts, own: &Own) -> Step {
    let (step, name) = ("trust.repositories", &facts.repository);
    match own.trusted {
        Some(true) => Step::done(step, format!("names {name}")),
        None => Step::done(step, "is empty: every repository that the token may push to"),
        Some(false) => Step::yours(
            step,
            format!("does not name {name}: its tasks are refused"),
            format!("add it in config.yaml: trust: {{repositories: [{name}]}}"),
        ),
    }
}

/// Anybody may write an issue of a public repository, and the work on one runs its code.
fn public(facts: &Facts, own: &Own) -> Step {
    let detail = match own.native {
        "always" => {
            "this repository is public and `trust.native` is `always`: where this machine has no \
             cage, code of strangers may run without one"
        }
        "never" => {
            "this repository is public; `trust.native` is `never`: its checks run in a cage only"
        }
        _ => {
            "this repository is public; `trust.native` is `private`: its checks run in a cage \
             only, and where this machine has none its tasks are refused"
        }
    };
    let remedy = match own.native {
        "always" => "set trust: {native: private} in config.yaml".to_owned(),
        _ => format!("codingworker doctor --repo {} tells what this machine has", facts.repository),
    };
    Step::warn("trust.native", detail, remedy)
}

fn poll(facts: &Facts, own: &Own) -> Step {
    let (step, name) = ("poll", &facts.repository);
    let lines = format!("in config.yaml: poll: {{github: true, repositories: [{name}]}}");
    match (own.polls, own.polled) {
        (true, true) => Step::done(step, format!("the worker asks GitHub about {name}")),
        (true, false) => Step::yours(step, format!("the worker does not ask about {name}"), lines),
        (false, true) => Step::yours(
            step,
            "the worker asks GitHub about nothing",
            "in config.yaml: poll: {github: true}; or: codingworker serve --poll-github",
        ),
        (false, false) => Step::yours(step, "the worker asks GitHub about nothing", lines),
    }
}

fn queue(facts: &Facts, own: &Own) -> Step {
    let step = "sqs.queue_url";
    let there = facts.cloud.as_ref().and_then(|it| match &it.variables {
        super::Seen::Known(it) => it.get(super::QUEUE_URL),
        super::Seen::Hidden(_) => None,
    });
    let Some(url) = &own.queue_url else {
        let url = there.map_or("URL", String::as_str);
        let remedy = format!("in config.yaml: sqs: {{queue_url: {url}}}");
        return Step::yours(step, "is empty: the worker has a queue of its own alone", remedy);
    };
    match &own.queue {
        Some(Err(words)) => Step::yours(
            step,
            format!("{url} does not answer this worker: {words}"),
            "codingworker doctor tells what to type",
        ),
        Some(Ok(())) => Step::done(step, format!("{url} answers")),
        None => Step::done(step, url),
    }
}
