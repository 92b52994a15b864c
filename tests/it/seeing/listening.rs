//! Where a worker listens, and what it does when it cannot.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use nix::sys::signal::Signal;
use serde_json::json;

use super::wire::Door;
use crate::binary::world::World;
use crate::scripted_ollama::Reply;

/// A world without work.
pub(super) async fn idle(listen: &str) -> World {
    let mut world = World::empty(|_, _| Reply::Hang).await;
    world.config["http"]["listen"] = json!(listen);
    world
}

#[tokio::test]
async fn a_socket_is_for_our_own_user_and_a_stale_one_is_replaced() {
    let mut world = idle("off").await;
    let path = world.path().join("seen.sock");
    world.config["http"]["listen"] = json!(format!("unix:{}", path.display()));
    let door = Door::socket(&path);

    let mut first = world.serve(&[]);
    first.until("it listens", || first_said(&world, "serving /healthz")).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(door.get("/healthz").await.status, 200);

    // Another worker must not take the place of one that answers: it was told to be there.
    let mut second_world = idle("off").await;
    second_world.config["http"]["listen"] = world.config["http"]["listen"].clone();
    let mut second = second_world.serve(&[]);
    assert_eq!(second.code().await, 3);
    assert!(second.said().contains("seen.sock"), "{}", second.said());
    assert!(second.said().contains("http.listen"), "{}", second.said());
    assert_eq!(door.get("/healthz").await.status, 200);

    first.kill_9().await;
    assert!(path.exists(), "a killed worker leaves its socket behind");
    let mut third = world.serve(&[]);
    let log = third.log.clone();
    let listens = || std::fs::read_to_string(&log).unwrap().contains("serving /healthz");
    third.until("the next one listens", listens).await;
    assert_eq!(door.get("/healthz").await.status, 200);
    third.signal(Signal::SIGTERM);
    assert_eq!(third.code().await, 0);
    assert!(!path.exists(), "a worker that ends takes its socket along");
}

fn first_said(world: &World, what: &str) -> bool {
    world.log().contains(what)
}

#[tokio::test]
async fn a_taken_address_is_an_error_where_it_was_named_and_a_warning_where_it_is_the_default() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = idle(&taken.local_addr().unwrap().to_string()).await;
    let mut named = world.serve(&[]);
    assert_eq!(named.code().await, 3);
    assert!(named.said().contains("cannot listen at http://127.0.0.1:"), "{}", named.said());
    assert!(!named.said().contains("waiting for tasks"), "{}", named.said());

    // If this fails somebody else holds it, which is as good.
    let _held = TcpListener::bind("127.0.0.1:9464");
    let mut world = idle("off").await;
    world.config.as_object_mut().unwrap().remove("http");
    let mut default = world.serve(&[]);
    let log = default.log.clone();
    let said = |what: &str| std::fs::read_to_string(&log).unwrap().contains(what);
    default.until("it says so", || said("no /healthz and no /metrics")).await;
    assert!(default.said().contains("127.0.0.1:9464"), "{}", default.said());
    default.until("it works all the same", || said("waiting for tasks")).await;
    default.signal(Signal::SIGTERM);
    assert_eq!(default.code().await, 0);
}
