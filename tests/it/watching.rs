//! Looking at repositories: the lookout, GitHub's conditional requests, the store and the embedded
//! queue together, round by round.

#![expect(clippy::unwrap_used, reason = "a scene that cannot be set should end its test")]

use std::sync::Arc;
use std::time::Duration;

use codingworker::app;
use codingworker::code_host::github::{GitHub, GitHubOptions};
use codingworker::database::Database;
use codingworker::engine::intake;
use codingworker::queue::sqlite::{SqliteQueue, SqliteQueueOptions};
use codingworker::queue::{Settlement, TaskQueue};
use codingworker::store::sqlite::SqliteStore;
use codingworker::worker::watch::{Lookout, Rounds};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::contract::code_host::{BASE, TIP, bare};
use crate::github_double::{Fault, GitHubDouble, LOGIN, TOKEN};

const API: &str = "acme/api";
const LABEL: &str = "ai-task";
const ISSUES: &str = "issues/list-for-repo";

struct Scene {
    double: GitHubDouble,
    database: Database,
    queue: Arc<SqliteQueue>,
    _root: TempDir,
}

impl Scene {
    /// With issue 1 and pull request 2 in `acme/api`.
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        let double = GitHubDouble::start(root.path());
        for name in [API, "acme/other"] {
            bare(root.path(), name, "main", &[("main", BASE), ("topic", TIP)]);
            double.repository(name);
        }
        double.look(|it| it.past = 7_200);
        double.issue(API, "Fix it", "Please.", "reporter");
        double.open_pull(API, ("topic", "main"), ("Fixes it", ""), "author");
        let database = Database::open_in_memory().unwrap();
        let options = SqliteQueueOptions {
            lease: Duration::from_secs(300),
            poll: Duration::ZERO,
            max_receives: 20,
            wake_path: None,
            clock: app::clock(),
        };
        let queue = Arc::new(SqliteQueue::new(database.clone(), options));
        Self { double, database, queue, _root: root }
    }

    /// From here on everything happens now.
    fn today(&self) {
        self.double.look(|it| it.past = 0);
    }

    /// A worker that was just started.
    fn lookout(&self, repositories: &[&str]) -> Lookout {
        let options = GitHubOptions::new(self.double.api_url(), SecretString::from(TOKEN));
        let host = Arc::new(GitHub::new(options).unwrap());
        let store = SqliteStore::over(self.database.clone());
        let repositories: Vec<_> = repositories.iter().map(|it| it.parse().unwrap()).collect();
        let interval = Duration::from_millis(20);
        let rounds = move || Rounds { repositories: repositories.clone(), interval };
        Lookout::new(host, self.queue.clone(), store, app::clock(), rounds)
    }

    /// The keys of the tasks that are on the queue, which are taken from it.
    async fn tasks(&self) -> Vec<String> {
        let stop = CancellationToken::new();
        let mut keys = Vec::new();
        loop {
            let deliveries = self.queue.receive(10, &stop).await.unwrap();
            if deliveries.is_empty() {
                keys.sort();
                return keys;
            }
            for it in deliveries {
                keys.push(intake::task(&it.body, &it.id).unwrap().key());
                self.queue.settle(&it.receipt, Settlement::Done).await.unwrap();
            }
        }
    }

    fn counted(&self) -> usize {
        self.double.look(|it| it.counted.len())
    }
}

#[tokio::test]
async fn an_idle_hour_costs_the_first_reads_and_nothing_more() {
    let scene = Scene::new();
    scene.double.label(API, 1, LABEL, "maintainer");
    scene.double.comment(API, 1, "Me too", "stranger");
    scene.double.comment(API, 2, "@ai-fix long ago", "reviewer");
    let mut lookout = scene.lookout(&[API]);
    assert_eq!(lookout.round().await, Ok(None));
    assert_eq!(scene.tasks().await.len(), 1);
    assert_eq!(scene.counted(), 5, "four lists, and who labelled the issue");
    // An hour of minutes, with a restart in the middle of it.
    for nth in 0..60 {
        if nth == 30 {
            lookout = scene.lookout(&[API]);
        }
        assert_eq!(lookout.round().await, Ok(None));
    }
    assert_eq!(scene.counted(), 5);
    assert_eq!(scene.double.look(|it| it.asked.len()), 5 + 60 * 4);
    assert_eq!(scene.tasks().await, [""; 0]);
}

#[tokio::test]
async fn a_labelling_is_one_task_for_ever_and_the_next_labelling_is_another() {
    let scene = Scene::new();
    scene.double.label(API, 1, LABEL, "maintainer");
    let mut lookout = scene.lookout(&[API]);
    lookout.round().await.unwrap();
    let first = scene.tasks().await;
    let at = scene.double.issue_state(API, 1).events[0].at.clone();
    assert_eq!(first, [format!("issue acme/api#1 {at}")]);

    scene.double.look(|it| it.edit_issue(API, 1, "Please!"));
    scene.double.comment(API, 1, "What about this?", "stranger");
    lookout.round().await.unwrap();
    scene.lookout(&[API]).round().await.unwrap();
    assert_eq!(scene.tasks().await, [""; 0]);

    scene.double.look(|it| it.relabel(API, 1, LABEL, "maintainer"));
    lookout.round().await.unwrap();
    lookout.round().await.unwrap();
    let second = scene.tasks().await;
    assert_eq!(second.len(), 1);
    assert_ne!(second, first);
    scene.double.unlabel(API, 1, LABEL, "maintainer");
    lookout.round().await.unwrap();
    assert_eq!(scene.tasks().await, [""; 0]);
}

#[tokio::test]
async fn requests_of_every_kind_are_found_once_and_nothing_else_is() {
    let scene = Scene::new();
    scene.double.comment(API, 2, "@ai-fix what is older than the worker", "reviewer");
    let mut lookout = scene.lookout(&[API]);
    lookout.round().await.unwrap();
    scene.today();
    let double = &scene.double;
    let talk = double.comment(API, 2, "@ai-fix add double()", "reviewer");
    let words = double.comment(API, 2, "Looks good", "reviewer");
    double.comment(API, 1, "@ai-fix on an issue", "reviewer");
    double.comment(API, 2, "@ai-fix\n<!-- codingworker:job=0123456789ab -->", LOGIN);
    let (line, review) = double.look(|it| {
        let line = it.say_on_line(API, 2, ("a", Some(1), "@@"), "@ai-fix this line", "reviewer");
        it.review(API, 2, "APPROVED", "", "reviewer");
        (line, it.review(API, 2, "COMMENTED", "@ai-fix all of it", "reviewer"))
    });
    lookout.round().await.unwrap();
    let found = scene.tasks().await;
    let key = |kind: &str, id| format!("comment acme/api {kind} {id}");
    let kinds = [("issue_comment", talk), ("review", review), ("review_comment", line)];
    assert_eq!(found, kinds.map(|(kind, id)| key(kind, id)));

    double.look(|it| {
        for id in [talk, words, line] {
            it.edit_comment(API, id, "@ai-fix something else");
        }
    });
    lookout.round().await.unwrap();
    scene.lookout(&[API]).round().await.unwrap();
    assert_eq!(scene.tasks().await, [""; 0], "an edit asks for nothing");
}

#[tokio::test]
async fn what_was_written_while_the_worker_was_away_is_made_up_for() {
    let scene = Scene::new();
    scene.lookout(&[API]).round().await.unwrap();
    scene.today();
    let ids: Vec<u64> =
        (0..250).map(|_| scene.double.comment(API, 2, "@ai-fix x y", "reviewer")).collect();
    scene.double.label(API, 1, LABEL, "maintainer");
    scene.lookout(&[API]).round().await.unwrap();
    let found = scene.tasks().await;
    assert_eq!(found.len(), 251);
    for id in ids {
        assert!(found.contains(&format!("comment acme/api issue_comment {id}")), "lost {id}");
    }
}

#[tokio::test]
async fn etags_that_are_lost_or_weak_make_nothing_come_twice() {
    let scene = Scene::new();
    scene.double.look(|it| it.weak_etags = true);
    scene.double.label(API, 1, LABEL, "maintainer");
    let mut lookout = scene.lookout(&[API]);
    lookout.round().await.unwrap();
    lookout.round().await.unwrap();
    assert_eq!((scene.tasks().await.len(), scene.counted()), (1, 5), "weak ones hold too");
    for salt in 1..4 {
        scene.double.look(|it| it.etag_salt = salt);
        lookout.round().await.unwrap();
    }
    assert_eq!(scene.counted(), 5 + 3 * 4);
    assert_eq!(scene.tasks().await, [""; 0]);
}

#[tokio::test]
async fn a_repository_that_is_gone_is_left_alone_and_stops_no_other() {
    let scene = Scene::new();
    scene.double.label(API, 1, LABEL, "maintainer");
    scene.double.role("acme/other", LOGIN, None);
    let mut lookout = scene.lookout(&["acme/other", "acme/gone", API]);
    lookout.round().await.unwrap();
    assert_eq!(scene.tasks().await.len(), 1);
    let asked = scene.double.count(ISSUES);
    lookout.round().await.unwrap();
    assert_eq!(scene.double.count(ISSUES), asked + 2, "two lists of the one that is there");
}

#[tokio::test]
async fn a_limit_is_kept_and_a_refused_token_is_asked_with_again_later() {
    let scene = Scene::new();
    let mut lookout = scene.lookout(&[API, "acme/other"]);
    for (fault, wait) in [
        (Fault::RetryAfter { status: 403, seconds: 7 }, Some(7)),
        (Fault::RetryAfter { status: 429, seconds: 70 }, Some(70)),
        (Fault::SecondaryWithoutWait, Some(60)),
        (Fault::BadGateway, None),
        (Fault::Dropped, None),
        (Fault::Portal, None),
    ] {
        let before = scene.double.look(|it| it.asked.len());
        scene.double.fault(ISSUES, fault.clone());
        let wait = wait.map(Duration::from_secs);
        assert_eq!(lookout.round().await, Err(wait), "{fault:?}");
        assert!(scene.double.look(|it| it.asked.len()) <= before + 5, "{fault:?}: not left alone");
    }
    scene.double.revoke(TOKEN);
    assert_eq!(lookout.round().await, Err(None));
    scene.double.token(TOKEN, Some(LOGIN), None);
    assert_eq!(lookout.round().await, Ok(None));
}

#[tokio::test]
async fn a_code_host_that_is_down_for_a_while_is_looked_at_until_it_is_back() {
    let scene = Scene::new();
    scene.double.label(API, 1, LABEL, "maintainer");
    for _ in 0..3 {
        scene.double.fault(ISSUES, Fault::BadGateway);
    }
    let (lookout, stop) = (scene.lookout(&[API]), CancellationToken::new());
    let look = lookout.look_out(&stop);
    let back = async {
        let came =
            |it: &crate::github_double::World| it.count("pulls/list-review-comments-for-repo") > 1;
        scene.double.until("it is looked at again", came).await;
        stop.cancel();
    };
    tokio::join!(look, back);
    assert_eq!(scene.tasks().await.len(), 1);
}

#[tokio::test]
async fn what_did_not_reach_the_queue_was_not_seen() {
    let scene = Scene::new();
    scene.double.label(API, 1, LABEL, "maintainer");
    let mut lookout = scene.lookout(&[API]);
    // The labelling cannot be read: the issue must come again.
    scene.double.fault("issues/list-events", Fault::BadGateway);
    assert_eq!(lookout.round().await, Err(None));
    assert_eq!(scene.tasks().await, [""; 0]);
    scene.lookout(&[API]).round().await.unwrap();
    assert_eq!(scene.tasks().await.len(), 1);
}
