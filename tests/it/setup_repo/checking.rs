//! What `--check` says of a repository, and of what the worker knows about it.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn all_is_right_when_the_pull_request_is_merged() {
    let scene = Scene::new().await;
    scene.connect().await;
    let before = scene.run(&["--check", "--json"]).await;
    assert_eq!(before.code, 1);
    before.is("workflows", "yours", "not merged");
    scene.squash(1);
    let changes = scene.double.changes();
    let after = scene.run(&["--check", "--json"]).await;
    assert_eq!((after.code, after.report()["right"].clone()), (0, json!(true)), "{after:?}");
    assert_eq!(scene.double.changes(), changes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_that_does_not_know_the_repository_or_its_queue_is_told() {
    let scene = Scene::new().await;
    scene.connect().await;
    scene.squash(1);
    scene.configure("trust: {repositories: [acme/other]}\n");
    let ran = scene.run(&["--check", "--json"]).await;
    assert_eq!(ran.code, 1);
    ran.is("trust.repositories", "yours", "trust: {repositories: [acme/api]}");
    let state = scene.folder.path().join("state");
    scene.write(&format!(
        "worker: {{state_dir: {}}}\ngithub: {{api_url: \"{}\"}}\n",
        state.display(),
        scene.double.api_url()
    ));
    let ran = scene.run(&["--check", "--json"]).await;
    assert_eq!(ran.code, 1);
    ran.is("sqs.queue_url", "yours", &format!("queue_url: {}", scene.queue));
    ran.is("trust.repositories", "done", "every repository");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_does_not_answer_is_not_right() {
    let mut scene = Scene::new().await;
    scene.connect().await;
    scene.squash(1);
    // Nobody listens there: the port was ours a moment ago.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    scene.queue = format!("http://{gone}/000000000000/tasks");
    scene.configure("trust: {repositories: [acme/api]}\n");
    let ran = scene.run(&["--check", "--json"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.is("sqs.queue_url", "yours", "doctor");
    // The repository's own variable names the queue that was.
    ran.is("variable CW_QUEUE_URL", "yours", "--queue-url");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_such_repository_is_4_and_a_token_or_github_that_fails_is_3() {
    let scene = Scene::new().await;
    let ran = scene.run_as(TOKEN, "acme/none", &["--check"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{ran:?}");
    assert!(ran.err.contains("acme/none"), "{ran:?}");
    assert_eq!(scene.run_as("github_pat_another", "acme/api", &["--check"]).await.code, 3);
    assert_eq!(scene.run_as("", "acme/api", &["--check"]).await.code, 3);
    scene.double.fault("users/get-authenticated", Fault::Spent { status: 403, seconds: 3_000 });
    let ran = scene.run(&["--check"]).await;
    assert!(ran.code == 3 && ran.err.contains("rate limit"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subject_that_github_sends_is_printed_for_terraform() {
    let scene = Scene::new().await;
    let id = scene.double.look(|it| it.repository("acme/api").id);
    let prefix = format!("repo:acme@1/api@{id}");
    let subject = json!({
        "use_default": true, "use_immutable_subject": true, "sub_claim_prefix": prefix,
    });
    scene.set(|it| it.subject = subject);
    let ran = scene.run(&["--check"]).await;
    for line in [
        format!("# sub: {prefix}:environment:codingworker\n"),
        format!("subject_prefixes = [\"{prefix}\"]\n"),
        format!("id               = \"{id}\"\n"),
        "acme/api/.github/workflows/ai-fix.yml@refs/heads/main\n".to_owned(),
    ] {
        assert!(ran.out.contains(&line), "{line}: {}", ran.out);
    }
    scene.set(|it| it.subject = json!({"use_default": false, "include_claim_keys": ["actor"]}));
    let ran = scene.run(&["--check", "--json"]).await;
    ran.is("identity", "cannot", "use_default=true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_repository_comes_with_a_word_about_strangers() {
    let scene = Scene::new().await;
    scene.double.look(|it| it.repository_mut("acme/api").public = true);
    scene.run(&["--check", "--json"]).await.is("trust.native", "warn", "in a cage only");
    scene.configure("trust: {native: always}\n");
    scene.run(&["--check", "--json"]).await.is("trust.native", "warn", "strangers");
}
