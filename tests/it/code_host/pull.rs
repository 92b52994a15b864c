//! Pull requests as GitHub tells of them: forks, ends, and diffs of any size.

use codingworker::code_host::{CodeHost, HostError, MOST_DIFF};

use super::{Scene, api, real_api, sort};
use crate::contract::code_host::real;
use crate::github_double::Fault;

#[tokio::test]
async fn a_fork_is_told_from_the_repository_itself() {
    let scene = Scene::new();
    let own = scene.real_pull();
    let before = [("calc.py", "a - b\n"), ("gone.txt", "old\n")];
    let fixed = [("calc.py", "a + b + 0\n")];
    let tips = real(scene.root(), "stranger/real", &[("main", &before), ("fix", &fixed)]);
    scene.double.repository("stranger/real");
    let ends = ("fix", "main");
    let number = scene.double.look(|it| {
        it.open_pull("acme/real", Some("stranger/real"), ends, ("From afar", ""), "stranger")
    });
    let github = scene.github();
    let pull = github.pull(&real_api(), number).await.unwrap();
    assert!(pull.fork && !pull.maintainer_can_modify);
    assert_eq!((pull.head.as_str(), &pull.tip), ("fix", &tips[1]));
    assert_eq!(pull.head_repository.unwrap().to_string(), "stranger/real");
    assert!(!github.pull(&real_api(), own).await.unwrap().fork, "the branch's name is the same");

    scene.double.look(|it| {
        it.repository_mut("acme/real").pull_mut(number).maintainer_can_modify = true;
    });
    assert!(github.pull(&real_api(), number).await.unwrap().maintainer_can_modify);
    // We look for our own branch's pull request, and not for a fork's of the same name.
    let mut change = super::change();
    change.branch = "fix".to_owned();
    let found = github.open(&real_api(), &change, &super::draft()).await.unwrap();
    assert_eq!(found.number, own);

    // The fork is deleted.
    scene.double.look(|it| it.repositories.retain(|it| it.owner != "stranger"));
    let pull = github.pull(&real_api(), number).await.unwrap();
    assert!(pull.fork && pull.head_repository.is_none() && pull.tip == tips[1]);
}

#[tokio::test]
async fn its_state_is_told_as_it_is_now() {
    let scene = Scene::new();
    let number = scene.real_pull();
    let github = scene.github();
    for mergeable in [Some(true), Some(false), None] {
        scene.double.look(|it| {
            it.repository_mut("acme/real").pull_mut(number).mergeable = mergeable;
        });
        assert_eq!(github.pull(&real_api(), number).await.unwrap().mergeable, mergeable);
    }
    scene.double.look(|it| {
        let pull = it.repository_mut("acme/real").pull_mut(number);
        (pull.open, pull.draft) = (false, true);
    });
    let pull = github.pull(&real_api(), number).await.unwrap();
    assert!(!pull.open && !pull.merged && pull.draft);
    // An issue is no pull request.
    let error = github.pull(&api(), 1).await.unwrap_err();
    assert!(matches!(&error, HostError::NotFound(it) if it.contains("acme/api#1")), "{error}");
}

#[tokio::test]
async fn a_diff_that_github_does_not_show_whole_is_put_together_from_its_files() {
    let scene = Scene::new();
    let number = scene.real_pull();
    let whole = scene.github().diff(&real_api(), number).await.unwrap();
    let message = "Sorry, the diff exceeded the maximum number of lines (20000)";
    scene.double.fault("pulls/get", Fault::Says { status: 406, message });
    let by_files = scene.github().diff(&real_api(), number).await.unwrap();
    assert_eq!(scene.double.count("pulls/list-files"), 1);
    let without_index = |it: &str| {
        let lines = it.lines().filter(|it| !it.starts_with("index ")).map(str::to_owned);
        lines.collect::<Vec<_>>()
    };
    assert_eq!(without_index(&by_files), without_index(&whole));
    assert!(by_files.contains("-a - b\n+a + b\n"), "{by_files}");
}

#[tokio::test]
async fn a_very_long_diff_is_cut_with_a_note() {
    let scene = Scene::new();
    let long = "日本語の行\n".repeat(50_000);
    real(scene.root(), "acme/long", &[("main", &[]), ("fix", &[("long.txt", &long)])]);
    scene.double.repository("acme/long");
    let number = scene.double.open_pull("acme/long", ("fix", "main"), ("T", ""), "author");
    let repository = "acme/long".parse().unwrap();
    let diff = scene.github().diff(&repository, number).await.unwrap();
    assert!(diff.len() > MOST_DIFF - 100 && diff.len() < MOST_DIFF + 100, "{}", diff.len());
    assert!(diff.ends_with("+日本語の行\n(the diff is longer; the rest is left out)\n"));
}

#[tokio::test]
async fn a_diff_is_refused_in_words() {
    let scene = Scene::new();
    let number = scene.real_pull();
    scene.double.fault("pulls/get", Fault::Says { status: 403, message: "Not for you" });
    let error = scene.github().diff(&real_api(), number).await.unwrap_err();
    assert_eq!(sort(&error), "refused");
    scene.double.fault("pulls/get", Fault::Dropped);
    scene.double.fault("pulls/get", Fault::BadGateway);
    scene.github().diff(&real_api(), number).await.unwrap();
}
