//! Actions, their variables, and their environment.

use super::{
    Branches, Cloud, Deed, ENVIRONMENT, Environment, Facts, QUEUE_URL, REGION, ROLE_ARN, Seen,
    Settings, State, Step, Value, with_more,
};
use crate::domain::task::Repository;

/// Whether workflows run, where something is wrong with that. Only an administrator is told.
pub(super) fn actions(facts: &Facts, cloud: &Cloud) -> Option<Step> {
    let Seen::Known(actions) = &cloud.actions else { return None };
    let page = format!("https://github.com/{}/settings/actions", facts.repository);
    if !actions.enabled {
        return Some(Step::yours("actions", "workflows are switched off", page));
    }
    let only_own = actions.allowed.as_deref() == Some("local_only");
    only_own.then(|| {
        let detail = "workflows may use no actions of others: ours uses aws-actions/configure-aws-credentials";
        Step::yours("actions", detail, page)
    })
}

pub(super) fn variables(facts: &Facts, cloud: &Cloud, settings: &Settings) -> Vec<Step> {
    let wanted = [
        (ROLE_ARN, &settings.role_arn, "--role-arn"),
        (REGION, &settings.region, "--region"),
        (QUEUE_URL, &settings.queue_url, "--queue-url"),
    ];
    let there = match &cloud.variables {
        Seen::Known(there) => there,
        Seen::Hidden(words) => {
            let detail = format!("GitHub does not show them: {words}; it takes \"Variables\"");
            return vec![Step::cannot("variables", detail, with_more(&facts.repository))];
        }
    };
    let one = |(name, value, flag): (&'static str, &Value, &str)| {
        variable(&facts.repository, name, there.get(name), value, flag)
    };
    wanted.into_iter().map(one).collect()
}

fn variable(
    repository: &Repository,
    name: &'static str,
    there: Option<&String>,
    wanted: &Value,
    flag: &str,
) -> Step {
    let step = format!("variable {name}");
    let set = |value: &str| Deed::Variable { name, value: value.to_owned() };
    match (there, wanted) {
        (Some(there), Value::Asked(wanted) | Value::Configured(wanted)) if there == wanted => {
            Step::done(&step, there)
        }
        (Some(there), Value::Unknown) => Step::done(&step, there),
        (Some(there), Value::Asked(wanted)) => {
            Step::todo(&step, format!("change it from {there} to {wanted}"), set(wanted))
        }
        // Another worker's queue may be right: nobody asked for a change of it.
        (Some(there), Value::Configured(own)) => Step::yours(
            &step,
            format!("it is {there}, and this worker's configuration says {own}"),
            format!(
                "change the configuration; or: codingworker setup-repo {repository} {flag} {own}"
            ),
        ),
        (None, Value::Asked(wanted) | Value::Configured(wanted)) => {
            Step::todo(&step, format!("set it to {wanted}"), set(wanted))
        }
        (None, Value::Unknown) => Step::cannot(
            &step,
            format!("its value is not known: give it by {flag}"),
            format!(
                "terraform -chdir=infra/terraform output github_variables, then: codingworker \
                 setup-repo {repository} {flag} VALUE; without AWS: codingworker setup-repo \
                 {repository} --poll"
            ),
        ),
    }
}

/// What a person types to set one.
pub(super) fn by_hand(repository: &Repository, name: &str, value: &str) -> String {
    format!("gh variable set {name} --repo {repository} --body '{value}'")
}

pub(super) fn environment(facts: &Facts, cloud: &Cloud) -> Step {
    let branch = &facts.default_branch;
    let step = format!("environment {ENVIRONMENT}");
    let page = environment_page(&facts.repository);
    let found = match &cloud.environment {
        Seen::Known(found) => found,
        Seen::Hidden(words) => {
            let detail = format!("GitHub does not show it: {words}; it takes \"Actions: read\"");
            return Step::cannot(&step, detail, with_more(&facts.repository));
        }
    };
    let limit = |detail: String| {
        let deed = Deed::Environment { branch: branch.clone() };
        // What a private repository's plan allows shows only when it is tried.
        let state = if facts.public { State::Todo } else { State::Better };
        Step { state, ..Step::todo(&step, detail, deed) }
    };
    match found {
        None => limit(format!("make it, for the branch {branch} alone")),
        Some(Environment { waits: true, .. }) => {
            let detail = "each task waits there for a person or for a time, as its rules say";
            Step::warn(&step, detail, page)
        }
        Some(Environment { branches: Branches::All, .. }) => {
            limit(format!("every branch may use it: limit it to {branch}"))
        }
        Some(Environment { branches: Branches::Protected, .. }) => {
            let detail = format!("protected branches may use it, of which {branch} has to be one");
            Step::warn(&step, detail, page)
        }
        Some(Environment { branches: Branches::Named(names), .. }) => {
            if !names.contains(branch) {
                return limit(format!("let the branch {branch} use it"));
            }
            if names.len() > 1 {
                let detail =
                    format!("more branches than {branch} may use it: {}", names.join(", "));
                return Step::warn(&step, detail, page);
            }
            Step::done(&step, format!("the branch {branch} alone may use it"))
        }
    }
}

/// Where a person sets it up.
pub(super) fn environment_page(repository: &Repository) -> String {
    format!("https://github.com/{repository}/settings/environments")
}

/// The region that a queue's URL names, as `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
pub fn region_of(queue_url: &str) -> Option<&str> {
    let host = queue_url.strip_prefix("https://")?.split(['/', ':']).next()?;
    let rest = host.strip_suffix(".amazonaws.com").or(host.strip_suffix(".amazonaws.com.cn"))?;
    let region = rest.strip_prefix("sqs.").or(rest.strip_prefix("sqs-fips."))?;
    (!region.is_empty() && !region.contains('.')).then_some(region)
}
