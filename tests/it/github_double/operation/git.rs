//! Objects, branches and files of the bare repositories, by git itself.

#![expect(clippy::disallowed_methods, reason = "the double asks git, as GitHub does")]

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::{Reply, Scene};
use crate::github_double::shapes;
use crate::github_double::world::World;

pub(super) fn perform(world: &mut World, operation: &str, scene: &Scene) -> Option<Reply> {
    Some(match operation {
        "repos/get-content" => content(world, scene),
        "git/get-ref" => get_ref(world, scene),
        "git/create-ref" => create_ref(world, scene),
        "git/update-ref" => update_ref(world, scene),
        "git/get-commit" => get_commit(world, scene),
        "git/create-tree" => create_tree(world, scene),
        "git/create-commit" => create_commit(world, scene),
        _ => return None,
    })
}

/// What git says, if it succeeds.
fn git(world: &World, scene: &Scene, args: &[&str], stdin: &str) -> Option<String> {
    let bare = world.bare(scene.full_name);
    let mut git = Command::new("git");
    git.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.env("GIT_INDEX_FILE", bare.join("index-of-the-double"));
    git.args(["-c", "user.name=The Worker", "-c", "user.email=worker@example.com"]);
    git.arg("--git-dir").arg(&bare).args(args);
    git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = git.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    ended.status.success().then(|| String::from_utf8(ended.stdout).unwrap())
}

fn line(world: &World, scene: &Scene, args: &[&str]) -> Option<String> {
    git(world, scene, args, "").map(|it| it.trim().to_owned())
}

fn content(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let repository = world.repository(full_name);
    let branch = match request.get("ref") {
        "" => &repository.default_branch,
        branch => branch,
    };
    let (path, at) = (request.get("path"), format!("refs/heads/{branch}:{}", request.get("path")));
    let Some(sha) = line(world, scene, &["rev-parse", "--verify", "-q", &at]) else {
        return Reply::not_found();
    };
    let text = git(world, scene, &["cat-file", "blob", &sha], "").unwrap();
    let packed = BASE64_STANDARD.encode(&text);
    let lines: Vec<&str> =
        packed.as_bytes().chunks(60).map(|it| std::str::from_utf8(it).unwrap()).collect();
    let facts = json!({
        "name": path.rsplit('/').next(), "path": path, "sha": sha, "size": text.len(),
        "content": format!("{}\n", lines.join("\n")),
    });
    Reply::new(
        200,
        shapes::example("content-file-response-if-content-is-a-file", repository, facts),
    )
}

fn reference(world: &World, scene: &Scene, status: u16, name: &str, sha: &str) -> Reply {
    let facts = json!({"ref": format!("refs/{name}"), "object": {"sha": sha, "type": "commit"}});
    let repository = world.repository(scene.full_name);
    Reply::new(status, shapes::example("git-ref", repository, facts))
}

fn get_ref(world: &World, scene: &Scene) -> Reply {
    let name = scene.request.get("ref");
    if line(world, scene, &["rev-parse", "--verify", "-q", "HEAD"]).is_none() {
        return Reply::message(409, "Git Repository is empty.");
    }
    match line(world, scene, &["rev-parse", "--verify", "-q", &format!("refs/{name}")]) {
        Some(sha) => reference(world, scene, 200, name, &sha),
        None => Reply::not_found(),
    }
}

fn create_ref(world: &World, scene: &Scene) -> Reply {
    let (name, sha) = (scene.request.text("ref"), scene.request.text("sha"));
    if line(world, scene, &["rev-parse", "--verify", "-q", name]).is_some() {
        return Reply::message(422, "Reference already exists");
    }
    match line(world, scene, &["update-ref", name, sha]) {
        Some(_) => reference(world, scene, 201, name.trim_start_matches("refs/"), sha),
        None => Reply::message(422, "Object does not exist"),
    }
}

fn update_ref(world: &World, scene: &Scene) -> Reply {
    let (name, sha) = (scene.request.get("ref"), scene.request.text("sha"));
    let full = format!("refs/{name}");
    let Some(tip) = line(world, scene, &["rev-parse", "--verify", "-q", &full]) else {
        return Reply::message(422, "Reference does not exist");
    };
    let forced = scene.request.body["force"] == json!(true);
    if !forced && line(world, scene, &["merge-base", "--is-ancestor", &tip, sha]).is_none() {
        return Reply::message(422, "Update is not a fast forward");
    }
    line(world, scene, &["update-ref", &full, sha]).unwrap();
    reference(world, scene, 200, name, sha)
}

fn get_commit(world: &World, scene: &Scene) -> Reply {
    let sha = scene.request.get("commit_sha");
    match line(world, scene, &["rev-parse", "--verify", "-q", &format!("{sha}^{{tree}}")]) {
        Some(tree) => {
            let facts = json!({"sha": sha, "tree": {"sha": tree}});
            let repository = world.repository(scene.full_name);
            Reply::new(200, shapes::example("git-commit-2", repository, facts))
        }
        None => Reply::not_found(),
    }
}

/// A token without the permission `workflows` may not even make the tree: GitHub answers classic
/// tokens with 404, and says to the others what they lack.
fn create_tree(world: &World, scene: &Scene) -> Reply {
    let repository = world.repository(scene.full_name);
    let entries = scene.request.body["tree"].as_array().unwrap();
    let touches = |it: &Value| it["path"].as_str().unwrap().starts_with(".github/workflows/");
    if repository.settings.lacks.contains(&"workflows") && entries.iter().any(touches) {
        let refusal = Reply::message(403, "Resource not accessible by personal access token");
        return refusal.with("x-accepted-github-permissions", "contents=write,workflows=write");
    }
    let base = scene.request.text("base_tree");
    if line(world, scene, &["cat-file", "-t", base]).as_deref() != Some("tree") {
        return Reply::message(422, "base_tree is not a valid tree oid");
    }
    line(world, scene, &["read-tree", base]).unwrap();
    for entry in entries {
        let (path, mode) = (entry["path"].as_str().unwrap(), entry["mode"].as_str().unwrap());
        let text = entry["content"].as_str().unwrap();
        let blob = git(world, scene, &["hash-object", "-w", "--stdin"], text).unwrap();
        let entry = format!("{mode},{},{path}", blob.trim());
        line(world, scene, &["update-index", "--add", "--cacheinfo", &entry]).unwrap();
    }
    let tree = line(world, scene, &["write-tree"]).unwrap();
    Reply::new(201, shapes::example("git-tree", repository, json!({"sha": tree})))
}

fn create_commit(world: &World, scene: &Scene) -> Reply {
    let (message, tree) = (scene.request.text("message"), scene.request.text("tree"));
    let mut args = vec!["commit-tree", tree];
    for parent in scene.request.body["parents"].as_array().into_iter().flatten() {
        args.extend(["-p", parent.as_str().unwrap()]);
    }
    match git(world, scene, &args, message) {
        Some(sha) => {
            let facts = json!({"sha": sha.trim(), "message": message, "tree": {"sha": tree}});
            let repository = world.repository(scene.full_name);
            Reply::new(201, shapes::example("git-commit", repository, facts))
        }
        None => Reply::message(422, "Tree SHA does not exist"),
    }
}
