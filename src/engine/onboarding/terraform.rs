//! What Terraform has to know of a repository, so that the role trusts its workflows and no
//! others.

use super::{Cloud, ENVIRONMENT, Facts, Seen, Step, Subject, WORKFLOWS};

const NAME: &str = "identity";

/// Whether the `sub` of a workflow's identity token is known.
pub(super) fn step(facts: &Facts, cloud: &Cloud) -> Step {
    let subjects = subjects(facts, &cloud.subject);
    match &cloud.subject {
        Seen::Hidden(words) => Step::warn(
            NAME,
            format!("GitHub does not show which `sub` it sends ({words}): either of its two forms"),
            format!("gh api repos/{}/actions/oidc/customization/sub", facts.repository),
        ),
        Seen::Known(_) if subjects.is_empty() => Step::cannot(
            NAME,
            "the `sub` of its identity tokens is put together in a way of its own, which the \
             role's trust cannot name",
            format!(
                "gh api -X PUT repos/{}/actions/oidc/customization/sub -F use_default=true",
                facts.repository
            ),
        ),
        Seen::Known(_) => Step::done(NAME, format!("sub is {}", subjects.join(" or "))),
    }
}

/// Every `sub` that the workflows may come with; none when it cannot be told.
pub fn subjects(facts: &Facts, subject: &Seen<Subject>) -> Vec<String> {
    let whole = |it: String| format!("{it}:environment:{ENVIRONMENT}");
    prefixes(facts, subject).into_iter().map(whole).collect()
}

/// What every `sub` of the repository begins with, before what it runs for.
fn prefixes(facts: &Facts, subject: &Seen<Subject>) -> Vec<String> {
    let (owner, name) = (facts.repository.owner(), facts.repository.name());
    let by_name = format!("repo:{owner}/{name}");
    let by_number = format!("repo:{owner}@{}/{name}@{}", facts.owner_id, facts.id);
    match subject {
        Seen::Hidden(_) => vec![by_number, by_name],
        // These two claims are what GitHub's own form is made of.
        Seen::Known(it) if !it.default && it.keys != ["repo", "context"] => Vec::new(),
        Seen::Known(it) => vec![match (&it.prefix, it.immutable) {
            (Some(prefix), _) => prefix.trim_end_matches(':').to_owned(),
            (None, Some(true)) => by_number,
            (None, _) => by_name,
        }],
    }
}

/// The entry of this repository for `repositories` in a file of variables for
/// `infra/terraform`, with what its trust comes down to in comments.
pub fn entry(facts: &Facts, cloud: &Cloud) -> String {
    let (repository, branch) = (&facts.repository, &facts.default_branch);
    let list =
        |items: Vec<String>| items.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", ");
    let comment = |what: &str, text: String| format!("    # {what}: {text}\n");
    let mut comments = comment("owner_id", facts.owner_id.to_string());
    for subject in subjects(facts, &cloud.subject) {
        comments.push_str(&comment("sub", subject));
    }
    for (path, _) in WORKFLOWS {
        let workflow = format!("{repository}/{path}@refs/heads/{branch}");
        comments.push_str(&comment("job_workflow_ref", workflow));
    }
    format!(
        "repositories = [\n  {{\n{comments}    name             = {}\n    id               = \"{}\"\n    \
         subject_prefixes = [{}]\n    default_branch   = {}\n  }},\n]\n",
        quoted(&repository.to_string()),
        facts.id,
        list(prefixes(facts, &cloud.subject)),
        quoted(branch),
    )
}

/// A string of HCL. Git allows quotes, dollars and braces in the name of a branch.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace("${", "$${").replace("%{", "%%{"))
}
