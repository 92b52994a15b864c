//! What only a folder can do wrong: files, locks, refs.

use codingworker::code_host::folder::{Folder, Ledger};
use codingworker::code_host::{CodeHost, HostError, Permission};
use codingworker::domain::job::Person;
use tempfile::TempDir;

use super::{api, change, draft};
use crate::contract::code_host::{BASE, MARKER, TIP, bare, real};

fn folder() -> (TempDir, Folder) {
    let root = TempDir::new().unwrap();
    bare(root.path(), "acme/api", "main", &[("main", BASE), ("ai/issue-1", TIP)]);
    let folder = Folder::new(root.path().to_owned());
    (root, folder)
}

fn somebody() -> Person {
    Person { id: 7, login: "somebody".to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_at_the_same_time_lose_nothing() {
    let (root, folder) = folder();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let folder = Folder::new(root.path().to_owned());
        writers.spawn(async move {
            for _ in 0..5 {
                folder.create_issue(&api(), "T", "", &somebody(), &["ai-task"]).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let ledger = folder.ledger(&api()).unwrap();
    let numbers: Vec<u64> = ledger.issues.iter().map(|it| it.number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
}

#[tokio::test]
async fn a_pull_request_is_a_file_that_a_person_can_read() {
    let (root, folder) = folder();
    let pull = folder.open(&api(), &change(), &draft()).await.unwrap();
    let path = pull.url.strip_prefix("file://").unwrap();
    assert!(path.starts_with(root.path().to_str().unwrap()), "{path}");
    let text = std::fs::read_to_string(path).unwrap();
    assert_eq!(text, "# Fix it (#1)\n\n`ai/issue-1` into `main`, draft\n\nCloses #1\n");
    let known = &folder.pull_requests(&api()).await.unwrap()[0];
    assert_eq!((known.commit.as_str(), known.open), (TIP, true));
}

#[tokio::test]
async fn everything_is_there_for_the_next_process() {
    let (root, folder) = folder();
    let number = folder.create_issue(&api(), "直す", "", &somebody(), &["ai-task"]).await.unwrap();
    folder.say(&api(), number, MARKER, None, MARKER).await.unwrap();
    folder.say(&api(), number, MARKER, None, &format!("{MARKER}\nDone")).await.unwrap();
    folder.label(&api(), number, &["ai-task-done"], &["ai-task"]).await.unwrap();

    let next = Folder::new(root.path().to_owned());
    let issue = next.issue(&api(), number, "ai-task").await.unwrap();
    assert_eq!((issue.title.as_str(), issue.labels), ("直す", vec!["ai-task-done".to_owned()]));
    assert_eq!(issue.labelled, None);
    let comments = next.comments(&api(), number).await.unwrap();
    assert_eq!((comments.len(), comments[0].earlier.as_slice()), (1, &[MARKER.to_owned()][..]));
    let ledger = next.ledger(&api()).unwrap();
    let timeline = &ledger.issues[0].timeline;
    assert_eq!(timeline.iter().map(|it| it.set).collect::<Vec<_>>(), [true, true, false]);
    assert!(timeline.iter().all(|it| it.at.0 > 1_700_000_000_000));
}

#[tokio::test]
async fn branches_are_read_as_git_keeps_them() {
    let (root, folder) = folder();
    let bare = root.path().join("acme/api.git");
    std::fs::remove_dir_all(bare.join("refs/heads/ai")).unwrap();
    let error = folder.open(&api(), &change(), &draft()).await.unwrap_err();
    assert!(error.to_string().contains("main and ai/issue-1 is not there"), "{error}");
    std::fs::write(bare.join("packed-refs"), format!("{TIP} refs/heads/ai/issue-1\n")).unwrap();
    folder.open(&api(), &change(), &draft()).await.unwrap();
    let mut outside = change();
    outside.branch = "../../../../etc/passwd".to_owned();
    assert!(folder.open(&api(), &outside, &draft()).await.is_err());
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_named_and_left_alone() {
    let (root, folder) = folder();
    let file = root.path().join("acme/api.json");
    std::fs::write(&file, "not json").unwrap();
    let error = folder.create_issue(&api(), "T", "", &somebody(), &[]).await.unwrap_err();
    assert!(matches!(error, HostError::Misconfigured(_)), "{error}");
    assert!(error.to_string().contains("api.json"), "{error}");
    assert_eq!(std::fs::read_to_string(file).unwrap(), "not json");
}

#[tokio::test]
async fn git_says_what_does_not_merge_and_what_a_fork_changes() {
    let (root, folder) = folder();
    let real_api = "acme/real".parse().unwrap();
    let line = |text: &'static str| [("calc.py", text)];
    let (base, fix, clash) = (line("a - b\n"), line("a + b\n"), line("sum(a, b)\n"));
    real(root.path(), "acme/real", &[("main", &base), ("fix", &fix), ("clash", &clash)]);
    real(root.path(), "stranger/real", &[("main", &base), ("far", &line("b + a\n"))]);
    let open = async |head: &str, base: &str| {
        let (mut change, mut draft) = (change(), draft());
        (change.branch, draft.base) = (head.to_owned(), base.to_owned());
        folder.open(&real_api, &change, &draft).await.unwrap().number
    };
    let (good, bad) = (open("fix", "main").await, open("fix", "clash").await);
    assert_eq!(good, bad, "one branch has one pull request");
    assert_eq!(folder.pull(&real_api, good).await.unwrap().mergeable, Some(true));
    let rebased = |ledger: &mut Ledger| {
        ledger.pull_requests[0].base = "clash".to_owned();
        Ok(())
    };
    folder.change(&real_api, rebased).await.unwrap();
    assert_eq!(folder.pull(&real_api, good).await.unwrap().mergeable, Some(false));

    let forked = |ledger: &mut Ledger| {
        let pull = &mut ledger.pull_requests[0];
        (pull.head, pull.base) = ("far".to_owned(), "main".to_owned());
        pull.fork = Some("stranger/real".parse().unwrap());
        Ok(())
    };
    folder.change(&real_api, forked).await.unwrap();
    let pull = folder.pull(&real_api, good).await.unwrap();
    assert!(pull.fork && pull.head_repository.unwrap().owner() == "stranger");
    let diff = folder.diff(&real_api, good).await;
    assert!(diff.is_ok_and(|it| it.contains("+b + a")));
}

#[tokio::test]
async fn without_any_role_whoever_can_write_into_the_folder_may_do_everything() {
    let (_root, folder) = folder();
    let permission = folder.permission(&api(), &somebody()).await.unwrap();
    assert_eq!(permission, Permission::Admin);
    let other = Person { id: 8, login: "other".to_owned() };
    folder.set_role(&api(), &other, Permission::Write).await.unwrap();
    assert_eq!(folder.permission(&api(), &somebody()).await.unwrap(), Permission::None);
    let open = |ledger: &mut Ledger| {
        ledger.public = true;
        Ok(())
    };
    folder.change(&api(), open).await.unwrap();
    assert_eq!(folder.permission(&api(), &somebody()).await.unwrap(), Permission::Read);
}
