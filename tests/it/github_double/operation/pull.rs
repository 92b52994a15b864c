//! Pull requests, with real diffs of the bare repositories.

#![expect(clippy::disallowed_methods, reason = "the double asks git, as GitHub does")]

use std::process::Command;

use serde_json::{Value, json};

use super::{Reply, Scene, page};
use crate::github_double::shapes;
use crate::github_double::world::{PullState, World};

pub(super) fn perform(world: &mut World, operation: &str, scene: &Scene) -> Option<Reply> {
    let Scene { full_name, request, .. } = scene;
    match operation {
        "pulls/list" => return Some(list(world, scene)),
        "pulls/create" => return Some(create(world, scene)),
        "pulls/get" | "pulls/list-files" => {}
        _ => return None,
    }
    let repository = world.repository(full_name);
    let number = request.number("pull_number", 0);
    let Some(pull) = repository.pulls.iter().find(|it| it.number == number) else {
        return Some(Reply::not_found());
    };
    if operation == "pulls/list-files" {
        let all = files(&diff(world, full_name, pull));
        return Some(page(world, full_name, &format!("/pulls/{number}/files"), all, request));
    }
    if request.diff {
        let text = Some(diff(world, full_name, pull));
        return Some(Reply { text, ..Reply::new(200, Value::Null) });
    }
    Some(Reply::new(200, shapes::pull(world, repository, pull, true)))
}

/// As git shows it, from where the branches parted.
fn diff(world: &World, full_name: &str, pull: &PullState) -> String {
    let mut git = Command::new("git");
    let range = format!("refs/heads/{}...{}", pull.base, pull.sha);
    git.arg("--git-dir").arg(world.bare(full_name)).args(["diff", "--no-color", &range, "--"]);
    git.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(fork) = &pull.fork {
        git.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", world.bare(fork).join("objects"));
    }
    let ended = git.output().unwrap();
    assert!(ended.status.success(), "{range}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8_lossy(&ended.stdout).into_owned()
}

fn files(diff: &str) -> Vec<Value> {
    let parts = diff.split("diff --git ").skip(1);
    let one = |part: &str| {
        let line = |mark: &str| part.lines().find_map(|it| it.strip_prefix(mark));
        let (old, new) = (line("--- a/"), line("+++ b/"));
        let status = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "modified",
        };
        let patch = part.find("@@").map_or("", |at| part[at..].trim_end());
        shapes::file(new.or(old).unwrap_or_default(), status, patch)
    };
    parts.map(one).collect()
}

fn list(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let repository = world.repository(full_name);
    let state = match request.get("state") {
        "" => "open",
        other => other,
    };
    // GitHub takes a head without an owner for no filter at all.
    let head = Some(request.get("head")).filter(|it| it.contains(':'));
    let here = |pull: &PullState| {
        let owner = pull.fork.as_ref().and_then(|it| it.split_once('/')).map(|(owner, _)| owner);
        format!("{}:{}", owner.unwrap_or(&repository.owner), pull.head)
    };
    let wanted = |it: &&PullState| {
        (state == "all" || (state == "open") == it.open)
            && head.is_none_or(|head| head.to_lowercase() == here(it).to_lowercase())
            && (request.get("base").is_empty() || request.get("base") == it.base)
    };
    let all = repository.pulls.iter().rev().filter(wanted);
    let all = all.map(|it| shapes::pull(world, repository, it, false)).collect();
    page(world, full_name, "/pulls", all, request)
}

fn create(world: &mut World, scene: &Scene) -> Reply {
    let Scene { full_name, request, me } = scene;
    let repository = world.repository(full_name);
    let (head, base) = (request.text("head"), request.text("base"));
    let head = head.strip_prefix(&format!("{}:", repository.owner)).unwrap_or(head);
    let draft = request.body["draft"].as_bool().unwrap_or(false);
    let Some(tip) = world.branch(full_name, base) else { return no_branch("base") };
    let Some(sha) = world.branch(full_name, head) else { return no_branch("head") };
    if sha == tip {
        return Reply::invalid(&format!("No commits between {base} and {head}"));
    }
    let open = |it: &&PullState| it.open && it.fork.is_none() && it.head == head && it.base == base;
    if repository.pulls.iter().any(|it| open(&it)) {
        let owner = &repository.owner;
        return Reply::invalid(&format!("A pull request already exists for {owner}:{head}."));
    }
    if draft && !repository.drafts {
        return Reply::message(422, "Draft pull requests are not supported in this repository.");
    }
    let title = request.text("title");
    if title.trim().is_empty() || title.chars().count() > 256 {
        return Reply::invalid("title is empty or too long (maximum is 256 characters)");
    }
    let words = (title, request.text("body"));
    let number = world.open_pull(full_name, None, (head, base), words, &me.login);
    world.repository_mut(full_name).pull_mut(number).draft = draft;
    let repository = world.repository(full_name);
    Reply::new(201, shapes::pull(world, repository, repository.pull(number), true))
}

fn no_branch(field: &str) -> Reply {
    let mut reply = Reply::message(422, "Validation Failed");
    reply.body["errors"] = json!([{"resource": "PullRequest", "field": field, "code": "invalid"}]);
    reply
}
