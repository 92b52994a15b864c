//! What a project's own commands do all day works as without a proxy, within its limits.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use codingworker::docker::endpoint::Endpoint;
use serde_json::json;

use super::world::{World, docker, engine, image, json as parsed};

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_built_run_and_removed() {
    let world = World::new().await;
    let tag = format!("codingworker-{}", world.name);
    fs::write(
        world.tree().join("Dockerfile"),
        format!(
            "FROM {}\nCOPY hello /hello\nRUN cat /hello && test ! -e /sys/class/net/eth0\n",
            image()
        ),
    )
    .unwrap();
    fs::write(world.tree().join("hello"), "hello from the tree\n").unwrap();
    world.docker(&["build", "-t", &tag, "."]).await.ok();
    let labels = docker(
        &engine(),
        world.dir.path(),
        &["inspect", "-f", "{{json .Config.Labels}}", &tag],
        "",
    )
    .await
    .ok();
    assert!(labels.contains(&world.name), "{labels}");

    let out = world.docker(&["run", "--rm", &tag, "cat", "/hello"]).await.ok();
    assert_eq!(out, "hello from the tree\n");
    let ran = world.docker(&["run", "--rm", &tag, "sh", "-c", "echo no >&2; exit 7"]).await;
    assert_eq!((ran.code, ran.err.as_str()), (7, "no\n"));
    world.docker(&["images", "-q"]).await.ok();
    world.docker(&["rmi", &tag]).await.ok();
    let gone = docker(&engine(), world.dir.path(), &["inspect", &tag], "").await;
    assert_ne!(gone.code, 0);
    assert_eq!(world.refused(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_ends_and_output_goes_on() {
    let world = World::new().await;
    let image = image();
    let script = "cat; sleep 0.3; echo after the end";
    let out =
        world.docker_with(&["run", "-i", "--rm", &image, "sh", "-c", script], "in\n").await.ok();
    assert_eq!(out, "in\nafter the end\n");
    let big = "0123456789abcdef".repeat(40_000);
    let out = world.docker_with(&["run", "-i", "--rm", &image, "wc", "-c"], &big).await.ok();
    assert_eq!(out.trim(), "640000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_in_the_background_is_watched_entered_and_ended() {
    let world = World::new().await;
    let image = image();
    let script = "echo up; mkdir -p /tmp/x; sleep 300";
    let id = world
        .docker(&["run", "-d", "--init", "--name", &world.name, &image, "sh", "-c", script])
        .await
        .ok();
    let id = id.trim();
    let out = world
        .docker(&["exec", id, "sh", "-c", "until test -d /tmp/x; do sleep 0.1; done; echo in"])
        .await
        .ok();
    assert_eq!(out, "in\n");
    assert_eq!(world.docker(&["exec", id, "sh", "-c", "exit 9"]).await.code, 9);
    let out = world.docker_with(&["exec", "-i", id, "cat"], "to exec").await.ok();
    assert_eq!(out, "to exec");
    assert_eq!(world.docker(&["logs", &world.name]).await.ok(), "up\n");
    let inspected =
        docker(&engine(), world.dir.path(), &["inspect", "-f", "{{json .HostConfig}}", id], "")
            .await
            .ok();
    let host = parsed(&inspected);
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!((&host["Memory"], &host["PidsLimit"]), (&json!(512 << 20), &json!(128)));
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(world.docker(&["ps", "-q"]).await.ok().trim().len(), 12);
    world.docker(&["rm", "-f", id]).await.ok();
    assert_eq!(world.refused(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_upgrade_the_output_comes_as_a_plain_answer() {
    let world = World::new().await;
    let body = json!({"Image": image(), "Cmd": ["echo", "old style"]}).to_string();
    let (status, made) = world.ask("POST /v1.41/containers/create", &body).await;
    assert_eq!(status, 201, "{made}");
    let id = parsed(&made)["Id"].as_str().unwrap().to_owned();
    assert_eq!(world.ask(&format!("POST /v1.41/containers/{id}/start"), "").await.0, 204);
    assert_eq!(world.ask(&format!("POST /v1.41/containers/{id}/wait"), "").await.0, 200);
    let attach = format!("POST /v1.41/containers/{id}/attach?logs=1&stdout=1");
    let (status, out) = world.ask(&attach, "").await;
    assert_eq!(status, 200);
    assert!(out.contains("old style"), "{out:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checkout_is_mounted_and_nothing_below_or_beside_it() {
    let world = World::new().await;
    let (tree, image) = (world.tree().to_str().unwrap().to_owned(), image());
    fs::write(world.tree().join("file"), "here\n").unwrap();
    symlink("/etc", world.tree().join("link")).unwrap();
    let mount = format!("{tree}:{tree}");
    let out = world
        .docker(&["run", "--rm", "-v", &mount, &image, "cat", &format!("{tree}/file")])
        .await
        .ok();
    assert_eq!(out, "here\n");
    for source in
        [format!("{tree}/link"), format!("{tree}/../tree"), "/".into(), format!("{tree}x")]
    {
        let ran =
            world.docker(&["run", "--rm", "-v", &format!("{source}:/m"), &image, "true"]).await;
        assert!(ran.err.contains("may not be mounted"), "{source}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_labelled_however_they_are_made() {
    let world = World::new().await;
    let (image, name) = (image(), world.name.clone());
    let keep = format!("{name}-kept:/data");
    world
        .docker(&["run", "-d", "--name", &name, "-v", &keep, "-v", "/anonymous", &image, "true"])
        .await
        .ok();
    world.docker(&["volume", "create", &format!("{name}-made")]).await.ok();
    let label = format!("label=codingworker.job={name}");
    let listed =
        docker(&engine(), world.dir.path(), &["volume", "ls", "-q", "--filter", &label], "")
            .await
            .ok();
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert_eq!(world.docker(&["volume", "ls", "-q"]).await.ok().lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_is_not_there() {
    let one = World::new().await;
    let two = World::new().await;
    let id = one
        .docker(&["run", "-d", "--init", "--name", &one.name, &image(), "sleep", "300"])
        .await
        .ok();
    one.docker(&["network", "create", &one.name]).await.ok();
    one.docker(&["volume", "create", &one.name]).await.ok();
    assert_eq!(two.docker(&["ps", "-aq"]).await.ok(), "");
    for args in [
        &["exec", id.trim(), "true"][..],
        &["logs", &one.name],
        &["rm", &one.name],
        &["inspect", &one.name],
        &["attach", &one.name],
        &["stop", &one.name],
        &["network", "rm", &one.name],
        &["volume", "rm", &one.name],
        &["run", "--rm", "--network", &one.name, &image(), "true"],
        &["run", "--rm", "--network", &format!("container:{}", one.name), &image(), "true"],
        &["run", "--rm", "--volumes-from", &one.name, &image(), "true"],
        &["run", "--rm", "--pid", &format!("container:{}", one.name), &image(), "true"],
        &["run", "--rm", "-v", &format!("{}:/x", one.name), &image(), "true"],
    ] {
        assert_ne!(two.docker(args).await.code, 0, "{args:?}");
    }
    assert!(two.refused().len() >= 13, "{:#?}", two.refused());
    let state = one.docker(&["inspect", "-f", "{{.State.Running}}", id.trim()]).await.ok();
    assert_eq!(state, "true\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_there_is_told_and_kept_in_mind() {
    let world = World::before(Endpoint::Unix("/nowhere/docker.sock".into()), |_, _| ()).await;
    let (status, body) = world.ask("GET /_ping", "").await;
    assert_eq!(status, 503);
    assert!(body.contains("the container engine at unix:///nowhere/docker.sock"), "{body}");
    let account = world.proxy.as_ref().unwrap().account();
    assert!(account.engine_away.is_some() && account.refused.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_proxy_closes_its_socket_and_what_hangs_on_it() {
    let mut world = World::new().await;
    let mode = fs::metadata(world.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
    let proxy = world.proxy.take();
    assert_eq!(world.ask("GET /_ping", "").await.0, 200);
    // A connection that says nothing ends with the proxy, not with its own deadline.
    let mut idle = std::os::unix::net::UnixStream::connect(world.socket()).unwrap();
    idle.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    drop(proxy);
    let end = tokio::task::spawn_blocking(move || std::io::Read::read(&mut idle, &mut [0]));
    assert_eq!(end.await.unwrap().unwrap_or(0), 0);
    assert!(!world.socket().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sees_what_any_worker_made_and_nothing_else() {
    let one = World::new().await;
    let all = World::with(|policy, _| {
        policy.labels = vec![("codingworker.worker".into(), String::new())];
        policy.network = true;
    })
    .await;
    one.docker(&["run", "-d", "--init", "--name", &one.name, &image(), "sleep", "300"]).await.ok();
    assert_eq!(all.docker(&["exec", &one.name, "echo", "in"]).await.ok(), "in\n");
    let foreign = format!("{}-foreign", one.name);
    let made = ["create", "--name", &foreign, &image(), "true"];
    docker(&engine(), one.dir.path(), &made, "").await.ok();
    assert_ne!(all.docker(&["inspect", &foreign]).await.code, 0);
    docker(&engine(), one.dir.path(), &["rm", &foreign], "").await.ok();
}
