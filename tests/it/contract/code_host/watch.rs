//! What is seen of a repository by whoever looks at it again and again.

use codingworker::code_host::{Draft, HostError, Page};
use codingworker::domain::change::{Change, Fate, ObjectId};
use codingworker::domain::job::Spot;
use codingworker::domain::task::Repository;
use codingworker::engine::watch::{List, Sighting};

use super::{TIP, World, api, real_repository};

const LABEL: &str = "ai-task";

async fn page(world: &dyn World, repository: &Repository, list: List) -> Page {
    let look = world.watch().look(repository, list, LABEL, 1, None).await.unwrap();
    look.page.unwrap()
}

async fn items(world: &dyn World, repository: &Repository, list: List) -> Vec<Sighting> {
    page(world, repository, list).await.items
}

pub(super) async fn a_list_that_has_not_changed_is_not_sent_again(world: &dyn World) {
    let number = world.issue("Title", "Body", "reporter").await;
    world.label(number, LABEL, "maintainer").await;
    world.comment(number, "Hello", "stranger").await;
    for list in List::ALL {
        let etag = page(world, &api(), list).await.etag.unwrap();
        let again = world.watch().look(&api(), list, LABEL, 1, Some(&etag)).await.unwrap();
        assert_eq!((again.page, again.wait), (None, None), "{list:?}");
    }
    let etag = page(world, &api(), List::Comments).await.etag.unwrap();
    world.comment(number, "Hello again", "stranger").await;
    let changed = world.watch().look(&api(), List::Comments, LABEL, 1, Some(&etag)).await.unwrap();
    assert_ne!(changed.page.unwrap().etag, Some(etag));
}

pub(super) async fn labelled_issues_are_listed_as_long_as_they_are_open_and_labelled(
    world: &dyn World,
) {
    let one = world.issue("One", "Body", "reporter").await;
    let other = world.issue("Other", "", "reporter").await;
    assert_eq!(items(world, &api(), List::Issues).await, []);
    assert_eq!(world.watch().labelled(&api(), one, LABEL).await.unwrap(), None);
    world.label(one, "AI-Task", "maintainer").await;
    world.label(other, LABEL, "maintainer").await;
    let seen = items(world, &api(), List::Issues).await;
    assert_eq!(seen.iter().map(|it| it.id).collect::<Vec<_>>(), [other, one], "newest first");
    assert_eq!((seen[1].title.as_str(), seen[1].on_pull, seen[1].thread), ("One", false, one));
    let first = world.watch().labelled(&api(), one, LABEL).await.unwrap().unwrap();
    let whole = world.host().issue(&api(), one, LABEL).await.unwrap();
    assert_eq!(whole.labelled.unwrap().at, first);
    world.label(one, LABEL, "maintainer").await;
    assert!(world.watch().labelled(&api(), one, LABEL).await.unwrap().unwrap() > first);
    world.close(one).await;
    assert_eq!(items(world, &api(), List::Issues).await.len(), 1);
}

pub(super) async fn comments_come_newest_first_and_tell_what_they_stand_under(world: &dyn World) {
    let number = world.issue("Title", "Body", "reporter").await;
    world.comment(number, "Under an issue", "stranger").await;
    let seen = items(world, &api(), List::Comments).await;
    assert_eq!((seen[0].thread, seen[0].on_pull), (number, false));

    let pull = world.pull("T", "", "author").await;
    let first = world.say(pull, "@ai-fix one", "reviewer").await;
    let second = world.say(pull, "@ai-fix two", "reviewer").await;
    let spot = Spot { path: "calc.py".to_owned(), line: Some(2), hunk: "@@ -1,2 +1,2 @@".into() };
    let on_line = world.say_on_line(pull, spot, "@ai-fix this line", "reviewer").await;
    let seen = items(world, &real_repository(), List::Comments).await;
    assert_eq!(seen.iter().map(|it| it.id).collect::<Vec<_>>(), [second, first]);
    assert!(seen.iter().all(|it| it.thread == pull && it.on_pull && it.author == "reviewer"));
    assert_eq!((seen[0].at, seen[0].body.as_str()), (seen[0].written, "@ai-fix two"));
    let seen = items(world, &real_repository(), List::LineComments).await;
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].id, seen[0].thread, seen[0].on_pull), (on_line, pull, true));
}

pub(super) async fn a_review_changes_its_pull_request_and_is_found_behind_it(world: &dyn World) {
    let pull = world.pull("T", "", "author").await;
    let before = items(world, &real_repository(), List::Threads).await;
    assert_eq!((before.len(), before[0].id, before[0].on_pull), (1, pull, true));
    assert_eq!(world.watch().reviews(&real_repository(), pull).await.unwrap(), []);
    let review = world.review(pull, "@ai-fix all of it", "reviewer").await;
    let after = items(world, &real_repository(), List::Threads).await;
    assert!(before[0].at < after[0].at);
    let reviews = world.watch().reviews(&real_repository(), pull).await.unwrap();
    assert_eq!((reviews.len(), reviews[0].id, reviews[0].thread), (1, review, pull));
    assert!(reviews[0].on_pull && reviews[0].body == "@ai-fix all of it");
    world.merge(pull).await;
    assert_eq!(items(world, &real_repository(), List::Threads).await, []);
}

pub(super) async fn what_cannot_be_looked_at_is_named(world: &dyn World) {
    let gone: Repository = "acme/gone".parse().unwrap();
    for list in List::ALL {
        let error = world.watch().look(&gone, list, LABEL, 1, None).await.unwrap_err();
        assert!(matches!(&error, HostError::NotFound(it) if it.contains("acme/gone")), "{error}");
    }
}

pub(super) async fn what_became_of_a_pull_request_is_seen_and_costs_nothing_while_it_is_the_same(
    world: &dyn World,
) {
    let (merged, closed) = (world.pull("T", "", "author").await, {
        let number = world.issue("Fix it", "", "reporter").await;
        let change = Change { branch: "ai/issue-1".to_owned(), commit: ObjectId(TIP.to_owned()) };
        let (base, title, body) = ("trunk".to_owned(), "T".to_owned(), format!("Closes #{number}"));
        let draft = Draft { base, title, body, draft: true };
        world.host().open(&api(), &change, &draft).await.unwrap().number
    });
    let (watch, real) = (world.watch(), real_repository());
    let first = watch.fate(&real, merged, None).await.unwrap();
    assert_eq!(first.fate, Some(Fate::Open));
    let again = watch.fate(&real, merged, first.etag.as_deref()).await.unwrap();
    assert_eq!((again.fate, again.wait), (None, None));
    world.merge(merged).await;
    let after = watch.fate(&real, merged, first.etag.as_deref()).await.unwrap();
    assert_eq!(after.fate, Some(Fate::Merged));
    assert_eq!(watch.fate(&api(), closed, None).await.unwrap().fate, Some(Fate::Open));
    world.close_pull(closed).await;
    assert_eq!(watch.fate(&api(), closed, None).await.unwrap().fate, Some(Fate::Closed));
    let gone = watch.fate(&real, 404, None).await.unwrap_err();
    assert!(matches!(gone, HostError::NotFound(_)) && gone.to_string().contains("acme/real#404"));
}
