//! The code host: whether it takes the token, what that may do, and what its clock says.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};

use super::Finding;
use crate::app;
use crate::code_host::github::{GitHub, GitHubOptions, Permissions, TokenFacts, TokenKind};
use crate::code_host::{CodeHost, HostError, RepositoryFacts};
use crate::config::{Allowed, Config, Native};
use crate::domain::task::Repository;
use crate::domain::time::Timestamp;
use crate::domain::verification::Isolation;
use crate::retry::RetryPolicy;

const NEW_TOKEN: &str = "make a fine-grained token (contents, issues and pull requests: read and \
     write) at https://github.com/settings/personal-access-tokens/new and set GITHUB_TOKEN";
/// Clocks further apart than this are doubted; GitHub App tokens, leases and TLS suffer.
const SKEW_WARN: u64 = 60;
const SKEW_FAIL: u64 = 300;
const EXPIRES_SOON: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Asks the code host that the configuration names.
///
/// `level` is what would be around a job here.
pub(super) async fn look(
    config: &Config,
    repository: Option<&Repository>,
    level: Isolation,
) -> Vec<Finding> {
    if let Some(folder) = app::folder(config) {
        let path = config.github.git_url.trim_start_matches("file://");
        let mut findings = vec![judge_folder(path, PathBuf::from(path).is_dir())];
        if let Some(repository) = repository {
            let facts = folder.repository(repository).await;
            findings.extend(judge_bare(repository, &folder.bare(repository), facts));
        }
        return findings;
    }
    let Some(token) = config.github.token.clone() else {
        return vec![Finding::fail("github token", "there is none", NEW_TOKEN)];
    };
    // One try: whoever asks for a diagnosis wants to know about the first refusal.
    let options = GitHubOptions {
        retry: RetryPolicy::never(),
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(8),
        ..GitHubOptions::new(config.github.api_url.clone(), token)
    };
    let github = match GitHub::new(options) {
        Ok(github) => github,
        Err(error) => return vec![judge_refusal(&error, &config.github.api_url)],
    };
    let facts = match github.credentials().await {
        Ok(facts) => facts,
        Err(error) => return vec![judge_refusal(&error, &config.github.api_url)],
    };
    let now = (app::clock())();
    let mut findings = judge_token(&facts, now);
    let login = facts.login.as_deref();
    findings.extend(login.map(|it| judge_account(it, config.trust.own_account)));
    findings.extend(facts.server_time.map(|theirs| judge_clock(now, theirs)));
    if let Some(repository) = repository {
        let trust = &config.trust;
        match github.permissions(repository).await {
            Ok(may) => {
                let is_it = |it: &Allowed| it.is(repository, Some(may.facts.id));
                let trust = Trust {
                    listed: trust.repositories.is_empty() || trust.repositories.iter().any(is_it),
                    caged: level != Isolation::Native,
                    native: trust.native,
                    named: trust.allow_native.iter().any(is_it),
                };
                findings.extend(judge_permissions(repository, &may, trust));
            }
            Err(error) => findings.push(judge_unseen(repository, &error)),
        }
    }
    findings
}

/// What the operator says about a repository, and what there is around its jobs.
#[derive(Clone, Copy)]
struct Trust {
    listed: bool,
    /// Whether there is a cage here.
    caged: bool,
    native: Native,
    /// Whether it may do without one, by its name.
    named: bool,
}

fn judge_folder(path: &str, is_there: bool) -> Finding {
    match is_there {
        true => Finding::ok("folder", format!("bare repositories in {path}")),
        false => Finding::fail(
            "folder",
            format!("{path} is no folder"),
            format!("mkdir -p {path}; or set `github.git_url`"),
        ),
    }
}

fn judge_bare(
    repository: &Repository,
    bare: &std::path::Path,
    facts: Result<RepositoryFacts, HostError>,
) -> Vec<Finding> {
    vec![match facts {
        Ok(facts) => {
            let branch = facts.default_branch;
            Finding::ok("repository", format!("{repository}, default branch {branch}"))
        }
        Err(error) => Finding::fail(
            "repository",
            error.to_string(),
            format!("git clone --bare SOURCE {}", bare.display()),
        ),
    }]
}

fn judge_refusal(error: &HostError, api_url: &str) -> Finding {
    match error {
        HostError::BadToken(words) => {
            Finding::fail("github token", format!("not taken: {words}"), NEW_TOKEN)
        }
        HostError::RateLimited { wait, .. } => Finding::fail(
            "github",
            error.to_string(),
            format!("wait {} s; look who else uses this token", wait.as_secs()),
        ),
        HostError::Misconfigured(_) => {
            Finding::fail("github", error.to_string(), "set `github.api_url` and `github.token`")
        }
        HostError::Unavailable(_) | HostError::NotFound(_) | HostError::Refused { .. } => {
            Finding::fail(
                "github",
                format!("{api_url}: {error}"),
                "look at https://www.githubstatus.com, the network and `github.api_url`",
            )
        }
    }
}

fn judge_token(facts: &TokenFacts, now: Timestamp) -> Vec<Finding> {
    let owner = facts
        .login
        .as_deref()
        .map_or("an App's installation".to_owned(), |login| format!("of {login}"));
    let mut findings = vec![match facts.kind {
        TokenKind::FineGrained => Finding::ok("github token", format!("fine-grained, {owner}")),
        TokenKind::Installation => Finding::warn(
            "github token",
            format!("{owner}: it ends within an hour of when it was made"),
            NEW_TOKEN.to_owned(),
        ),
        TokenKind::Classic => Finding::warn(
            "github token",
            format!("classic, {owner}: it reaches everything its owner reaches"),
            NEW_TOKEN.to_owned(),
        ),
        TokenKind::Login => Finding::warn(
            "github token",
            format!("of a login, {owner}: it reaches everything its owner reaches"),
            NEW_TOKEN.to_owned(),
        ),
        TokenKind::Unknown => Finding::ok("github token", format!("of an unknown kind, {owner}")),
    }];
    findings.extend(facts.scopes.as_deref().and_then(judge_scopes));
    findings.extend(facts.expires.as_deref().map(|expires| judge_expiry(expires, now)));
    findings
}

/// Whether whoever owns the token can start work himself.
fn judge_account(login: &str, own_account: bool) -> Finding {
    Finding::info(
        "own account",
        match own_account {
            true => format!("{login} may ask for work, as `trust.own_account` says"),
            false => format!(
                "labels and comments of {login} start no work; for a token of your own account \
                 set `trust.own_account: true`"
            ),
        },
    )
}

/// Only classic tokens and logins have scopes; an empty list may stand for another kind.
fn judge_scopes(scopes: &[String]) -> Option<Finding> {
    if scopes.is_empty() {
        return None;
    }
    let has = |scope: &str| scopes.iter().any(|it| it == scope);
    let list = scopes.join(", ");
    Some(if has("repo") {
        Finding::ok("token scopes", list)
    } else if has("public_repo") {
        Finding::warn("token scopes", format!("{list}: public repositories only"), None)
    } else {
        Finding::fail("token scopes", format!("{list}: it may not push (`repo`)"), NEW_TOKEN)
    })
}

fn judge_expiry(expires: &str, now: Timestamp) -> Finding {
    // `2027-01-31 00:00:00 UTC`, and with an offset in place of the name.
    let at = DateTime::parse_from_str(expires, "%Y-%m-%d %H:%M:%S %z")
        .map(|it| it.timestamp_millis())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(expires, "%Y-%m-%d %H:%M:%S UTC")
                .map(|it| it.and_utc().timestamp_millis())
        });
    match at.map(|at| at - now.0) {
        Err(_) => Finding::info("token expiry", expires),
        Ok(left) if left <= 0 => {
            Finding::fail("token expiry", format!("it ended at {expires}"), NEW_TOKEN)
        }
        Ok(left) if left < EXPIRES_SOON => {
            let hours = left / 3_600_000;
            Finding::warn(
                "token expiry",
                format!("it ends in {hours} hours, at {expires}"),
                NEW_TOKEN.to_owned(),
            )
        }
        Ok(_) => Finding::ok("token expiry", expires),
    }
}

fn judge_clock(ours: Timestamp, theirs: Timestamp) -> Finding {
    let seconds = (ours.0 - theirs.0).unsigned_abs() / 1_000;
    let side = if ours.0 > theirs.0 { "ahead of" } else { "behind" };
    let detail = format!("{seconds} s {side} GitHub's");
    let remedy =
        "let the clock be set: `timedatectl set-ntp true`, on macOS `sudo sntp -sS time.apple.com`";
    match seconds {
        0..=SKEW_WARN => Finding::ok("clock", detail),
        _ if seconds <= SKEW_FAIL => Finding::warn("clock", detail, remedy.to_owned()),
        _ => Finding::fail("clock", detail, remedy),
    }
}

fn judge_unseen(repository: &Repository, error: &HostError) -> Finding {
    let remedy = match error {
        HostError::NotFound(_) => format!("give the token access to {repository}"),
        _ => "ask again".to_owned(),
    };
    Finding::fail("repository", error.to_string(), remedy)
}

fn judge_permissions(repository: &Repository, may: &Permissions, trust: Trust) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut fail = |detail: String, remedy: String| {
        findings.push(Finding::fail("repository", detail, remedy));
    };
    if may.facts.archived {
        fail(
            format!("{repository} is archived: nobody can push to it"),
            format!("gh repo unarchive {repository}"),
        );
    }
    if !may.facts.may_push {
        fail(
            format!("the token may not push to {repository}: its role is {}", may.role),
            format!("give the token's account write access to {repository}"),
        );
    }
    if !may.has_issues {
        fail(
            format!("{repository} has no issues"),
            format!("gh repo edit {repository} --enable-issues"),
        );
    }
    for (may, what) in [(may.reads_issues, "issues"), (may.reads_pull_requests, "pull requests")] {
        if !may {
            fail(
                format!("the token may not read the {what} of {repository}"),
                format!("give the token the permission \"{what}: read and write\""),
            );
        }
    }
    if !trust.listed {
        fail(
            format!("{repository} is not in `trust.repositories`"),
            format!("add {repository} to `trust.repositories`"),
        );
    }
    let without = match trust.native {
        Native::Always => true,
        Native::Private => !may.facts.public,
        Native::Never => false,
    };
    if !trust.caged && !without && !trust.named {
        let public = if may.facts.public { " is public, and" } else { ":" };
        fail(
            format!("{repository}{public} its jobs would run here without a cage"),
            format!("see `cage` above; or put {repository} into `trust.allow_native`"),
        );
    }
    if findings.is_empty() {
        let sort = if may.facts.public { "public" } else { "private" };
        let (role, branch) = (may.role, &may.facts.default_branch);
        let detail = format!("{repository}, {sort}, role {role}, default branch {branch}");
        findings.push(Finding::ok("repository", detail));
    }
    findings
}

#[cfg(test)]
mod tests;
