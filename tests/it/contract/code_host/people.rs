//! Who may do what, and what people say under pull requests.

use codingworker::code_host::{HostError, Permission};
use codingworker::domain::job::{Person, Spot};
use codingworker::domain::task::{CommentKind, CommentRef};

use super::{MARKER, World, api, real_repository};

fn comment(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::IssueComment, id }
}

fn on_line(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::ReviewComment, id }
}

fn whole_review(id: u64) -> CommentRef {
    CommentRef { kind: CommentKind::Review, id }
}

fn spot() -> Spot {
    let hunk = "@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b";
    Spot { path: "calc.py".to_owned(), line: Some(2), hunk: hunk.to_owned() }
}

pub(super) async fn a_changed_text_says_when_it_was_changed(world: &dyn World) {
    let number = world.issue("Title", "Body", "reporter").await;
    world.label(number, "ai-task", "maintainer").await;
    let read = async || world.host().issue(&api(), number, "ai-task").await.unwrap();
    let before = read().await;
    assert_eq!(before.edited_at, None);
    for (title, body) in [("Title", "Another body"), ("Another title", "Another body")] {
        world.edit_issue(number, title, body).await;
        let issue = read().await;
        assert_eq!((issue.title.as_str(), issue.body.as_str()), (title, body));
        assert!(issue.edited_at.unwrap() > issue.labelled.unwrap().at);
        world.label(number, "ai-task", "maintainer").await;
        let issue = read().await;
        assert!(issue.edited_at.unwrap() < issue.labelled.unwrap().at);
    }
}

pub(super) async fn who_we_are_is_who_speaks(world: &dyn World) {
    let (host, pull) = (world.host(), world.pull("T", "", "author").await);
    let me = host.me().await.unwrap().unwrap();
    let body = format!("{MARKER}\nDone");
    let say = async |known, body: &str| {
        host.say(&real_repository(), pull, MARKER, known, body).await.unwrap()
    };
    let id = say(None, MARKER).await;
    assert_eq!((say(Some(id), &body).await, say(None, &body).await), (id, id));
    let remarks = host.remarks(&real_repository(), pull, None).await.unwrap();
    assert_eq!(remarks.len(), 1);
    assert_eq!((remarks[0].author.as_ref().unwrap().person.clone(), &remarks[0].body), (me, &body));
}

pub(super) async fn a_permission_is_read_anew_and_belongs_to_the_id(world: &dyn World) {
    use Permission::{Admin, Maintain, None, Read, Triage, Write};
    let (host, person) = (world.host(), world.person("changing").await);
    let asked = async |who: &Person| host.permission(&real_repository(), who).await.unwrap();
    for permission in [Read, Triage, Write, Maintain, Admin, None, Write] {
        world.role("changing", permission).await;
        assert_eq!(asked(&person).await, permission);
    }
    let other_id = Person { id: person.id + 77_777, ..person.clone() };
    assert_eq!(asked(&other_id).await, None, "the login belongs to somebody else");
    let unknown = Person { id: 31_337, login: "nobody-at-all".to_owned() };
    assert_eq!(asked(&unknown).await, None);
    let odd = Person { id: person.id, login: "../../../user?x=".to_owned() };
    assert_eq!(asked(&odd).await, None);
    let gone = "acme/gone".parse().unwrap();
    let there = host.permission(&gone, &person).await;
    assert!(matches!(there, Ok(None) | Err(HostError::NotFound(_))), "{there:?}");
}

pub(super) async fn a_pull_request_tells_its_branches_and_its_end(world: &dyn World) {
    let number = world.pull("直す", "Closes #1", "author").await;
    let pull = world.host().pull(&real_repository(), number).await.unwrap();
    assert_eq!(
        (pull.number, pull.title.as_str(), pull.body.as_str()),
        (number, "直す", "Closes #1")
    );
    assert_eq!((pull.head.as_str(), pull.base.as_str(), pull.tip.len()), ("fix", "trunk", 40));
    assert_eq!(pull.head_repository, Some(real_repository()));
    assert_eq!(pull.author.unwrap().person, world.person("author").await);
    assert!(pull.open && !pull.merged && !pull.fork && !pull.draft);
    world.merge(number).await;
    let pull = world.host().pull(&real_repository(), number).await.unwrap();
    assert!(!pull.open && pull.merged);
}

pub(super) async fn a_pull_request_that_cannot_be_merged_says_so_or_nothing(world: &dyn World) {
    let number = world.pull("T", "", "author").await;
    let pull = world.host().pull(&real_repository(), number).await.unwrap();
    assert_ne!(pull.mergeable, Some(false));
}

pub(super) async fn a_diff_is_gits_own(world: &dyn World) {
    let number = world.pull("T", "", "author").await;
    let diff = world.host().diff(&real_repository(), number).await.unwrap();
    for line in ["diff --git a/calc.py b/calc.py", "-    return a - b", "+    return a + b", "+新"]
    {
        assert!(diff.lines().any(|it| it == line), "{line} is not in {diff}");
    }
}

pub(super) async fn remarks_of_all_kinds_come_oldest_first(world: &dyn World) {
    let pull = world.pull("T", "", "author").await;
    let first = comment(world.say(pull, "@ai-fix 名前を変えて", "reviewer").await);
    let second = on_line(world.say_on_line(pull, spot(), "Why?", "stranger").await);
    let third = whole_review(world.review(pull, "Nearly", "reviewer").await);
    let fourth = comment(world.say(pull, "Last", "stranger").await);
    let all = world.host().remarks(&real_repository(), pull, None).await.unwrap();
    let refs: Vec<CommentRef> = all.iter().map(|it| it.comment).collect();
    assert_eq!(refs, [first, second, third, fourth]);
    assert!(all.is_sorted_by_key(|it| it.created_at));
    for remark in &all {
        let alone = world.host().remark(&real_repository(), pull, remark.comment).await.unwrap();
        assert_eq!(alone, *remark);
        assert!(!alone.edited && alone.thread == pull && !alone.url.is_empty());
    }
    assert_eq!(all[0].author.as_ref().unwrap().person, world.person("reviewer").await);
    assert_eq!((all[0].body.as_str(), &all[0].spot), ("@ai-fix 名前を変えて", &None));
    assert_eq!((all[1].body.as_str(), &all[1].spot), ("Why?", &Some(spot())));

    let since = Some(all[2].created_at);
    let later = world.host().remarks(&real_repository(), pull, since).await.unwrap();
    assert_eq!(later, all[2..]);
    // What is said elsewhere is said elsewhere.
    let issue = world.issue("Another thread", "", "reporter").await;
    let there = world.host().remarks(&api(), issue, None).await.unwrap();
    assert!(there.is_empty());
}

pub(super) async fn a_changed_remark_says_so(world: &dyn World) {
    let pull = world.pull("T", "", "author").await;
    let all = [
        comment(world.say(pull, "before", "reviewer").await),
        on_line(world.say_on_line(pull, spot(), "before", "reviewer").await),
        whole_review(world.review(pull, "before", "reviewer").await),
    ];
    let newest = world.host().remarks(&real_repository(), pull, None).await.unwrap();
    let newest = newest.last().unwrap().created_at;
    for changed in all {
        world.edit(pull, changed, "after").await;
        let remark = world.host().remark(&real_repository(), pull, changed).await.unwrap();
        assert_eq!((remark.edited, remark.body.as_str()), (true, "after"), "{changed:?}");
        let since = world.host().remarks(&real_repository(), pull, Some(newest)).await.unwrap();
        let found = since.iter().find(|it| it.comment == changed);
        assert!(found.is_some_and(|it| it.edited && it.body == "after"), "{changed:?}: {since:?}");
    }
}

pub(super) async fn a_program_is_told_from_a_person(world: &dyn World) {
    let pull = world.pull("T", "", "author").await;
    world.say(pull, "I echo everything", "echo[bot]").await;
    world.say(pull, "I do not", "person").await;
    let all = world.host().remarks(&real_repository(), pull, None).await.unwrap();
    let bots: Vec<bool> = all.iter().map(|it| it.author.as_ref().unwrap().bot).collect();
    assert_eq!(bots, [true, false]);
    let issue = world.issue("By a program", "", "echo[bot]").await;
    world.label(issue, "ai-task", "triage[bot]").await;
    let issue = world.host().issue(&api(), issue, "ai-task").await.unwrap();
    assert!(issue.author.unwrap().bot && issue.labelled.unwrap().by.bot);
}

pub(super) async fn what_people_need_and_is_missing_is_named(world: &dyn World) {
    let (host, there) = (world.host(), real_repository());
    let pull = world.pull("T", "", "author").await;
    let missing = |error: HostError, name: &str| {
        assert!(matches!(error, HostError::NotFound(_)), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    missing(host.pull(&there, 404).await.unwrap_err(), "acme/real#404");
    missing(host.diff(&there, 404).await.unwrap_err(), "acme/real#404");
    missing(host.remarks(&there, 404, None).await.unwrap_err(), "acme/real#404");
    for gone in [comment(9_999), on_line(9_999), whole_review(9_999)] {
        missing(host.remark(&there, pull, gone).await.unwrap_err(), "9999 in `acme/real`");
    }
    // The kinds have numbers of their own.
    let id = world.say(pull, "words", "person").await;
    missing(host.remark(&there, pull, on_line(id)).await.unwrap_err(), "acme/real");
}
