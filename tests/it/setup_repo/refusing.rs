//! What the token may not do, what the plan does not have, and what is no repository of GitHub's.

use super::*;
use crate::github_double::EnvironmentState;

const AGAIN: &str = "CODINGWORKER__GITHUB__TOKEN=";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_variables_is_told_so_and_the_rest_is_done() {
    let scene = Scene::new().await;
    scene.set(|it| it.lacks = vec!["actions_variables"]);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("token", "warn", "Variables");
    ran.is("variables", "cannot", AGAIN);
    ran.is("workflows", "did", "pull/1");
    ran.is("label ai-task", "did", "made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_reads_variables_and_may_not_write_them_is_told_when_it_tries() {
    let scene = Scene::new().await;
    scene.set(|it| it.lacks = vec!["actions_variables=write"]);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("variable CW_ROLE_ARN", "cannot", "actions_variables=write");
    ran.is("variable CW_ROLE_ARN", "cannot", "gh variable set CW_ROLE_ARN --repo acme/api");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_without_workflows_leaves_nothing_behind() {
    let scene = Scene::new().await;
    scene.set(|it| it.lacks = vec!["workflows"]);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("workflows", "cannot", "Workflows: write");
    assert_eq!(scene.tip(SETUP), None);
    // A classic token says it beforehand, and is not even tried.
    scene.double.token("ghp_classic", Some(LOGIN), Some("repo"));
    let tried = scene.double.count("git/create-tree");
    let ran = scene.run_as("ghp_classic", "acme/api", &["--json"]).await;
    ran.is("workflows", "cannot", "scope `workflow`");
    ran.is("token", "warn", "scope `workflow`");
    assert_eq!(scene.double.count("git/create-tree"), tried);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_administrator_is_told_what_only_one_can_do() {
    let scene = Scene::new().await;
    scene.double.role("acme/api", LOGIN, Some("write"));
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("token", "warn", "Administration");
    ran.is("environment codingworker", "cannot", "acme/api/settings/environments");
    ran.is("variable CW_ROLE_ARN", "did", ROLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_environments_is_no_hindrance() {
    let scene = Scene::new().await;
    scene.set(|it| it.poor_plan = true);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.is("environment codingworker", "warn", "billing plan");
    scene.squash(1);
    assert_eq!(scene.run(&["--check"]).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_somebody_gave_the_environment_are_left_alone() {
    let scene = Scene::new().await;
    let reviewed = EnvironmentState { reviewed: true, branches: None };
    scene.set(|it| it.environment = Some(reviewed));
    scene.connect().await.is("environment codingworker", "warn", "waits");
    let own = vec!["release".to_owned()];
    scene.set(|it| {
        it.environment = Some(EnvironmentState { reviewed: false, branches: Some(own) });
    });
    scene.connect().await.is("environment codingworker", "did", "main");
    let environment =
        scene.double.look(|it| it.repository("acme/api").settings.environment.clone());
    assert_eq!(environment.unwrap().branches.unwrap(), ["release", "main"]);
    assert_eq!(scene.double.count("repos/create-or-update-environment"), 0);
    scene.connect().await.is("environment codingworker", "warn", "release");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_repository_says_is_changed_by_a_flag_alone() {
    let scene = Scene::new().await;
    scene.connect().await;
    let other = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks";
    scene.set(|it| drop(it.variables.insert("CW_QUEUE_URL".to_owned(), other.to_owned())));
    scene.connect().await.is("variable CW_QUEUE_URL", "yours", other);
    let third = "https://sqs.eu-west-1.amazonaws.com/123456789012/third";
    let ran = scene.run(&["--queue-url", third, "--json"]).await;
    ran.is("variable CW_QUEUE_URL", "did", third);
    ran.is("variable CW_REGION", "did", "eu-west-1");
    assert_eq!(scene.double.count("actions/update-repo-variable"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archived_repository_and_one_that_is_only_read_are_not_touched() {
    let scene = Scene::new().await;
    scene.double.look(|it| it.repository_mut("acme/api").archived = true);
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("repository", "cannot", "gh repo unarchive acme/api");
    scene.double.look(|it| it.repository_mut("acme/api").archived = false);
    scene.double.role("acme/api", LOGIN, Some("read"));
    let ran = scene.connect().await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("repository", "cannot", "may not push");
    assert_eq!(scene.double.changes(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_repository_is_connected_by_its_new_name() {
    let scene = Scene::new().await;
    let location = format!("{}/repos/acme/api", scene.double.api_url());
    // Its old name is sent on, once; the double does not know it.
    scene.double.fault("repos/get", Fault::Moved { status: 301, location });
    let ran = scene.run_as(TOKEN, "acme/old", &["--poll", "--json"]).await;
    assert_eq!((ran.code, ran.report()["repository"].clone()), (0, json!("acme/api")), "{ran:?}");
    assert_eq!(scene.double.count("issues/create-label"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_wrong_usage() {
    let scene = Scene::new().await;
    let queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/tasks";
    for (args, why) in [
        (vec!["--role-arn", "sender"], "is no role"),
        (vec!["--queue-url", "sqs.example/1/q"], "no standard queue"),
        (vec!["--queue-url", "https://sqs.eu-west-1.amazonaws.com/1/q.fifo"], "no standard queue"),
        (vec!["--queue-url", queue, "--region", "us-east-1"], "is in eu-west-1"),
        (vec!["--poll", "--region", "us-east-1"], "cannot be used with"),
        (vec!["--check", "--dry-run"], "cannot be used with"),
    ] {
        let ran = scene.run(&args).await;
        assert!(ran.code == 2 && ran.err.contains(why), "{args:?}: {ran:?}");
    }
    let ran = scene.run_as(TOKEN, "acme", &[]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    let root = scene.folder.path().join("repositories");
    scene.write(&format!("github: {{git_url: \"file://{}\"}}\n", root.display()));
    let ran = scene.run(&[]).await;
    assert!(ran.code == 2 && ran.err.contains("a folder of repositories"), "{ran:?}");
    assert_eq!(scene.double.covered().len(), 0);
}
