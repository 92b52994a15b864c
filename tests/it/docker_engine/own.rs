//! The worker in a container of the same engine: its paths are other ones for the engine.

use codingworker::cage::container::Container;
use codingworker::cage::{Cage, Rules};

use super::caged::{rules, sh};
use super::*;

const BOX: &str = "CODINGWORKER_TEST_IN_A_BOX";

/// This very test runs once more in a container, with a state folder on a volume and another on a
/// folder of the machine's, and speaks with the engine from there.
#[tokio::test]
async fn a_worker_in_a_container_shows_its_folders_to_the_containers_beside_it() {
    if let Some(worker) = env(BOX) {
        return inside(worker).await;
    }
    let home = Home::new();
    let name = home.tag("state");
    let label = format!("codingworker.worker={}", home.owner.worker);
    cli(&["volume", "create", "--label", &label, &name]).await;
    let exe = std::env::current_exe().unwrap();
    let folder = home.path("machine");
    std::fs::create_dir(&folder).unwrap();
    let bind = |from: &Path, to: &str| format!("type=bind,source={},target={to}", from.display());
    let volume = format!("type=volume,source={name},target=/state");
    // The test's program runs on this machine's libraries, which the image need not have.
    let usr = bind(Path::new("/usr"), "/usr");
    let said = cli(&[
        "run",
        "--rm",
        "--label",
        &label,
        "--network",
        "none",
        "--hostname",
        "some-name",
        "--mount",
        &format!("{usr},readonly"),
        "--mount",
        &bind(&socket(), "/var/run/docker.sock"),
        "--mount",
        &bind(&folder, "/state/machine"),
        "--mount",
        &format!("{},readonly", bind(&exe, "/test")),
        "--mount",
        &volume,
        "-e",
        &format!("{BOX}={}", home.owner.worker),
        "-e",
        &format!("CODINGWORKER_TEST_IMAGE={}", base()),
        &base(),
        "/test",
        "--exact",
        "--nocapture",
        "docker_engine::own::a_worker_in_a_container_shows_its_folders_to_the_containers_beside_it",
    ])
    .await;
    assert!(said.contains("1 passed") && said.contains("inside: done"), "{said}");
    let written = std::fs::read_to_string(folder.join("from beside")).unwrap();
    assert_eq!(written, "seen\n");
    home.end().await;
}

async fn inside(worker: String) {
    let docker = Docker::new(Endpoint::Unix("/var/run/docker.sock".into())).unwrap();
    assert!(docker.is_around_us().await.unwrap());
    let outside = docker.host_path(Path::new("/state/machine")).await.unwrap();
    assert!(outside.ends_with("machine") && outside != Path::new("/state/machine"), "{outside:?}");
    let refused = docker.host_path(Path::new("/etc")).await.unwrap_err().to_string();
    assert!(refused.contains("cannot see /etc"), "{refused}");
    std::fs::create_dir("/state/tree").unwrap();
    std::fs::write("/state/tree/file", "seen\n").unwrap();
    let owner = Owner { worker, job: None };
    let cage = Container { docker, image: base(), owner };
    let writable = vec!["/state/tree".into(), "/state/machine".into()];
    let rules = Rules { writable, ..rules() };
    let line = "cp file '/state/machine/from beside'; echo more > new; id -u";
    let spec = Spec { cwd: "/state/tree".into(), ..sh(line) };
    let ended = cage.run(spec, &rules, None, &CancellationToken::new()).await.unwrap();
    assert_eq!(ended.stdout.to_text(), "65532\n", "{}", ended.stderr.to_text());
    assert_eq!(std::fs::read_to_string("/state/tree/new").unwrap(), "more\n");
    println!("inside: done");
}
