//! What lets a build be taken up by the next job: the same path, and the times of files that are
//! the same.

use std::time::{Duration, SystemTime};

use codingworker::domain::job::JobId;
use codingworker::workspace::Workspace;

use super::world::World;

fn modified(workspace: &Workspace, path: &str) -> SystemTime {
    workspace.tree().join(path).metadata().unwrap().modified().unwrap()
}

#[tokio::test]
async fn a_file_has_its_old_time_only_if_it_is_the_same() {
    let files = [("same", "1\n"), ("changed", "1\n"), (".gitignore", "target/\n")];
    let world = World::with(&files);
    let (one, _) = world.check_out("one").await;
    let long_ago = SystemTime::UNIX_EPOCH + Duration::new(86_400, 5);
    for (path, _) in files {
        let file = std::fs::File::options().write(true).open(one.tree().join(path)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    std::fs::create_dir(one.tree().join("target")).unwrap();
    assert_eq!(one.ignored().await.unwrap(), [b"target"]);
    let stamps = one.stamps().await.unwrap();

    world.person_pushes(&[("changed", "2\n"), ("new", "1\n")], "main");
    let (two, out) = world.check_out("two").await;
    // As a tree that an earlier job had would have it: older than what was built from another blob.
    let file = std::fs::File::options().write(true).open(two.tree().join("changed")).unwrap();
    file.set_modified(long_ago).unwrap();
    two.restamp(stamps).await.unwrap();
    two.restore(&out.tree).await.unwrap();
    assert_eq!(modified(&two, "same"), long_ago);
    for path in ["changed", "new"] {
        assert!(modified(&two, path) > long_ago + Duration::from_secs(86_400), "{path}");
    }
    assert_eq!(two.snapshot().await.unwrap().tree, out.tree);
}

#[tokio::test]
async fn the_same_blob_under_another_conversion_is_another_file() {
    let world = World::with(&[("same", "1\n"), (".gitattributes", "* text\n")]);
    let (one, _) = world.check_out("one").await;
    let stamps = one.stamps().await.unwrap();
    let then = modified(&one, "same");
    world.person_pushes(&[(".gitattributes", "* text eol=crlf\n")], "main");
    let (two, _) = world.check_out("two").await;
    two.restamp(stamps).await.unwrap();
    assert!(modified(&two, "same") > then);
}

#[tokio::test]
async fn jobs_one_after_the_other_have_the_same_path_and_jobs_at_once_have_not() {
    let world = World::with(&[("a", "1\n")]);
    let workspaces = world.workspaces();
    let mut seats = Vec::new();
    for name in ["one", "two"] {
        world.check_out(name).await;
        let job = JobId(name.to_owned());
        let seat = workspaces.seat(&job, &world.repository).await.unwrap().unwrap();
        assert_eq!(workspaces.seat(&job, &world.repository).await.unwrap().as_ref(), Some(&seat));
        assert_eq!(seat.canonicalize().unwrap().file_name().unwrap(), name);
        seats.push(seat);
    }
    assert_ne!(seats[0], seats[1]);
    workspaces.remove(&JobId("one".to_owned())).await;
    workspaces.unseat(&JobId("two".to_owned()));
    for (name, seat) in [("three", &seats[0]), ("four", &seats[1])] {
        world.check_out(name).await;
        let job = JobId(name.to_owned());
        assert_eq!(workspaces.seated(&job, &world.repository), None);
        assert_eq!(
            workspaces.seat(&job, &world.repository).await.unwrap().as_ref(),
            Some(seat),
            "{name}"
        );
    }
    let nobody = JobId("nobody".to_owned());
    assert!(workspaces.seat(&nobody, &world.repository).await.is_err(), "it has no folder");
}
