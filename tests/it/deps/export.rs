use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use codingworker::workspace::WorkspaceError;

use crate::workspace::world::{World, git, write};

/// Every file and link below `folder`.
fn listed(folder: &Path) -> BTreeSet<String> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![folder.to_path_buf()]);
    while let Some(path) = waiting.pop() {
        if std::fs::symlink_metadata(&path).unwrap().is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
        } else {
            found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
        }
    }
    found
}

fn names(paths: &[&str]) -> BTreeSet<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test]
async fn the_named_files_of_the_tip_are_laid_out_byte_for_byte_and_nothing_else() {
    let files = [("package.json", "{}"), ("web/a b.json", "\0\r\n"), ("src/main.js", "1")];
    let world = World::with(&files);
    let old = world.path().join("old");
    let wanted =
        paths(&["package.json", "web/a b.json", "none", "src", "../remotes", "/etc/passwd"]);
    let workspaces = world.workspaces();
    let export = |to| workspaces.export_at(&world.repository, "main", &wanted, to, &world.stop);
    export(&old).await.unwrap();
    assert_eq!(listed(&old), names(&["package.json", "web/a b.json"]));
    assert_eq!(std::fs::read(old.join("web/a b.json")).unwrap(), b"\0\r\n");

    let tip = world.person_pushes(&[("package.json", "{\"a\": 1}")], "main");
    let new = world.path().join("deep/er/new");
    assert_eq!(export(&new).await.unwrap(), tip);
    assert_eq!(std::fs::read_to_string(new.join("package.json")).unwrap(), "{\"a\": 1}");

    let (workspace, out) = world.check_out("job1").await;
    for (n, tree) in [&out.tree, &out.base].into_iter().enumerate() {
        let own = world.path().join(format!("own{n}"));
        workspace.export(tree, &wanted, &own).await.unwrap();
        assert_eq!(listed(&own), names(&["package.json", "web/a b.json"]));
    }
}

#[tokio::test]
async fn what_the_model_wrote_is_not_in_an_export() {
    let world = World::with(&[("package.json", "{}")]);
    let (workspace, out) = world.check_out("job1").await;
    write(workspace.tree(), &[("package.json", "evil"), (".npmrc", "evil")]);
    let to = world.path().join("to");
    workspace.export(&out.base, &[], &to).await.unwrap();
    assert_eq!(listed(&to), names(&["package.json"]));
    assert_eq!(std::fs::read_to_string(to.join("package.json")).unwrap(), "{}");
}

#[tokio::test]
async fn of_a_whole_tree_only_links_that_lead_out_are_missing() {
    let world = World::with(&[("a/run", "1"), (".gitattributes", "* filter=evil text eol=lf\n")]);
    let person = world.path().join("person");
    std::fs::set_permissions(person.join("a/run"), PermissionsExt::from_mode(0o755)).unwrap();
    for (target, link) in
        [("a/run", "in"), ("/etc/passwd", "out"), ("../../x", "a/up"), ("a", "package.json")]
    {
        symlink(target, person.join(link)).unwrap();
    }
    git(&person, &["add", "-A"]);
    world.person_commits("main");
    let to = world.path().join("to");
    let workspaces = world.workspaces();
    workspaces.export_at(&world.repository, "main", &[], &to, &world.stop).await.unwrap();
    assert_eq!(listed(&to), names(&[".gitattributes", "a/run", "in", "package.json"]));
    assert_eq!(std::fs::metadata(to.join("a/run")).unwrap().permissions().mode() & 0o111, 0o111);

    // By name, no link is a manifest.
    let to = world.path().join("named");
    let wanted = paths(&["package.json", "out", "a/run"]);
    workspaces.export_at(&world.repository, "main", &wanted, &to, &world.stop).await.unwrap();
    assert_eq!(listed(&to), names(&["a/run"]));
}

#[tokio::test]
async fn an_export_goes_into_an_empty_folder_or_not_at_all() {
    let world = World::with(&[("a", "1")]);
    let workspaces = world.workspaces();
    let full = world.path().join("full");
    write(&full, &[("mine", "1")]);
    let empty = world.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let link = world.path().join("link");
    symlink(&empty, &link).unwrap();
    for (to, branch) in [(&full, "main"), (&link, "main"), (&empty, "none"), (&empty, "-x")] {
        let refused = workspaces.export_at(&world.repository, branch, &[], to, &world.stop).await;
        assert!(refused.is_err(), "{} {branch}", to.display());
    }
    assert_eq!(listed(&full), names(&["mine"]));
    assert_eq!(listed(&empty), names(&[]));
    world.stop.cancel();
    let stopped = workspaces.export_at(&world.repository, "main", &[], &empty, &world.stop).await;
    assert!(matches!(stopped, Err(WorkspaceError::Stopped)), "{stopped:?}");
}
