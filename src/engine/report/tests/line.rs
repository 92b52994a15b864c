use super::*;
use crate::domain::job::Answer;

#[test]
fn each_way_to_end_has_a_line() {
    let failure = Failure::new(Fault::Permanent, "the branch is gone");
    let refusal = Refusal { reason: "`mallory` may not write.".to_owned(), told: Told::Nobody };
    let outcomes = [
        Outcome::Ready(pull_request(false)),
        Outcome::Incomplete(pull_request(true)),
        Outcome::Unproven(pull_request(true)),
        Outcome::BranchOnly(change()),
        Outcome::GaveUp,
        Outcome::NothingToChange,
        Outcome::Updated { change: change(), ready: true },
        Outcome::Updated { change: change(), ready: false },
        Outcome::Answered(Answer::Question),
        Outcome::Joined(JobId("aaaaaaaaaaaa".to_owned())),
        Outcome::Stopped(vec!["`.env` is protected.".to_owned(), "2 files are.".to_owned()]),
        Outcome::Clashed { files: vec!["a".to_owned()], why: "the branch moved".to_owned() },
        Outcome::Refused(refusal),
        Outcome::Broke(failure),
        Outcome::Cancelled,
    ];
    insta::assert_snapshot!(outcomes.map(|it| outcome(&it)).join("\n"), @"
    pull request #7 is ready for review
    pull request #7 is a draft, incomplete
    pull request #7 is a draft: nothing proves the change
    branch ai/issue-3, without a pull request
    gave up: nothing was kept at the code host
    the model found nothing to change
    a new commit is on ai/issue-3
    a new commit is on ai/issue-3, with doubts
    answered: no change was asked for
    done together with job aaaaaaaaaaaa
    stopped before the push: `.env` is protected. 2 files are.
    nothing was pushed: the branch moved
    refused: `mallory` may not write.
    the branch is gone
    cancelled
    ");
}

#[test]
fn what_a_conversation_adds_to_a_journal_has_lines() {
    let checkout = match &green().records[1].event {
        Event::Prepared(it) => it.clone(),
        _ => unreachable!("the second record is the checkout"),
    };
    let events = [
        gated(&[], &[]),
        gated(&["`.env` is protected.", "So is `.git`."], &[]),
        gated(&[], &["`run.sh` is executable"]),
        Event::Rebased { checkout, tree: id("7ree") },
        Event::Pushed(change()),
        Event::Ended(Outcome::Updated { change: change(), ready: true }),
        done().records.remove(0).event,
    ];
    let said = events.into_iter().flat_map(|it| lines(&record(it))).collect::<Vec<_>>();
    insta::assert_snapshot!(said.join("\n"), @"
    gate          nothing speaks against a push  [1.0 s]
    gate          `.env` is protected. So is `.git`.  [1.0 s]
    gate          may be pushed; look at: `run.sh` is executable  [1.0 s]
    rebase        the branch has moved, now on ba5e  [1.0 s]
    push          ai/issue-3  [1.0 s]
    ended         a new commit is on ai/issue-3  [1.0 s]
    request       read: rename calc to calcTotal  [1.0 s]
    ");
}
