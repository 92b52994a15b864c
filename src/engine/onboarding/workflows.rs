//! The workflow files, and the pull request that brings them.

use super::diff::diff;
use super::{BRANCH, Cloud, Deed, Facts, Step, WORKFLOWS, are_shipped, with_more};
use crate::domain::task::Repository;

const NAME: &str = "workflows";

pub(super) fn step(facts: &Facts, cloud: &Cloud) -> Step {
    let branch = &facts.default_branch;
    if are_shipped(&cloud.files) {
        return Step::done(NAME, format!("those of this version are on {branch}"));
    }
    let open = cloud.proposal.as_ref().and_then(|it| Some((it, it.pull.as_ref()?)));
    if let Some((proposal, pull)) = open
        && are_shipped(&proposal.files)
    {
        let detail = format!("pull request #{} brings them, and is not merged", pull.number);
        return Step::yours(NAME, detail, format!("look at it and merge it: {}", pull.url));
    }
    let detail = match open {
        Some((_, pull)) => format!("bring pull request #{} up to date", pull.number),
        None if WORKFLOWS.iter().any(|(path, _)| cloud.files.contains_key(*path)) => {
            format!("open a pull request from {BRANCH}: those on {branch} are of another version")
        }
        None => format!("open a pull request from {BRANCH} that adds them"),
    };
    let step = match facts.token.lacks("workflow") {
        true => Step::cannot(
            NAME,
            format!("{detail}: the token has not got the scope `workflow`"),
            with_more(&facts.repository),
        ),
        false => Step::todo(NAME, detail, Deed::Propose { base: branch.clone() }),
    };
    Step { diff: Some(differences(cloud)), ..step }
}

/// From the default branch to what is shipped.
fn differences(cloud: &Cloud) -> String {
    let one = |(path, shipped): &(&str, &str)| {
        let there = cloud.files.get(*path);
        let lines = diff(there.map_or("", String::as_str), shipped);
        let before = there.map_or("/dev/null".to_owned(), |_| format!("a/{path}"));
        match lines.is_empty() {
            true => String::new(),
            false => format!("--- {before}\n+++ b/{path}\n{lines}"),
        }
    };
    WORKFLOWS.iter().map(one).collect()
}

/// What a person types who has no use any more for what is left of an earlier pull request.
pub(super) fn delete_branch(repository: &Repository) -> String {
    format!("gh api -X DELETE repos/{repository}/git/refs/heads/{BRANCH}; then run it again")
}
