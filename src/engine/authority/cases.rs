//! The table: one line for each way to ask, with what comes of it.

use super::*;

/// What a case expects: that it is allowed, or who reads which words.
type Verdict = Option<(Told, &'static str)>;
/// A case: what is different from the plainest way to ask, and what comes of that.
type Case = (&'static str, fn(&mut Facts, &mut Policy), Verdict);

const YES: Verdict = None;
const DIGEST: &str = "0123456789ab";

const fn no(words: &'static str) -> Verdict {
    Some((Told::Everyone, words))
}

const fn once(words: &'static str) -> Verdict {
    Some((Told::OncePerThread, words))
}

const fn silent(words: &'static str) -> Verdict {
    Some((Told::Nobody, words))
}

/// A person with write access.
pub(super) fn writer(id: u64) -> Asker {
    let person = Person { id, login: format!("writer-{id}") };
    Asker { person, bot: false, may_push: true, is_us: false }
}

fn stranger() -> Asker {
    Asker { may_push: false, ..writer(66) }
}

fn bot(id: u64) -> Asker {
    Asker { bot: true, person: Person { id, login: "helper[bot]".to_owned() }, ..writer(id) }
}

fn us() -> Asker {
    Asker { is_us: true, ..writer(1) }
}

pub(super) fn approval(by: Asker) -> Approval {
    Approval { by, digest: DIGEST.to_owned(), edited: false }
}

fn name(name: &str) -> Repository {
    name.parse().unwrap()
}

fn listed(names: &[&str]) -> Vec<Allowed> {
    names.iter().map(|it| Allowed::Name((*it).to_owned())).collect()
}

/// The plainest way to ask: a writer labels a writer's issue in a private repository.
pub(super) fn issue() -> Facts {
    Facts {
        repository: name("acme/api"),
        repository_id: 7,
        pinned: None,
        pinned_names: Vec::new(),
        thread: 12,
        public: false,
        archived: false,
        may_push: true,
        asker: Some(writer(10)),
        edited_after: false,
        author: Some(writer(11)),
        approvals: Vec::new(),
        digest: DIGEST.to_owned(),
        subject: Subject::Issue { open: true, is_labelled: true },
        suspicious: false,
        runs_today: 1,
        refusals_today: 0,
        answers_today: 0,
    }
}

/// What a worker allows whose operator set nothing.
pub(super) fn defaults() -> Policy {
    Policy {
        repositories: Vec::new(),
        bots: Vec::new(),
        own_account: false,
        forks: false,
        level: Isolation::Native,
        native_public: true,
        native_private: true,
        native_allowed: Vec::new(),
        network_allowed: Vec::new(),
        max_runs_per_day: 10,
        answer_refused_in_public: true,
        label: "ai-task".to_owned(),
    }
}

/// An open pull request from a branch of the repository itself.
const PULL: Subject = Subject::Pull {
    open: true,
    merged: false,
    fork: false,
    maintainer_can_modify: false,
    head_gone: false,
    thread_matches: true,
};

/// A comment on such a pull request, and one that comes from a fork.
fn comment(facts: &mut Facts) {
    (facts.subject, facts.author) = (PULL, None);
}

fn fork(facts: &mut Facts, maintainer_can_modify: bool) {
    comment(facts);
    if let Subject::Pull { fork, maintainer_can_modify: can, .. } = &mut facts.subject {
        (*fork, *can) = (true, maintainer_can_modify);
    }
}

/// A stranger's issue in a public repository.
fn public(facts: &mut Facts) {
    (facts.public, facts.author) = (true, Some(stranger()));
}

fn approved(facts: &mut Facts, approval: Approval) {
    public(facts);
    facts.approvals = vec![approval];
}

#[rustfmt::skip] // A table is read by its columns.
const CASES: &[Case] = &[
    // Who asks.
    ("a writer labels in a private repository", |_, _| {}, YES),
    ("a writer labels a writer's issue in a public one", |f, _| f.public = true, YES),
    ("a writer comments in a private repository", |f, _| comment(f), YES),
    ("a writer comments in a public one", |f, _| { comment(f); f.public = true }, YES),
    ("somebody without write labels", |f, _| f.asker = Some(stranger()), no("writer-66 may not ask for work in acme/api")),
    ("somebody without write labels in public", |f, _| { f.public = true; f.asker = Some(stranger()) }, no("may not ask")),
    ("somebody without write comments", |f, _| { comment(f); f.asker = Some(stranger()) }, no("may not ask")),
    ("somebody without write comments in public", |f, _| { comment(f); f.public = true; f.asker = Some(stranger()) }, no("may not ask")),
    ("the author labels, without write", |f, _| { public(f); f.asker = f.author.clone() }, no("may not ask")),
    ("an approval does not make a stranger's label count", |f, _| { approved(f, approval(writer(12))); f.asker = Some(stranger()) }, no("may not ask")),
    ("nobody knows who labelled", |f, _| f.asker = None, no("cannot be told who set the label on issue 12 of acme/api: set the label `ai-task` again")),
    ("nobody knows who commented", |f, _| { comment(f); f.asker = None }, no("cannot be told who wrote the comment on pull request 12 of acme/api: write a new comment")),
    ("a bot with write labels", |f, _| f.asker = Some(bot(90)), once("helper[bot] is a bot")),
    ("a bot with write comments in public", |f, _| { comment(f); f.public = true; f.asker = Some(bot(90)) }, once("the operator puts 90 into `trust.bots`")),
    ("a listed bot with write labels", |f, p| { f.asker = Some(bot(90)); p.bots = vec![90] }, YES),
    ("a listed bot without write", |f, p| { f.asker = Some(Asker { may_push: false, ..bot(90) }); p.bots = vec![90] }, no("may not ask")),
    ("another bot than the listed one", |f, p| { f.asker = Some(bot(91)); p.bots = vec![90] }, once("is a bot")),
    ("a bot without write learns nothing of lists", |f, _| f.asker = Some(Asker { may_push: false, ..bot(90) }), no("may not ask for work in acme/api: someone")),
    ("a person whose id is on the list of bots", |f, p| { f.asker = Some(stranger()); p.bots = vec![66] }, no("may not ask")),
    ("we label", |f, _| f.asker = Some(us()), silent("worker's own account")),
    ("we comment in public", |f, _| { comment(f); f.public = true; f.asker = Some(us()) }, silent("`trust.own_account: true`")),
    ("we label, as the operator wants it", |f, p| { f.asker = Some(us()); p.own_account = true }, YES),
    ("we comment, as the operator wants it", |f, p| { comment(f); f.asker = Some(us()); p.own_account = true }, YES),
    ("we are an App, and on no list", |f, p| { f.asker = Some(Asker { bot: true, ..us() }); p.own_account = true }, once("is a bot")),
    ("we may not push", |f, p| { f.asker = Some(Asker { may_push: false, ..us() }); p.own_account = true }, no("may not ask")),
    ("we are on the list of bots", |f, p| { f.asker = Some(Asker { bot: true, ..us() }); p.bots = vec![1] }, silent("own account")),
    // Where.
    ("the name is on the list", |_, p| p.repositories = listed(&["acme/api"]), YES),
    ("the name is on the list in another case", |_, p| p.repositories = listed(&["Acme/API"]), YES),
    ("the name is on the list, and seen before", |f, p| { f.pinned = Some(7); p.repositories = listed(&["a/b", "acme/api"]) }, YES),
    ("another name is on the list", |_, p| p.repositories = listed(&["acme/web"]), no("acme/api is not in `trust.repositories`")),
    ("the beginning of the name is on the list", |_, p| p.repositories = listed(&["acme/ap"]), no("is not in `trust.repositories`")),
    ("the name is listed, and somebody else has it now", |f, p| { f.pinned = Some(6); p.repositories = listed(&["acme/api"]) }, no("is not the repository that it was, 6 became 7")),
    ("the operator put the new id on the list", |f, p| { f.pinned = Some(6); p.repositories = vec![Allowed::Id(7)] }, YES),
    ("the operator put it next to the name", |f, p| { f.pinned = Some(6); p.repositories = vec![Allowed::Name("acme/api".into()), Allowed::Id(7)] }, YES),
    ("the id is on the list, whatever the name", |_, p| p.repositories = vec![Allowed::Id(7)], YES),
    ("another id is on the list", |_, p| p.repositories = vec![Allowed::Id(8)], no("is not in `trust.repositories`")),
    ("it was renamed, and its old name is on the list", |f, p| { f.pinned_names = vec![name("acme/old")]; p.repositories = listed(&["acme/old"]) }, YES),
    ("it was renamed to a name that is not", |f, p| { f.pinned = Some(7); f.pinned_names = vec![name("acme/api"), name("acme/older")]; p.repositories = listed(&["acme/old"]) }, no("is not in")),
    ("it took the place of another, and is itself trusted", |f, p| { f.pinned = Some(6); f.pinned_names = vec![name("acme/old")]; p.repositories = listed(&["acme/old", "acme/api"]) }, YES),
    ("any name will do where there is no list", |f, _| f.pinned = Some(6), YES),
    ("a stranger learns nothing of the list", |f, p| { f.asker = Some(stranger()); p.repositories = listed(&["acme/web"]) }, no("may not ask")),
    ("it is archived", |f, _| f.archived = true, no("acme/api is archived: nobody can push to it")),
    ("our token may not push", |f, _| f.may_push = false, no("the worker's token may not push to acme/api")),
    ("public, and no cage", |f, p| { f.public = true; p.native_public = false }, no("acme/api is public, and this worker has no cage for what a model writes")),
    ("public, and no cage: what to do", |f, p| { f.public = true; p.native_public = false }, no("bubblewrap, and `codingworker doctor` says what is missing), or do without by putting acme/api into `trust.allow_native`")),
    ("public, in a sandbox", |f, p| { f.public = true; p.native_public = false; p.level = Isolation::Sandbox }, YES),
    ("public, in a container", |f, p| { f.public = true; p.native_public = false; p.level = Isolation::Container }, YES),
    ("public, no cage, and named", |f, p| { f.public = true; p.native_public = false; p.native_allowed = listed(&["Acme/Api"]) }, YES),
    ("public, no cage, and named by its id", |f, p| { f.public = true; p.native_public = false; p.native_allowed = vec![Allowed::Id(7)] }, YES),
    ("public, no cage, and named before it was renamed", |f, p| { f.public = true; p.native_public = false; f.pinned_names = vec![name("acme/old")]; p.native_allowed = listed(&["acme/old"]) }, YES),
    ("public, no cage, and another one named", |f, p| { f.public = true; p.native_public = false; p.native_allowed = listed(&["acme/web"]) }, no("acme/api is public")),
    ("public, no cage, and another one's id", |f, p| { f.public = true; p.native_public = false; p.native_allowed = vec![Allowed::Id(8)] }, no("acme/api is public")),
    ("public, no cage, named, and somebody else has the name now", |f, p| { f.public = true; p.native_public = false; f.pinned = Some(6); p.native_allowed = listed(&["acme/api"]) }, no("6 became 7: if that is right, the operator puts 7 into `trust.allow_native`")),
    ("that it may be worked on is not that it needs no cage", |f, p| { f.public = true; p.native_public = false; p.repositories = listed(&["acme/api"]) }, no("has no cage")),
    ("that it may use the network is not that it needs no cage", |f, p| { f.public = true; p.native_public = false; p.network_allowed = listed(&["acme/api"]) }, no("has no cage")),
    ("that it needs no cage is not that it may be worked on", |_, p| { p.repositories = listed(&["acme/web"]); p.native_allowed = listed(&["acme/api"]) }, no("is not in `trust.repositories`")),
    ("private, and no cage", |_, p| p.native_private = false, no("`trust.native` is `never`: he can install one")),
    ("private, no cage, and named", |_, p| { p.native_private = false; p.native_allowed = listed(&["acme/api"]) }, YES),
    ("private, in a sandbox", |_, p| { p.native_private = false; p.level = Isolation::Sandbox }, YES),
    ("private, and a cage is only needed in public", |_, p| p.native_public = false, YES),
    ("a stranger learns nothing of cages", |f, p| { f.public = true; f.asker = Some(stranger()); p.native_public = false }, no("may not ask")),
    // What for.
    ("the issue is closed", |f, _| f.subject = Subject::Issue { open: false, is_labelled: true }, no("issue 12 of acme/api is closed: reopen it")),
    ("the label is gone", |f, _| f.subject = Subject::Issue { open: true, is_labelled: false }, silent("does not carry the label `ai-task`: set it")),
    ("nobody ever set it: the message was forged", |f, _| { f.asker = None; f.subject = Subject::Issue { open: true, is_labelled: false } }, silent("does not carry")),
    ("the comment stands elsewhere: the message was forged", |f, _| { comment(f); if let Subject::Pull { thread_matches, .. } = &mut f.subject { *thread_matches = false } }, silent("does not stand under pull request 12 of acme/api")),
    ("the pull request is closed", |f, _| { comment(f); if let Subject::Pull { open, .. } = &mut f.subject { *open = false } }, no("pull request 12 of acme/api is closed: reopen it and write a new comment")),
    ("the pull request is merged", |f, _| { comment(f); if let Subject::Pull { open, merged, .. } = &mut f.subject { (*open, *merged) = (false, true) } }, no("is merged: open an issue")),
    ("its branch is gone", |f, _| { comment(f); if let Subject::Pull { head_gone, .. } = &mut f.subject { *head_gone = true } }, no("the branch of pull request 12 of acme/api is gone")),
    ("a fork", |f, _| fork(f, true), no("comes from a fork, and this worker does not push to forks")),
    ("a fork that is closed to maintainers", |f, _| fork(f, false), no("comes from a fork")),
    ("a fork, as the operator wants it", |f, p| { fork(f, true); p.forks = true }, YES),
    ("a fork in public, as the operator wants it", |f, p| { fork(f, true); f.public = true; p.forks = true }, YES),
    ("a fork that maintainers may not push to", |f, p| { fork(f, false); p.forks = true }, no("Allow edits by maintainers")),
    ("a stranger comments on his own fork", |f, p| { fork(f, true); f.public = true; p.forks = true; f.asker = Some(stranger()) }, no("may not ask")),
    // Whose words.
    ("the text was edited after the label", |f, _| f.edited_after = true, no("was edited after the label was set: read it as it is now and set the label `ai-task` again")),
    ("the text was edited after the label in public", |f, _| { f.public = true; f.edited_after = true }, no("edited after the label")),
    ("edited after the label, and approved", |f, _| { approved(f, approval(writer(12))); f.edited_after = true }, no("edited after the label")),
    ("the comment was edited", |f, _| { comment(f); f.edited_after = true }, no("was edited after it was written: write a new comment")),
    ("a stranger's issue in private", |f, _| f.author = Some(stranger()), YES),
    ("an issue of a deleted account in private", |f, _| f.author = None, YES),
    ("a stranger's issue in public", |f, _| public(f), no("comments `/ai-approve 0123456789ab`, and then set the label `ai-task` again")),
    ("an issue of a deleted account in public", |f, _| { public(f); f.author = None }, no("an unknown account")),
    ("a bot's issue in public", |f, _| { public(f); f.author = Some(bot(90)) }, no("`/ai-approve 0123456789ab`")),
    ("a listed bot's issue in public", |f, p| { public(f); f.author = Some(bot(90)); p.bots = vec![90] }, YES),
    ("our own issue in public", |f, _| { public(f); f.author = Some(us()) }, no("`/ai-approve 0123456789ab`")),
    ("our own issue in public, as the operator wants it", |f, p| { public(f); f.author = Some(us()); p.own_account = true }, YES),
    ("approved by a writer", |f, _| approved(f, approval(writer(12))), YES),
    ("approved by the one who labels", |f, _| approved(f, approval(writer(10))), YES),
    ("approved in capital letters", |f, _| approved(f, Approval { digest: "0123456789AB".into(), ..approval(writer(12)) }), YES),
    ("approved by the stranger himself", |f, _| approved(f, approval(stranger())), no("/ai-approve")),
    ("approved by a bot", |f, _| approved(f, approval(bot(90))), no("/ai-approve")),
    ("approved by a listed bot", |f, p| { approved(f, approval(bot(90))); p.bots = vec![90] }, YES),
    ("approved by us", |f, _| approved(f, approval(us())), no("/ai-approve")),
    ("approved by us, as the operator wants it", |f, p| { approved(f, approval(us())); p.own_account = true }, YES),
    ("another text was approved", |f, _| approved(f, Approval { digest: "ba9876543210".into(), ..approval(writer(12)) }), no("/ai-approve 0123456789ab")),
    ("the approval was edited", |f, _| approved(f, Approval { edited: true, ..approval(writer(12)) }), no("/ai-approve")),
    ("nothing was approved, and the text has no digest", |f, _| { approved(f, Approval { digest: String::new(), ..approval(writer(12)) }); f.digest = String::new() }, no("/ai-approve")),
    ("a good approval among bad ones", |f, _| { approved(f, approval(stranger())); f.approvals.push(approval(writer(12))) }, YES),
    ("hidden text in private", |f, _| f.suspicious = true, no("holds characters that nobody sees")),
    ("hidden text of a writer in public", |f, _| { f.public = true; f.suspicious = true }, no("`/ai-approve 0123456789ab`, and then set the label")),
    ("hidden text in private, approved", |f, _| { f.suspicious = true; f.approvals = vec![approval(writer(12))] }, YES),
    ("hidden text in public, approved", |f, _| { approved(f, approval(writer(12))); f.suspicious = true }, YES),
    ("hidden text in private, approved by a stranger", |f, _| { f.suspicious = true; f.approvals = vec![approval(stranger())] }, no("nobody sees")),
    ("hidden text in a comment", |f, _| { comment(f); f.suspicious = true }, no("and then write a new comment")),
    // How often.
    ("the last run of the day", |f, _| f.runs_today = 10, YES),
    ("one more", |f, _| f.runs_today = 11, once("issue 12 of acme/api was taken up 11 times in a day, and `trust.max_runs_per_day` is 10")),
    ("one more by comment", |f, _| { comment(f); f.runs_today = 11 }, once("pull request 12 of acme/api was taken up 11 times")),
    ("a stranger learns nothing of the count", |f, _| { f.runs_today = 11; f.asker = Some(stranger()) }, no("may not ask")),
    ("the last refusal of the day that is answered", |f, _| { f.asker = Some(stranger()); f.refusals_today = 10 }, no("may not ask")),
    ("one more refusal", |f, _| { f.asker = Some(stranger()); f.refusals_today = 11 }, silent("may not ask")),
    ("many refusals do not stop who may ask", |f, _| f.refusals_today = 1_000, YES),
    // Who reads it.
    ("no answers in public: a stranger", |f, p| { f.public = true; f.asker = Some(stranger()); p.answer_refused_in_public = false }, silent("may not ask")),
    ("no answers in public: a writer", |f, p| { public(f); p.answer_refused_in_public = false }, silent("/ai-approve")),
    ("no answers in public: too often", |f, p| { f.public = true; f.runs_today = 11; p.answer_refused_in_public = false }, silent("taken up 11 times")),
    ("no answers in public, but this is private", |f, p| { f.asker = Some(stranger()); p.answer_refused_in_public = false }, no("may not ask")),
];

#[test]
fn every_way_to_ask_has_the_verdict_of_the_table() {
    let mut wrong = Vec::new();
    for (case, change, expected) in CASES {
        let (mut facts, mut policy) = (issue(), defaults());
        change(&mut facts, &mut policy);
        let verdict = judge(&facts, &policy);
        let right = match (&verdict, expected) {
            (Ok(()), None) => true,
            (Err(refusal), Some((told, words))) => {
                refusal.told == *told && refusal.reason.contains(words)
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{case}: expected {expected:?}, but {verdict:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(CASES.len() >= 60, "only {} cases", CASES.len());
}

#[test]
fn the_network_is_for_whom_the_operator_names_and_not_for_who_gets_the_name() {
    let case = |change: fn(&mut Facts, &mut Policy)| {
        let (mut facts, mut policy) = (issue(), defaults());
        change(&mut facts, &mut policy);
        may_use_network(&facts, &policy)
    };
    assert!(!case(|_, _| {}));
    assert!(!case(|_, p| p.repositories = listed(&["acme/api"])));
    assert!(!case(|_, p| p.native_allowed = listed(&["acme/api"])));
    assert!(!case(|_, p| p.network_allowed = listed(&["acme/web"])));
    assert!(case(|_, p| p.network_allowed = listed(&["Acme/api"])));
    assert!(case(|_, p| p.network_allowed = vec![Allowed::Id(7)]));
    assert!(!case(|f, p| (f.pinned, p.network_allowed) = (Some(6), listed(&["acme/api"]))));
    assert!(case(|f, p| {
        (f.pinned_names, p.network_allowed) = (vec![name("acme/old")], listed(&["acme/old"]));
    }));
}

#[test]
fn a_command_is_obeyed_where_there_is_no_more_work_to_be_done() {
    let case = |change: fn(&mut Facts, &mut Policy)| {
        let (mut facts, mut policy) = (issue(), defaults());
        comment(&mut facts);
        change(&mut facts, &mut policy);
        judge_command(&facts, &policy).map_err(|it| it.reason)
    };
    assert_eq!(case(|_, _| {}), Ok(()));
    assert_eq!(case(|f, _| f.runs_today = 11), Ok(()));
    assert_eq!(case(|f, _| f.archived = true), Ok(()));
    assert!(case(|f, _| f.asker = Some(stranger())).unwrap_err().contains("may not ask"));
    assert!(case(|f, _| f.asker = None).unwrap_err().contains("cannot be told"));
    assert!(case(|f, _| f.edited_after = true).unwrap_err().contains("edited"));
    assert!(case(|_, p| p.repositories = listed(&["a/b"])).unwrap_err().contains("not in"));
}
