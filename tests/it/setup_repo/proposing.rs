//! The pull request with the workflow files: found, brought up to date, never forced.

use super::*;

const TASK: &str = ".github/workflows/ai-task.yml";

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_of_another_version_is_shown_and_proposed_anew() {
    let scene = Scene::new().await;
    scene.connect().await;
    scene.squash(1);
    scene.git(&["update-ref", "-d", &format!("refs/heads/{SETUP}")]);
    scene.edit("main", TASK, &format!("# Ours\n{}", WORKFLOWS[0].1));
    let dry = scene.run(&["--dry-run"]).await;
    assert!(dry.out.contains(&format!("--- a/{TASK}\n+++ b/{TASK}\n-# Ours\n")), "{}", dry.out);
    assert!(!dry.out.contains("b/.github/workflows/ai-fix.yml"), "{}", dry.out);
    let ran = scene.connect().await;
    ran.is("workflows", "did", "pull/2");
    assert_eq!(scene.file(SETUP, TASK), WORKFLOWS[0].1);
    assert_eq!(scene.git(&["diff", "--name-only", "main", SETUP]).trim(), TASK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_pull_request_of_ours_is_brought_up_to_date_with_what_people_did_to_it() {
    let scene = Scene::new().await;
    scene.connect().await;
    scene.edit(SETUP, TASK, "name: older\n");
    scene.edit(SETUP, "NOTES.md", "A person's.\n");
    let before = scene.tip(SETUP).unwrap();
    scene.connect().await.is("workflows", "did", "pull/1");
    assert_eq!(scene.file(SETUP, TASK), WORKFLOWS[0].1);
    assert_eq!(scene.file(SETUP, "NOTES.md"), "A person's.\n");
    scene.git(&["merge-base", "--is-ancestor", &before, SETUP]);
    assert_eq!(scene.double.pulls("acme/api").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_closed_is_not_opened_again_behind_his_back() {
    let scene = Scene::new().await;
    scene.connect().await;
    scene.close(1, false);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("workflows", "cannot", "left from pull request #1");
    ran.is(
        "workflows",
        "cannot",
        "gh api -X DELETE repos/acme/api/git/refs/heads/codingworker/setup",
    );
    assert_eq!(scene.double.pulls("acme/api").len(), 1);
    scene.git(&["update-ref", "-d", &format!("refs/heads/{SETUP}")]);
    scene.connect().await.is("workflows", "did", "pull/2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_a_merge_left_behind_is_moved_forward() {
    let scene = Scene::new().await;
    scene.connect().await;
    scene.git(&["update-ref", "refs/heads/main", SETUP]);
    scene.close(1, true);
    scene.edit("main", TASK, "name: older\n");
    scene.connect().await.is("workflows", "did", "pull/2");
    scene.git(&["merge-base", "--is-ancestor", "main", SETUP]);
    assert_eq!(scene.file(SETUP, TASK), WORKFLOWS[0].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_a_bad_gateway_is_found_and_not_done_twice() {
    let scene = Scene::new().await;
    let unsure = [
        "issues/create-label",
        "actions/create-repo-variable",
        "repos/create-or-update-environment",
        "repos/create-deployment-branch-policy",
        "git/create-ref",
        "pulls/create",
    ];
    for operation in unsure {
        scene.double.fault(operation, Fault::BadGatewayAfter);
    }
    let ran = scene.connect().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is("workflows", "did", "pull/1");
    let settings = scene.double.look(|it| it.repository("acme/api").settings.clone());
    assert_eq!((settings.labels.len(), settings.variables.len()), (3, 3));
    assert_eq!(settings.environment.unwrap().branches.unwrap(), ["main"]);
    assert_eq!(scene.double.pulls("acme/api").len(), 1);
    let counts = unsure.map(|it| scene.double.count(it));
    assert_eq!(counts, [3, 3, 1, 1, 1, 1], "each is done once");
    assert_eq!(scene.git(&["rev-list", "--count", &format!("main..{SETUP}")]).trim(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_github_goes_away_the_rest_is_left_and_a_second_run_goes_on() {
    let scene = Scene::new().await;
    // A wait that is longer than our patience ends it at once.
    let limit = Fault::RetryAfter { status: 403, seconds: 3_000 };
    scene.double.fault("actions/create-repo-variable", limit);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 3, "{ran:?}");
    ran.is("label ai-task", "did", "made");
    ran.is("variable CW_ROLE_ARN", "todo", ROLE);
    ran.is("workflows", "todo", "pull request");
    assert!(scene.double.pulls("acme/api").is_empty());
    assert_eq!(scene.connect().await.code, 0);
}
