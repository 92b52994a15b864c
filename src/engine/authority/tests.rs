//! Ten thousand ways to ask, against what has to hold, written down a second time.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use super::cases::{approval, defaults, issue, writer};
use super::*;

const NAMES: [&str; 3] = ["acme/api", "Acme/Old", "other/api"];
const LOGINS: [&str; 4] = ["octocat", "helper[bot]", "合計\u{202e}", ""];
const DIGESTS: [&str; 4] = ["0123456789ab", "0123456789AB", "ffffffffffff", ""];

/// Mostly true: with all of them at even odds hardly anybody would ever be allowed to ask.
fn mostly() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.93)
}

fn seldom() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.07)
}

fn asker() -> impl Strategy<Value = Asker> {
    (1_u64..6, prop::sample::select(&LOGINS[..]), seldom(), mostly(), seldom()).prop_map(
        |(id, login, bot, may_push, is_us)| Asker {
            person: Person { id, login: login.to_owned() },
            bot,
            may_push,
            is_us,
        },
    )
}

fn maybe_asker() -> impl Strategy<Value = Option<Asker>> {
    prop::option::weighted(0.95, asker())
}

fn approvals() -> impl Strategy<Value = Vec<Approval>> {
    let one = (asker(), prop::sample::select(&DIGESTS[..]), seldom())
        .prop_map(|(by, digest, edited)| Approval { by, digest: digest.to_owned(), edited });
    prop::collection::vec(one, 0..3)
}

fn subject() -> impl Strategy<Value = Subject> {
    prop_oneof![
        (mostly(), mostly()).prop_map(|(open, is_labelled)| Subject::Issue { open, is_labelled }),
        (mostly(), seldom(), any::<bool>(), mostly(), seldom(), mostly()).prop_map(
            |(open, merged, fork, maintainer_can_modify, head_gone, thread_matches)| {
                Subject::Pull {
                    open,
                    merged,
                    fork,
                    maintainer_can_modify,
                    head_gone,
                    thread_matches,
                }
            }
        ),
    ]
}

fn repository() -> impl Strategy<Value = Repository> {
    prop::sample::select(&NAMES[..]).prop_map(|it| it.parse().unwrap())
}

fn facts() -> impl Strategy<Value = Facts> {
    let place = (
        repository(),
        6_u64..9,
        prop::option::of(6_u64..9),
        prop::collection::vec(repository(), 0..3),
        any::<bool>(),
        seldom(),
        mostly(),
    );
    let words = (maybe_asker(), seldom(), maybe_asker(), approvals(), seldom());
    let digest = prop::sample::select(&DIGESTS[..]);
    (place, words, digest, subject(), 0_u64..12, 0_u64..14).prop_map(
        |(place, words, digest, subject, runs_today, refusals_today)| Facts {
            repository: place.0,
            repository_id: place.1,
            pinned: place.2,
            pinned_names: place.3,
            public: place.4,
            archived: place.5,
            may_push: place.6,
            asker: words.0,
            edited_after: words.1,
            author: words.2,
            approvals: words.3,
            suspicious: words.4,
            digest: digest.to_owned(),
            subject,
            runs_today,
            refusals_today,
            ..issue()
        },
    )
}

fn allowed() -> impl Strategy<Value = Allowed> {
    prop_oneof![
        prop::sample::select(&NAMES[..]).prop_map(|it| Allowed::Name(it.to_lowercase())),
        (6_u64..9).prop_map(Allowed::Id),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    (
        prop::collection::vec(allowed(), 0..4),
        prop::collection::vec(1_u64..6, 0..4),
        any::<bool>(),
        any::<bool>(),
        (seldom(), mostly(), mostly(), prop::collection::vec(allowed(), 0..3)),
        8_u64..12,
        any::<bool>(),
    )
        .prop_map(|(repositories, bots, own_account, forks, without, most, answer)| {
            let (caged, public, private, native_allowed) = without;
            Policy {
                repositories,
                bots,
                own_account,
                forks,
                level: if caged { Isolation::Sandbox } else { Isolation::Native },
                native_public: public,
                native_private: private,
                native_allowed,
                max_runs_per_day: most,
                answer_refused_in_public: answer,
                ..defaults()
            }
        })
}

/// What has to hold, one condition a line, in no order.
fn conditions(f: &Facts, p: &Policy) -> Vec<(&'static str, bool)> {
    let counts = |who: &Asker| {
        who.may_push
            && (!who.bot || p.bots.contains(&who.person.id))
            && (!who.is_us || p.own_account)
    };
    let approved = f.approvals.iter().any(|it| {
        let current = !f.digest.is_empty() && it.digest.to_lowercase() == f.digest.to_lowercase();
        counts(&it.by) && !it.edited && current
    });
    let here = f.repository.to_string().to_lowercase();
    let on = |list: &[Allowed]| {
        list.iter().any(|it| match it {
            Allowed::Id(id) => *id == f.repository_id,
            Allowed::Name(name) if *name == here => f.pinned.is_none_or(|id| id == f.repository_id),
            Allowed::Name(name) => {
                f.pinned_names.iter().any(|it| it.to_string().to_lowercase() == *name)
            }
        })
    };
    let without = if f.public { p.native_public } else { p.native_private };
    let (is_issue, open, here_and_still, pushable) = match f.subject {
        Subject::Issue { open, is_labelled } => (true, open, is_labelled, true),
        Subject::Pull { open, merged, fork, maintainer_can_modify, head_gone, thread_matches } => {
            let pushable = !head_gone && (!fork || (p.forks && maintainer_can_modify));
            (false, open && !merged, thread_matches, pushable)
        }
    };
    vec![
        ("the repository is allowed", p.repositories.is_empty() || on(&p.repositories)),
        ("it can be pushed to", f.may_push && !f.archived),
        (
            "it has a cage, or may do without",
            p.level != Isolation::Native || without || on(&p.native_allowed),
        ),
        ("whoever asks may", f.asker.as_ref().is_some_and(counts)),
        ("he asks here, and still does", here_and_still),
        ("it is open", open),
        ("the branch takes a push", pushable),
        ("the words are those that were there", !f.edited_after),
        (
            "the words are a writer's, or approved",
            !f.public || !is_issue || approved || f.author.as_ref().is_some_and(counts),
        ),
        ("the words are all to be seen, or approved", !f.suspicious || approved),
        ("it is not asked too often", f.runs_today <= p.max_runs_per_day),
    ]
}

/// Ten thousand pairs, the same ones each time, so that a count over them does not waver.
fn for_ten_thousand(check: impl Fn(Facts, Policy) -> Result<(), TestCaseError>) {
    let config = ProptestConfig { cases: 10_000, failure_persistence: None, ..Default::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner.run(&(facts(), policy()), |(facts, policy)| check(facts, policy)).unwrap();
}

#[test]
fn it_is_allowed_exactly_when_every_condition_holds() {
    let (yes, no) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    for_ten_thousand(|facts, policy| {
        let verdict = judge(&facts, &policy);
        let broken: Vec<_> =
            conditions(&facts, &policy).into_iter().filter(|it| !it.1).map(|it| it.0).collect();
        prop_assert_eq!(verdict.is_ok(), broken.is_empty(), "{:?}, but {:?}", verdict, broken);
        let count = if verdict.is_ok() { &yes } else { &no };
        count.set(count.get() + 1);
        Ok(())
    });
    // Both happen, or the agreement would mean nothing.
    assert!(yes.get() > 500 && no.get() > 500, "{} allowed, {} refused", yes.get(), no.get());
}

/// Something to be made different, with its name.
type Change<T> = (&'static str, fn(&mut T));

/// Ways to take a right away, or to know less.
const LESS: &[Change<Facts>] = &[
    ("whoever asks loses write", |f| f.asker.iter_mut().for_each(|it| it.may_push = false)),
    ("whoever asks is a bot", |f| f.asker.iter_mut().for_each(|it| it.bot = true)),
    ("whoever asks is us", |f| f.asker.iter_mut().for_each(|it| it.is_us = true)),
    ("nobody knows who asks", |f| f.asker = None),
    ("the author loses write", |f| f.author.iter_mut().for_each(|it| it.may_push = false)),
    ("the author is a bot", |f| f.author.iter_mut().for_each(|it| it.bot = true)),
    ("nobody knows the author", |f| f.author = None),
    ("no approval", |f| f.approvals.clear()),
    ("the approvals were edited", |f| f.approvals.iter_mut().for_each(|it| it.edited = true)),
    ("those who approve lose write", |f| {
        f.approvals.iter_mut().for_each(|it| it.by.may_push = false);
    }),
    ("another text than the approved one", |f| f.digest = "eeeeeeeeeeee".to_owned()),
    ("the text was edited", |f| f.edited_after = true),
    ("the text hides something", |f| f.suspicious = true),
    ("archived", |f| f.archived = true),
    ("the token may not push", |f| f.may_push = false),
    ("another repository has the name now", |f| f.pinned = Some(99)),
    ("nothing is known of older names", |f| f.pinned_names.clear()),
    ("one more run", |f| f.runs_today += 1),
    ("one more refusal", |f| f.refusals_today += 1),
    ("it is closed", |f| match &mut f.subject {
        Subject::Issue { open, .. } | Subject::Pull { open, .. } => *open = false,
    }),
    ("nobody asks here", |f| match &mut f.subject {
        Subject::Issue { is_labelled: it, .. } | Subject::Pull { thread_matches: it, .. } => {
            *it = false;
        }
    }),
    ("it comes from a fork", |f| match &mut f.subject {
        Subject::Pull { fork, .. } => *fork = true,
        Subject::Issue { .. } => {}
    }),
    ("maintainers may not push to the fork", |f| match &mut f.subject {
        Subject::Pull { maintainer_can_modify, .. } => *maintainer_can_modify = false,
        Subject::Issue { .. } => {}
    }),
    ("the branch is gone", |f| match &mut f.subject {
        Subject::Pull { head_gone, .. } => *head_gone = true,
        Subject::Issue { .. } => {}
    }),
];

/// Ways for an operator to allow less, or no more.
const NARROWER: &[Change<Policy>] = &[
    // An emptied list would allow everything: what narrows is to name something.
    ("only one repository", |p| p.repositories.truncate(1)),
    ("only a repository that nobody has", |p| p.repositories = vec![Allowed::Id(99)]),
    ("a list where there was none", |p| {
        if p.repositories.is_empty() {
            p.repositories = vec![Allowed::Name("acme/api".to_owned())];
        }
    }),
    ("no bots", |p| p.bots.clear()),
    ("only one bot", |p| p.bots.truncate(1)),
    ("not our own account", |p| p.own_account = false),
    ("no forks", |p| p.forks = false),
    ("no cage any more", |p| p.level = Isolation::Native),
    ("nobody who may do without", |p| p.native_allowed.clear()),
    ("only one who may do without", |p| p.native_allowed.truncate(1)),
    ("a cage in public", |p| p.native_public = false),
    ("a cage in private", |p| p.native_private = false),
    ("one run less", |p| p.max_runs_per_day -= 1),
    ("no answers in public", |p| p.answer_refused_in_public = false),
];

#[test]
fn who_may_do_less_is_never_allowed_more() {
    for_ten_thousand(|facts, policy| {
        let before = judge(&facts, &policy).is_ok();
        for (change, take) in LESS {
            let mut less = facts.clone();
            take(&mut less);
            let after = judge(&less, &policy).is_ok();
            prop_assert!(before || !after, "{}: {:?}", change, less);
        }
        Ok(())
    });
}

#[test]
fn what_is_allowed_is_a_part_of_what_the_operator_allows() {
    for_ten_thousand(|facts, policy| {
        let before = judge(&facts, &policy).is_ok();
        for (change, narrow) in NARROWER {
            let mut narrower = policy.clone();
            narrow(&mut narrower);
            let after = judge(&facts, &narrower).is_ok();
            prop_assert!(before || !after, "{}: {:?}", change, narrower);
        }
        Ok(())
    });
}

#[test]
fn a_command_never_needs_more_than_work_does() {
    for_ten_thousand(|facts, policy| {
        prop_assert!(judge(&facts, &policy).is_err() || judge_command(&facts, &policy).is_ok());
        let trusted = facts.asker.as_ref().is_some_and(|it| it.is_trusted(&policy));
        prop_assert!(trusted || judge_command(&facts, &policy).is_err());
        Ok(())
    });
}

#[test]
fn whoever_answers_our_answers_is_told_once_and_not_again() {
    let (mut facts, mut policy) = (issue(), defaults());
    facts.answers_today = policy.max_runs_per_day - 1;
    assert_eq!(judge_answer(&facts, &policy), Ok(()));
    facts.answers_today += 1;
    let refusal = judge_answer(&facts, &policy).unwrap_err();
    assert_eq!((flaw(&refusal.reason), refusal.told), (None, Told::OncePerThread));
    (facts.public, policy.answer_refused_in_public) = (true, false);
    assert_eq!(judge_answer(&facts, &policy).unwrap_err().told, Told::Nobody);
}

/// Why a text is not one sentence that can stand in a comment, a log or on a page.
fn flaw(reason: &str) -> Option<&'static str> {
    match reason {
        _ if reason.trim().is_empty() => Some("empty"),
        _ if reason.len() > 600 => Some("without bound"),
        _ if reason.contains(char::is_control) => Some("a control character"),
        _ if !reason.is_ascii() => Some("a stranger's characters"),
        _ if reason.contains(['@', '<', '\n']) => Some("calls somebody, or is a tag"),
        _ if [". ", "! ", "? "].iter().any(|it| reason.contains(it)) => Some("two sentences"),
        _ if reason.ends_with('.') => Some("a full stop: whoever shows it sets that"),
        _ => None,
    }
}

#[test]
fn every_refusal_is_one_bounded_sentence() {
    assert_eq!(flaw("One. Two"), Some("two sentences"));
    for_ten_thousand(|mut facts, policy| {
        facts.digest.push_str("\u{202e}`@x\n");
        if let Some(asker) = &mut facts.asker {
            asker.person.login.push_str("<b>@everyone\u{7} ");
        }
        if let Err(refusal) = judge(&facts, &policy) {
            let flaw = flaw(&refusal.reason);
            prop_assert!(flaw.is_none(), "{:?}: {}", flaw, refusal.reason);
        }
        Ok(())
    });
}

#[test]
fn a_refusal_is_bounded_where_every_name_is_as_long_as_it_can_be() {
    let long = format!("{}/{}", "o".repeat(100), "n".repeat(100));
    let mut facts = Facts {
        repository: long.parse().unwrap(),
        thread: u64::MAX,
        public: true,
        digest: "f".repeat(10_000),
        approvals: vec![approval(writer(3))],
        ..issue()
    };
    let login = "x".repeat(10_000);
    facts.author =
        Some(Asker { person: Person { id: u64::MAX, login }, may_push: false, ..writer(2) });
    let reason = judge(&facts, &defaults()).unwrap_err().reason;
    assert_eq!(flaw(&reason), None, "{reason}");
}

#[test]
fn a_stranger_reads_the_same_sentence_whatever_the_operator_set() {
    for_ten_thousand(|mut facts, policy| {
        let Some(asker) = &mut facts.asker else { return Ok(()) };
        (asker.may_push, asker.is_us) = (false, false);
        let asker = asker.name();
        if let Err(refusal) = judge(&facts, &policy) {
            let usual = format!(
                "{asker} may not ask for work in {0}: someone with write access to it can",
                facts.repository
            );
            prop_assert!(refusal.told == Told::Nobody || refusal.reason == usual);
        }
        Ok(())
    });
}
