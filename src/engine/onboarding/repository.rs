//! The token, the repository itself, and its labels.

use super::{Deed, Facts, Label, Seen, Step, with_more};

/// Token and repository.
pub(super) fn steps(facts: &Facts) -> Vec<Step> {
    let name = &facts.repository;
    let mut steps = vec![token(facts)];
    if facts.archived {
        let remedy = format!("gh repo unarchive {name}");
        let detail = format!("{name} is archived: nobody can change it");
        steps.push(Step::cannot("repository", detail, remedy));
        return steps;
    }
    if !facts.may_push {
        let detail = format!("the token may not push to {name}");
        let remedy = format!(
            "give the token's account write access to {name}, and the token the permissions \
             \"Contents\", \"Issues\" and \"Pull requests\": read and write"
        );
        steps.push(Step::cannot("repository", detail, remedy));
        return steps;
    }
    let sort = if facts.public { "public" } else { "private" };
    let detail = format!("{name}, {sort}, default branch {}", facts.default_branch);
    steps.push(Step::done("repository", detail));
    if !facts.has_issues {
        let remedy = format!("gh repo edit {name} --enable-issues");
        steps.push(Step::cannot("issues", format!("{name} has no issues"), remedy));
    }
    steps
}

/// Who it is, and what is known to be missing. What a fine-grained token may change shows only
/// when it is asked to.
fn token(facts: &Facts) -> Step {
    let who = facts.token.login.as_deref().map_or("an App's installation".to_owned(), |login| {
        let role = if facts.admin { "administrator" } else { "no administrator" };
        format!("of {login}, {role} of {}", facts.repository)
    });
    let missing = missing(facts);
    if missing.is_empty() {
        return Step::done("token", who);
    }
    let detail = format!("{who}; it has not got {}", missing.join(", "));
    Step::warn("token", detail, with_more(&facts.repository))
}

fn missing(facts: &Facts) -> Vec<&'static str> {
    let mut missing = Vec::new();
    if facts.token.lacks("repo") && (!facts.public || facts.token.lacks("public_repo")) {
        missing.push("the scope `repo`");
    }
    let Some(cloud) = &facts.cloud else { return missing };
    if facts.token.lacks("workflow") {
        missing.push("the scope `workflow`");
    }
    if matches!(cloud.variables, Seen::Hidden(_)) {
        missing.push("\"Variables\"");
    }
    if matches!(cloud.environment, Seen::Hidden(_)) || matches!(cloud.subject, Seen::Hidden(_)) {
        missing.push("\"Actions: read\"");
    }
    if !facts.admin {
        missing.push("\"Administration\" (environments)");
    }
    missing
}

/// A label's colour and words are people's own: one that is there is right.
pub(super) fn label(facts: &Facts, label: &Label) -> Step {
    let name = format!("label {}", label.name);
    match facts.labels.iter().any(|it| it.eq_ignore_ascii_case(label.name)) {
        true => Step::done(&name, "is there"),
        false => Step::todo(&name, format!("make it: {}", label.description), Deed::Label(*label)),
    }
}
