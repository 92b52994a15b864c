//! A model that does all it is told by whoever wrote the issue: whatever it writes, and whatever
//! what it wrote does when the checks run it, nothing outside of the job is changed, nothing
//! forbidden is pushed, the token is nowhere, people get a word, and the next job works.
//!
//! Most of the tables run through the real worker with a played agent, which leaves on disk what
//! a model could make Aider write; `aider` runs what Aider itself has to stop through the binary.
//! `oracle` judges them all; `controls` shows that it sees what it must see.

mod aider;
mod attacks;
mod caches;
mod contents;
mod controls;
mod names;
mod oracle;
mod played;

use played::{Field, Payload};

/// Plays them one after the other. An honest job comes after each where `each` says so: where
/// the payload is loose on this machine. Else one comes at the end.
async fn play(mut field: Field, payloads: &[Payload], each: bool) {
    let mut wrong = Vec::new();
    for (nth, payload) in payloads.iter().enumerate() {
        let said = field.play(payload, each || nth + 1 == payloads.len()).await;
        eprintln!("{}: {}", payload.name, if said.is_empty() { "as it should" } else { "no" });
        said.iter().for_each(|it| eprintln!("{it}"));
        wrong.extend(said);
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), payloads.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_may_plant_repositories_of_its_own() {
    play(Field::new().await, names::GIT, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_may_write_what_steers_tools_and_the_code_host() {
    play(Field::new().await, names::STEERING, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_may_fill_its_files_as_it_likes() {
    play(Field::new().await, contents::CONTENTS, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_the_model_wrote_may_do_what_it_likes_when_the_checks_run_it() {
    play(Field::over_http().await, attacks::ATTACKS, true).await;
}

#[test]
fn there_are_enough_payloads_and_no_two_have_one_name() {
    let tables = [names::GIT, names::STEERING, contents::CONTENTS, attacks::ATTACKS];
    let played = tables.concat();
    let names = played.iter().map(|it| it.name).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names.len(), played.len());
    let count = names.len() - names::STEERING.len() + names::steering_files();
    assert!(count + aider::names().count() >= 100, "{count}");
}
