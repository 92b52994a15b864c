//! Jobs on one pull request go one after the other: two at once would push past each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};

use crate::domain::task::{Origin, Task};
use crate::engine::request::{self, Request};

/// The lanes that are in use or waited for.
#[derive(Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<String, Weak<Lock<()>>>>,
}

/// The right to work on one pull request, until dropped.
pub type Lane = OwnedMutexGuard<()>;

impl Lanes {
    /// The lane of a task; `None` for one that needs none. What only stops, asks or sets
    /// something must not wait for the work that it is about. The message's own words are enough
    /// to tell: they choose a lane, and nothing else.
    pub fn of(&self, task: &Task) -> Option<Arc<Lock<()>>> {
        let Origin::PrComment { pull, .. } = task.origin else { return None };
        let works = match request::read(&task.body) {
            Some(Request::Change(_) | Request::Retry | Request::Model { .. }) | None => true,
            Some(Request::Question(_) | Request::Stop | Request::Status | Request::Unknown(_)) => {
                false
            }
        };
        works.then(|| self.lane(format!("{}#{pull}", task.repository.to_string().to_lowercase())))
    }

    fn lane(&self, name: String) -> Arc<Lock<()>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| lane.strong_count() > 0);
        if let Some(lane) = lanes.get(&name).and_then(Weak::upgrade) {
            return lane;
        }
        let lane = Arc::new(Lock::new(()));
        lanes.insert(name, Arc::downgrade(&lane));
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::task::{CommentKind, CommentRef};

    fn task(pull: u64, body: &str) -> Task {
        Task {
            repository: "Acme/api".parse().unwrap(),
            origin: Origin::PrComment {
                pull,
                comment: CommentRef { kind: CommentKind::IssueComment, id: 1 },
            },
            title: String::new(),
            body: body.to_owned(),
            body_sha256: None,
            labels: Vec::new(),
            asking: String::new(),
        }
    }

    #[test]
    fn two_requests_for_one_pull_request_share_a_lane_and_others_do_not() {
        let lanes = Lanes::default();
        let one = lanes.of(&task(1, "@ai-fix rename calc to total")).unwrap();
        let held = one.clone().try_lock_owned().unwrap();
        assert!(lanes.of(&task(1, "@ai-fix handle nothing")).unwrap().try_lock_owned().is_err());
        assert!(lanes.of(&task(2, "@ai-fix handle nothing")).unwrap().try_lock_owned().is_ok());
        drop(held);
        assert!(lanes.of(&task(1, "@ai-fix retry")).unwrap().try_lock_owned().is_ok());
    }

    #[test]
    fn a_stop_waits_for_nobody() {
        let lanes = Lanes::default();
        assert!(lanes.of(&task(1, "@ai-fix stop")).is_none());
        assert!(lanes.of(&task(1, "@ai-fix status")).is_none());
        let issue = Task { origin: Origin::Issue { number: 1 }, ..task(1, "") };
        assert!(lanes.of(&issue).is_none());
    }

    #[test]
    fn a_lane_that_nobody_uses_is_forgotten() {
        let lanes = Lanes::default();
        for pull in 1..100 {
            drop(lanes.of(&task(pull, "@ai-fix x y")));
        }
        assert!(lanes.lanes.lock().unwrap().len() <= 1);
    }
}
