//! Jobs on one pull request go one after the other: two at once would push past each other.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures_util::FutureExt;
use tokio::sync::{Mutex as Lock, OwnedMutexGuard};
use tokio::task::unconstrained;

use crate::domain::task::{Origin, Task};
use crate::engine::request::{self, Request};

/// The lanes that are in use or waited for.
#[derive(Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<String, Weak<Lock<()>>>>,
}

/// The right to work on one pull request, until dropped.
pub type Lane = OwnedMutexGuard<()>;

/// What a task has of its lane. It keeps its place in line until it is dropped.
pub enum Turn {
    /// It needs none.
    Free,
    /// It is first.
    First(Lane),
    /// Others are before it. Ends when none is.
    Later(Pin<Box<dyn Future<Output = Lane> + Send>>),
}

impl Lanes {
    /// Whether a task needs a lane. What only stops, asks or sets something must not wait for the
    /// work that it is about. The message's own words are enough to tell: they choose a lane, and
    /// nothing else.
    pub fn are_needed_by(&self, task: &Task) -> bool {
        name(task).is_some()
    }

    /// A place in line for a task's lane, behind all who asked before. It is taken before this
    /// returns, so that the first of several requests is the one that begins: it takes those along
    /// that were written after it.
    pub fn line_up(&self, task: &Task) -> Turn {
        let Some(name) = name(task) else { return Turn::Free };
        // Who waits for a lock is in its line from the first poll on. That poll must really ask,
        // however much the caller has done since it last yielded.
        let mut lane = Box::pin(unconstrained(self.lane(name).lock_owned()));
        match lane.as_mut().now_or_never() {
            Some(lane) => Turn::First(lane),
            None => Turn::Later(lane),
        }
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

/// Which lane a task needs.
fn name(task: &Task) -> Option<String> {
    let Origin::PrComment { pull, .. } = task.origin else { return None };
    let works = match request::read(&task.body) {
        Some(Request::Change(_) | Request::Retry | Request::Model { .. }) | None => true,
        Some(Request::Question(_) | Request::Stop | Request::Status | Request::Unknown(_)) => false,
    };
    works.then(|| format!("{}#{pull}", task.repository.to_string().to_lowercase()))
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

    impl Turn {
        fn is_first(&self) -> bool {
            matches!(self, Self::First(_))
        }

        /// The lane, if nobody is before it now.
        fn now(&mut self) -> Option<Lane> {
            let Self::Later(lane) = self else { return None };
            lane.as_mut().now_or_never()
        }
    }

    #[test]
    fn two_requests_for_one_pull_request_share_a_lane_and_others_do_not() {
        let lanes = Lanes::default();
        let one = lanes.line_up(&task(1, "@ai-fix rename calc to total"));
        assert!(one.is_first());
        assert!(!lanes.line_up(&task(1, "@ai-fix handle nothing")).is_first());
        assert!(lanes.line_up(&task(2, "@ai-fix handle nothing")).is_first());
        drop(one);
        assert!(lanes.line_up(&task(1, "@ai-fix retry")).is_first());
    }

    #[test]
    fn whoever_came_first_is_first_whoever_looks_first() {
        let lanes = Lanes::default();
        let [first, mut second, mut third, mut fourth] =
            [(); 4].map(|()| lanes.line_up(&task(1, "@ai-fix handle nothing")));
        drop(first);
        assert!(fourth.now().is_none() && third.now().is_none());
        let held = second.now().unwrap();
        // One goes away while it waits.
        drop(third);
        assert!(fourth.now().is_none());
        assert!(!lanes.line_up(&task(1, "@ai-fix retry")).is_first());
        drop(held);
        assert!(fourth.now().is_some());
    }

    #[tokio::test]
    async fn a_lane_is_asked_for_however_busy_the_caller_is() {
        let lanes = Lanes::default();
        // Far more than the runtime lets a task do before it has to yield.
        let held = (1..=1_000).map(|pull| lanes.line_up(&task(pull, "@ai-fix handle nothing")));
        let held = Vec::from_iter(held);
        assert!(held.iter().all(Turn::is_first));
        let mut later = lanes.line_up(&task(1, "@ai-fix retry"));
        assert!(later.now().is_none());
        drop(held);
        assert!(!lanes.line_up(&task(1, "@ai-fix retry")).is_first(), "it is not in the line");
        assert!(later.now().is_some());
    }

    #[test]
    fn a_stop_waits_for_nobody() {
        let lanes = Lanes::default();
        let _work = lanes.line_up(&task(1, "@ai-fix handle nothing"));
        let issue = Task { origin: Origin::Issue { number: 1 }, ..task(1, "") };
        for free in [task(1, "@ai-fix stop"), task(1, "@ai-fix status"), issue] {
            assert!(!lanes.are_needed_by(&free));
            assert!(matches!(lanes.line_up(&free), Turn::Free));
        }
        assert!(lanes.are_needed_by(&task(1, "@ai-fix retry")));
    }

    #[test]
    fn a_lane_that_nobody_uses_is_forgotten() {
        let lanes = Lanes::default();
        for pull in 1..100 {
            drop(lanes.line_up(&task(pull, "@ai-fix x y")));
        }
        assert!(lanes.lanes.lock().unwrap().len() <= 1);
    }
}
