//! Comments under issues and pull requests, comments on the diff, and reviews.

use serde_json::Value;

use super::{Reply, Scene, page};
use crate::github_double::description::Request;
use crate::github_double::shapes;
use crate::github_double::world::{CommentState, RepositoryState, World};

pub(super) fn perform(world: &mut World, operation: &str, scene: &Scene) -> Option<Reply> {
    Some(match operation {
        "issues/list-comments" => list(world, scene),
        "issues/list-comments-for-repo" => list_all(world, scene),
        "pulls/list-review-comments-for-repo" => list_all_on_lines(world, scene),
        "issues/create-comment" => create(world, scene),
        "issues/get-comment" => get(world, scene),
        "issues/update-comment" => update(world, scene),
        "pulls/list-review-comments" => list_on_lines(world, scene),
        "pulls/get-review-comment" => {
            let repository = world.repository(scene.full_name);
            let id = scene.request.number("comment_id", 0);
            let mut all = repository
                .pulls
                .iter()
                .flat_map(|pull| pull.line_comments.iter().map(move |it| (pull.number, it)));
            match all.find(|(_, it)| it.comment.id == id) {
                Some((pull, it)) => Reply::new(200, shapes::line_comment(repository, pull, it)),
                None => Reply::not_found(),
            }
        }
        "pulls/list-reviews" | "pulls/get-review" => reviews(world, operation, scene),
        _ => return None,
    })
}

/// Every comment of a conversation, with the number that it stands under.
fn talks(repository: &RepositoryState) -> impl Iterator<Item = (u64, &CommentState)> {
    let issues = repository.issues.iter().map(|it| (it.number, &it.comments));
    let pulls = repository.pulls.iter().map(|it| (it.number, &it.comments));
    issues.chain(pulls).flat_map(|(number, all)| all.iter().map(move |it| (number, it)))
}

fn list(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let number = request.number("issue_number", 0);
    let mut repository = world.repository(full_name).clone();
    if repository.talk(number).is_none() {
        return Reply::not_found();
    }
    let since = request.get("since");
    let all =
        talks(&repository).filter(|(thread, it)| *thread == number && *it.updated_at >= *since);
    let all: Vec<Value> = all.map(|(_, it)| shapes::comment(&repository, number, it)).collect();
    page(world, full_name, &format!("/issues/{number}/comments"), all, request)
}

/// All of a repository, by when they were written or changed.
fn list_all(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let repository = world.repository(full_name);
    let all = talks(repository).map(|(number, it)| (it, shapes::comment(repository, number, it)));
    page(world, full_name, "/issues/comments", sorted(all, request), request)
}

fn list_all_on_lines(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let repository = world.repository(full_name);
    let pulls = repository.pulls.iter();
    let all = pulls.flat_map(|pull| pull.line_comments.iter().map(|it| (pull.number, it)));
    let all = all.map(|(number, it)| (&it.comment, shapes::line_comment(repository, number, it)));
    page(world, full_name, "/pulls/comments", sorted(all, request), request)
}

fn sorted<'a>(
    all: impl Iterator<Item = (&'a CommentState, Value)>,
    request: &Request,
) -> Vec<Value> {
    let mut all: Vec<_> = all.collect();
    let at = |it: &CommentState| match request.get("sort") {
        "updated" => it.updated_at.clone(),
        _ => it.at.clone(),
    };
    all.sort_by_key(|(it, _)| (at(it), it.id));
    // The direction counts only where a sort is named.
    if !request.get("sort").is_empty() && request.get("direction") == "desc" {
        all.reverse();
    }
    all.into_iter().map(|(_, it)| it).collect()
}

fn get(world: &World, scene: &Scene) -> Reply {
    let repository = world.repository(scene.full_name);
    let id = scene.request.number("comment_id", 0);
    let found = talks(repository).find(|(_, it)| it.id == id);
    found.map_or_else(Reply::not_found, |(number, it)| {
        Reply::new(200, shapes::comment(repository, number, it))
    })
}

fn too_long(body: &str) -> Option<Reply> {
    let wrong = body.trim().is_empty() || body.chars().count() > 65_536;
    let words = "body is empty or too long (maximum is 65536 characters)";
    wrong.then(|| Reply::invalid(words))
}

fn create(world: &mut World, scene: &Scene) -> Reply {
    let Scene { full_name, request, me } = scene;
    let (number, body) = (request.number("issue_number", 0), request.text("body"));
    if world.repository_mut(full_name).talk(number).is_none() {
        return Reply::not_found();
    }
    if let Some(refusal) = too_long(body) {
        return refusal;
    }
    let id = world.say(full_name, number, body, &me.login);
    let repository = world.repository(full_name);
    let made = talks(repository).find(|(_, it)| it.id == id);
    made.map_or_else(Reply::not_found, |(number, it)| {
        Reply::new(201, shapes::comment(repository, number, it))
    })
}

fn update(world: &mut World, scene: &Scene) -> Reply {
    let Scene { full_name, request, me } = scene;
    let (id, body) = (request.number("comment_id", 0), request.text("body"));
    let found = talks(world.repository(full_name)).find(|(_, it)| it.id == id);
    let Some((_, comment)) = found else { return Reply::not_found() };
    if comment.author.id != me.id {
        return Reply::message(403, "You do not have permission to edit this comment.");
    }
    if let Some(refusal) = too_long(body) {
        return refusal;
    }
    world.edit_comment(full_name, id, body);
    get(world, scene)
}

fn list_on_lines(world: &World, scene: &Scene) -> Reply {
    let Scene { full_name, request, .. } = scene;
    let repository = world.repository(full_name);
    let number = request.number("pull_number", 0);
    let Some(pull) = repository.pulls.iter().find(|it| it.number == number) else {
        return Reply::not_found();
    };
    let since = request.get("since");
    let mut all: Vec<_> =
        pull.line_comments.iter().filter(|it| *it.comment.updated_at >= *since).collect();
    // The direction counts only where a sort is named.
    if !request.get("sort").is_empty() && request.get("direction") == "desc" {
        all.reverse();
    }
    let all = all.into_iter().map(|it| shapes::line_comment(repository, number, it)).collect();
    page(world, full_name, &format!("/pulls/{number}/comments"), all, request)
}

fn reviews(world: &World, operation: &str, scene: &Scene) -> Reply {
    let Scene { full_name, request, me } = scene;
    let repository = world.repository(full_name);
    let number = request.number("pull_number", 0);
    let Some(pull) = repository.pulls.iter().find(|it| it.number == number) else {
        return Reply::not_found();
    };
    // Nobody else sees what is still being written.
    let seen = pull.reviews.iter().filter(|it| it.state != "PENDING" || it.comment.author == *me);
    if operation == "pulls/list-reviews" {
        let all = seen.map(|it| shapes::review(repository, number, it)).collect();
        return page(world, full_name, &format!("/pulls/{number}/reviews"), all, request);
    }
    let id = request.number("review_id", 0);
    let found = { seen }.find(|it| it.comment.id == id);
    found
        .map_or_else(Reply::not_found, |it| Reply::new(200, shapes::review(repository, number, it)))
}
