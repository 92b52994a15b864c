//! Who may do what: every answer that GitHub can give, and none that becomes a grant by accident.

use codingworker::code_host::{CodeHost, Permission};
use codingworker::domain::job::Person;

use super::{Scene, api, sort};
use crate::github_double::Fault;

fn known(scene: &Scene, login: &str) -> Person {
    let account = scene.double.look(|it| it.person(login));
    Person { id: account.id, login: account.login }
}

#[tokio::test]
async fn each_answer_has_its_permission() {
    use Permission::{Admin, Maintain, None as Nothing, Read, Triage, Write};
    for (role, public, permission) in [
        (Some("admin"), false, Admin),
        (Some("maintain"), false, Maintain),
        (Some("write"), false, Write),
        (Some("triage"), false, Triage),
        (Some("read"), false, Read),
        (None, false, Nothing),
        (Some("admin"), true, Admin),
        (Some("maintain"), true, Maintain),
        (Some("write"), true, Write),
        (Some("triage"), true, Triage),
        (Some("read"), true, Read),
        (None, true, Read),
        // Roles that an organisation made up, some with a name that says more than they are.
        (Some("security-lead:write"), false, Write),
        (Some("security-lead:read"), false, Read),
        (Some("admin:read"), false, Read),
        (Some("maintain:read"), false, Read),
        (Some("maintain:none"), false, Nothing),
        (Some("triage:write"), false, Write),
        (Some("release captain:admin"), false, Admin),
        // Words that GitHub does not say today.
        (Some("owner"), false, Nothing),
        (Some("WRITE"), false, Nothing),
        (Some(""), true, Nothing),
    ] {
        let scene = Scene::new();
        let person = known(&scene, "somebody");
        scene.double.role("acme/api", "somebody", role);
        scene.double.look(|it| it.repository_mut("acme/api").public = public);
        let answer = scene.github().permission(&api(), &person).await.unwrap();
        assert_eq!(answer, permission, "{role:?}, public: {public}");
        assert_eq!(answer.may_push(), matches!(answer, Write | Maintain | Admin));
    }
}

#[tokio::test]
async fn a_login_that_was_taken_over_by_somebody_else_may_do_nothing() {
    let scene = Scene::new();
    let before = known(&scene, "trusted");
    scene.double.role("acme/api", "trusted", Some("admin"));
    let permission = scene.github().permission(&api(), &before).await.unwrap();
    assert_eq!(permission, Permission::Admin, "control: the account itself may");

    // The account is given up and the login taken by another; GitHub's role goes by the account,
    // but even where a login had it, the id is another one.
    let after = scene.double.look(|it| it.take_over("trusted"));
    assert_ne!(after.id, before.id);
    let permission = scene.github().permission(&api(), &before).await.unwrap();
    assert_eq!(permission, Permission::None);
    // Logins do not tell upper from lower case.
    let shouted = Person { id: after.id, login: "TRUSTED".to_owned() };
    assert!(scene.github().permission(&api(), &shouted).await.unwrap().may_push());
}

#[tokio::test]
async fn whatever_goes_wrong_is_never_a_grant() {
    let says = |status, message| Fault::Says { status, message };
    for (fault, sorted) in [
        (says(401, "Bad credentials"), "bad token"),
        (says(403, "Must have push access to view collaborator permission."), "refused"),
        (says(403, "Resource not accessible by personal access token"), "refused"),
        (says(451, "Repository access blocked"), "refused"),
        (says(422, "Validation Failed"), "refused"),
        (Fault::RetryAfter { status: 429, seconds: 70 }, "rate limited"),
        (Fault::SecondaryWithoutWait, "rate limited"),
        (Fault::Spent { status: 403, seconds: 900 }, "rate limited"),
        (Fault::Lags, "refused"),
    ] {
        let scene = Scene::new();
        let person = known(&scene, "somebody");
        scene.double.role("acme/api", "somebody", Some("admin"));
        scene.double.fault("repos/get-collaborator-permission-level", fault.clone());
        let error = scene.github().permission(&api(), &person).await.unwrap_err();
        assert_eq!(sort(&error), sorted, "{fault:?}: {error}");
    }
    // What passes is waited for, and given up as an error.
    let scene = Scene::new();
    let person = known(&scene, "somebody");
    for fault in [Fault::BadGateway, Fault::Dropped, Fault::Portal] {
        scene.double.fault("repos/get-collaborator-permission-level", fault);
    }
    scene.double.role("acme/api", "somebody", Some("write"));
    let permission = scene.github().permission(&api(), &person).await.unwrap();
    assert_eq!(permission, Permission::Write);
    for _ in 0..4 {
        scene.double.fault("repos/get-collaborator-permission-level", Fault::BadGateway);
    }
    let error = scene.github().permission(&api(), &person).await.unwrap_err();
    assert_eq!(sort(&error), "unavailable");
    // Nobody has the login.
    scene
        .double
        .fault("repos/get-collaborator-permission-level", says(404, "somebody is not a user"));
    let permission = scene.github().permission(&api(), &person).await.unwrap();
    assert_eq!(permission, Permission::None);
}

#[tokio::test]
async fn we_are_asked_for_once_and_an_app_is_nobody() {
    let scene = Scene::new();
    let github = scene.github();
    let me = github.me().await.unwrap().unwrap();
    assert_eq!(me, known(&scene, crate::github_double::LOGIN));
    assert_eq!(github.me().await.unwrap(), Some(me));
    assert_eq!(scene.double.count("users/get-authenticated"), 1);

    scene.double.token("ghs_of_the_app", None, None);
    assert_eq!(scene.github_as("ghs_of_the_app").me().await.unwrap(), None);

    // Whose token has an owner is never nobody, however GitHub answers: who does not know himself
    // would answer himself.
    let saml = Fault::Says { status: 403, message: "Resource protected by SAML enforcement." };
    scene.double.fault("users/get-authenticated", saml);
    let error = scene.github().me().await.unwrap_err();
    assert_eq!(sort(&error), "refused");
}

#[tokio::test]
async fn accounts_that_are_no_persons_are_bots() {
    for (kind, bot) in [("User", false), ("Bot", true), ("Organization", true), ("Mannequin", true)]
    {
        let scene = Scene::new();
        scene.double.look(|it| it.make("triager", kind));
        scene.double.label("acme/api", 1, "ai-task", "triager");
        let issue = scene.github().issue(&api(), 1, "ai-task").await.unwrap();
        assert_eq!(issue.labelled.unwrap().by.bot, bot, "{kind}");
    }
    // What an App does in a person's name is a program's.
    let scene = Scene::new();
    scene.double.label("acme/api", 1, "ai-task", "maintainer");
    scene.double.look(|it| {
        let issue = it.repository_mut("acme/api").issue_mut(1);
        issue.via_app = true;
        issue.events[0].via_app = true;
    });
    let issue = scene.github().issue(&api(), 1, "ai-task").await.unwrap();
    assert!(issue.author.unwrap().bot && issue.labelled.unwrap().by.bot);
}
