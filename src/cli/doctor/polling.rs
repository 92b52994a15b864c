//! What the poller looks at: which repositories, and whether the token may see them.

use std::time::Duration;

use super::Finding;
use crate::app;
use crate::code_host::HostError;
use crate::code_host::Watch;
use crate::code_host::github::{GitHub, GitHubOptions};
use crate::config::Config;
use crate::domain::task::Repository;
use crate::engine::watch::List;
use crate::worker::hands::ASK;

/// Asks for what the poller asks for, once.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    if !config.poll.github {
        return Vec::new();
    }
    let watch: Box<dyn Watch> = match (app::folder(config), config.github.token.clone()) {
        (Some(folder), _) => Box::new(folder),
        (None, Some(token)) => {
            let options = GitHubOptions {
                connect_timeout: Duration::from_secs(5),
                read_timeout: Duration::from_secs(8),
                ..GitHubOptions::new(config.github.api_url.clone(), token)
            };
            match GitHub::new(options) {
                Ok(github) => Box::new(github),
                // What the token and the address lack is said elsewhere.
                Err(_) => return Vec::new(),
            }
        }
        (None, None) => return Vec::new(),
    };
    let mut findings = Vec::new();
    for repository in config.watched() {
        let mut seen = Ok(());
        for list in List::ALL {
            seen = seen.and(watch.look(&repository, list, ASK, 1, None).await.map(drop));
        }
        findings.push(judge(&repository, config.poll.interval, seen));
    }
    findings
}

fn judge(repository: &Repository, interval: Duration, seen: Result<(), HostError>) -> Finding {
    match seen {
        Ok(()) => {
            let seconds = interval.as_secs();
            Finding::ok("polling", format!("{repository}, every {seconds} s"))
        }
        Err(error @ (HostError::NotFound(_) | HostError::Refused { .. })) => Finding::fail(
            "polling",
            format!("{repository}: {error}"),
            "let the token read issues and pull requests there, or take it out of \
             `poll.repositories`",
        ),
        Err(error) => Finding::fail(
            "polling",
            format!("{repository}: {error}"),
            "look at what is said about github above; ask again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn each_repository_has_a_line_and_what_cannot_be_seen_a_remedy() {
        let api: Repository = "acme/api".parse().unwrap();
        let minute = Duration::from_secs(60);
        let fine = judge(&api, minute, Ok(()));
        assert_eq!((fine.status, fine.detail.as_str()), (Status::Ok, "acme/api, every 60 s"));
        let gone = HostError::NotFound("repository `acme/api`".to_owned());
        let gone = judge(&api, minute, Err(gone));
        assert_eq!(gone.status, Status::Fail);
        assert!(gone.remedy.unwrap().contains("poll.repositories"));
        let away = judge(&api, minute, Err(HostError::Unavailable("502".to_owned())));
        assert!(away.remedy.unwrap().contains("ask again"));
    }
}
