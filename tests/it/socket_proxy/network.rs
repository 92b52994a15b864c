//! Without the network a container reaches neither the world nor the machine that it runs on.

use std::net::TcpListener;

use super::world::{World, docker, engine, image};

/// Tries to connect, with bash's own means, to every address that this machine could have.
fn probe(port: u16) -> String {
    format!(
        "for a in 172.17.0.1 172.18.0.1 $(sed -n 's/.* //p' /etc/hosts) \
         $(awk 'NR>1 && $3 != \"00000000\" {{print $3}}' /proc/net/route | while read h; do \
         printf '%d.%d.%d.%d ' 0x${{h:6:2}} 0x${{h:4:2}} 0x${{h:2:2}} 0x${{h:0:2}}; done) $HOSTS; do \
         timeout 2 bash -c \"</dev/tcp/$a/{port}\" 2>/dev/null && echo reached $a; done; echo done"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_machine_nor_the_world_is_reached() {
    let world = World::new().await;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let probe = probe(listener.local_addr().unwrap().port());
    let image = image();
    let name = world.name.clone();

    // The control has an ordinary network of the engine.
    let (plain, label) = (format!("{name}-plain"), format!("codingworker.job={name}"));
    let made = ["network", "create", "--label", &label, &plain];
    docker(&engine(), world.dir.path(), &made, "").await.ok();
    let control = ["run", "--rm", "--network", &plain, &image, "bash", "-c", &probe];
    let out = docker(&engine(), world.dir.path(), &control, "").await.ok();
    assert!(out.contains("reached"), "the control reaches nothing: {out}");
    assert_ne!(world.docker(&control).await.code, 0, "a network that leads outside may be joined");

    let without = ["run", "--rm", &image, "bash", "-c", &probe];
    assert_eq!(world.docker(&without).await.ok(), "done\n");
    world.docker(&["network", "create", &name]).await.ok();
    let gateway = ["network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", &name];
    let gateway = format!("HOSTS={}", world.docker(&gateway).await.ok().trim());
    let inside = ["run", "--rm", "--network", &name, "-e", &gateway, &image, "bash", "-c", &probe];
    assert_eq!(world.docker(&inside).await.ok(), "done\n");
    let dns = [
        "run",
        "--rm",
        "--network",
        &name,
        &image,
        "timeout",
        "20",
        "getent",
        "hosts",
        "www.debian.org",
    ];
    assert_ne!(world.docker(&dns).await.code, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_internal_network_of_the_engine_s_own_making_reaches_this_machine() {
    let world = World::new().await;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let probe = probe(listener.local_addr().unwrap().port());
    let name = format!("{}-plain", world.name);
    let label = format!("codingworker.job={}", world.name);
    let raw = |args: Vec<String>| async move {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        docker(&engine(), std::path::Path::new("/"), &args, "").await.ok()
    };
    let own = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    raw(own(&["network", "create", "--internal", "--label", &label, &name])).await;
    let gateway =
        raw(own(&["network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", &name])).await;
    let hosts = format!("HOSTS={}", gateway.trim());
    let out = raw(own(&[
        "run",
        "--rm",
        "--network",
        &name,
        "-e",
        &hosts,
        &image(),
        "bash",
        "-c",
        &probe,
    ]))
    .await;
    assert!(out.contains("reached"), "so our own option would be of no use: {out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_of_one_network_find_each_other_by_name() {
    let world = World::new().await;
    let (image, name) = (image(), world.name.clone());
    let server = format!("{name}-server");
    world.docker(&["network", "create", &name]).await.ok();
    let listen = ["run", "-d", "--init", "--network", &name, "--name", &server, &image];
    world.docker(&[&listen[..], &["sleep", "300"]].concat()).await.ok();
    let find = ["run", "--rm", "--network", &name, &image, "getent", "hosts", &server];
    let out = world.docker(&find).await.ok();
    assert!(out.contains(&server), "{out}");
    world.docker(&["network", "connect", &name, &server]).await;
    world.docker(&["network", "disconnect", &name, &server]).await.ok();
}
