//! A job as a play: events on the one side, actions on the other.

use std::fmt::Write;
use std::time::Duration;

use super::walk::complete;
use crate::domain::change::{Change, ObjectId, PullRequest};
use crate::domain::example::{Example, Expected, Language, Source, Tried, Verdict};
use crate::domain::job::{
    Checkout, Complaint, Conversation, Event, Failure, Fault, Inspection, Model, NewTests,
    OldTests, Outcome, Phase, Progress, Proof, Record, Refusal, Request, Standing, Tokens, Told,
    Turn, TurnOutcome,
};
use crate::domain::project::Narrowing;
use crate::domain::time::Timestamp;
use crate::domain::verification::{Check, Exit, Plan, Step, Verification};
use crate::engine::decide::{Action, OnFailure, Policy, Ready, decide};

/// Plays events to a fresh job and writes down both sides of the talk.
pub(super) struct Play {
    pub(super) progress: Progress,
    pub(super) prologue: String,
    pub(super) story: String,
    policy: Policy,
}

impl Play {
    /// A job that is about to give the agent its first turn.
    pub(super) fn begun() -> Self {
        Self::begun_with(inspection())
    }

    /// The same, for a worker that lives under this policy.
    pub(super) fn begun_under(policy: Policy) -> Self {
        Self::begun_as(inspection(), policy)
    }

    /// A job for a comment on a pull request, at the same point.
    pub(super) fn begun_on_pull() -> Self {
        Self::begun_with(on_pull(None))
    }

    /// A job that nobody has done anything for.
    pub(super) fn new() -> Self {
        Self::under(policy())
    }

    fn under(policy: Policy) -> Self {
        let (progress, empty) = (Progress::default(), String::new());
        let mut play = Self { progress, prologue: empty.clone(), story: empty, policy };
        play.says();
        play
    }

    pub(super) fn begun_with(inspection: Inspection) -> Self {
        Self::begun_as(inspection, policy())
    }

    fn begun_as(inspection: Inspection, policy: Policy) -> Self {
        Self::begun_on(inspection, Verification::default(), policy)
    }

    pub(super) fn begun_on(inspection: Inspection, base: Verification, policy: Policy) -> Self {
        let mut play = Self::under(policy);
        play.hears([
            Event::Inspected(inspection),
            told(Phase::Queued),
            Event::Prepared(checkout()),
            Event::Baselined(base),
            told(Phase::Working),
        ]);
        play.prologue = std::mem::take(&mut play.story);
        play.says();
        play
    }

    pub(super) fn hears(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            let event = complete(&decide(&self.progress, &self.policy), &event);
            writeln!(self.story, "<- {}", heard(&event)).unwrap();
            self.progress = self.progress.clone().after(&record(event)).unwrap();
            self.says();
        }
    }

    pub(super) fn publishes(&mut self) {
        self.hears([
            gated(),
            Event::Committed { commit: id("c"), tree: id("edited"), files: Vec::new() },
            Event::Pushed(change()),
            Event::Opened(pull_request()),
            Event::Closed,
            told(Phase::Ended),
            Event::Labelled,
        ]);
    }

    fn says(&mut self) {
        let line = match decide(&self.progress, &self.policy) {
            Action::Attempt(it) => {
                let what = match &it.request {
                    Request::Fix { complaint: Complaint::Red { check, .. } } => {
                        format!("Fix({})", check.name())
                    }
                    Request::Fix { complaint: Complaint::Unusable { reason } } => {
                        format!("Fix({reason})")
                    }
                    Request::Fix { complaint: Complaint::Contradicted { .. } } => {
                        "Fix(example)".to_owned()
                    }
                    other => format!("{other:?}"),
                };
                let warm = if it.temperature > 0.0 { ", warm" } else { "" };
                let here = (self.progress.rung, self.progress.attempt);
                let base = if (it.rung, it.attempt) != here { ", from base" } else { "" };
                format!("Attempt {what} by {}{warm}{base}", it.model.name)
            }
            Action::Verify { scope, .. } => format!("Verify {scope:?}"),
            Action::Prove { adds_test: true, .. } => "Prove, with a test".to_owned(),
            Action::Prove { .. } => "Prove".to_owned(),
            Action::Commit { ready, .. } => {
                format!("Commit {}", if ready { "ready" } else { "incomplete" })
            }
            Action::Gate(_) => "Gate".to_owned(),
            Action::Push(_) => "Push".to_owned(),
            Action::Open { standing: Standing::Ready, .. } => "Open".to_owned(),
            Action::Open { standing, .. } => {
                format!("Open draft, {}", format!("{standing:?}").to_lowercase())
            }
            Action::End(it) => format!("End {}", name(&it)),
            Action::Close(it) => format!("Close {}", name(&it)),
            Action::Label { done } => format!("Label {}", if done { "done" } else { "failed" }),
            Action::Tell(phase) => format!("Tell {phase:?}"),
            Action::Rest(rest) => format!("Rest {} s", rest.as_secs()),
            Action::Await(model) => format!("Await {}", model.name),
            other => format!("{other:?}"),
        };
        writeln!(self.story, "-> {line}").unwrap();
    }
}

pub(super) fn name(outcome: &Outcome) -> String {
    format!("{outcome:?}").split(['(', ' ']).next().unwrap().to_owned()
}

pub(super) fn heard(event: &Event) -> String {
    match event {
        Event::Attempted(it) => name_of(&it.outcome),
        Event::Verified { complaint: Some(Complaint::Red { check, .. }), .. } => {
            format!("Red({check:?})")
        }
        Event::Verified { complaint: Some(Complaint::Contradicted { .. }), .. } => {
            "Contradicted".to_owned()
        }
        Event::Verified { verification, .. } if !verification.examples.is_empty() => {
            "Proven".to_owned()
        }
        Event::Verified { .. } => "Green".to_owned(),
        Event::Told { phase, .. } => format!("Told({phase:?})"),
        other => name_of(other),
    }
}

pub(super) fn name_of(it: &impl std::fmt::Debug) -> String {
    format!("{it:?}").split(['(', ' ']).next().unwrap().to_owned()
}

pub(super) fn policy() -> Policy {
    let model = |name: &str| Model {
        name: name.to_owned(),
        timeout: Duration::from_secs(600),
        num_ctx: 8192,
        edit_format: "whole".to_owned(),
        attempts: 1,
        samples: 1,
        calls: 0,
        reads: false,
        observes: false,
        max_fixes: None,
        editor: None,
    };
    Policy {
        models: Vec::from([model("small"), model("big")]),
        max_fixes: 2,
        max_retries: 3,
        retry_delay: Duration::from_secs(10),
        max_waits: 360,
        job_limit: Duration::from_secs(3_600),
        write_tests: true,
        on_failure: OnFailure::Draft,
        ready: Ready::Proven,
    }
}

pub(super) fn record(event: Event) -> Record {
    Record { at: Timestamp(0), took_ms: 0, event }
}

pub(super) fn id(name: &str) -> ObjectId {
    ObjectId(name.to_owned())
}

pub(super) fn inspection() -> Inspection {
    Inspection {
        title: String::new(),
        body: String::new(),
        removed: 0,
        open: true,
        asked_by: None,
        asked_at: None,
        default_branch: "main".to_owned(),
        public: false,
        network: false,
        conversation: None,
    }
}

/// A pull request that somebody commented on.
pub(super) fn on_pull(rung: Option<usize>) -> Inspection {
    let conversation = Conversation {
        pull: 7,
        title: String::new(),
        body: String::new(),
        head: "topic".to_owned(),
        fork: None,
        base: "main".to_owned(),
        conflicts: false,
        diff: String::new(),
        closes: None,
        requests: Vec::new(),
        earlier: Vec::new(),
        rung,
    };
    Inspection { conversation: Some(conversation), ..inspection() }
}

pub(super) fn refused(told: Told) -> Event {
    ended(Outcome::Refused(Refusal { reason: "you may not".to_owned(), told }))
}

pub(super) fn checkout() -> Checkout {
    Checkout {
        base: id("base-commit"),
        tree: id("base"),
        plan: Plan::default(),
        notes: Vec::new(),
        narrowing: Narrowing::default(),
        template: None,
        levels: Default::default(),
    }
}

pub(super) fn turn(outcome: TurnOutcome) -> Event {
    Event::Attempted(Turn {
        request: Request::Implement,
        model: "small".to_owned(),
        rung: 0,
        attempt: 0,
        outcome,
        tree: id("edited"),
        files: Vec::new(),
        calls: 1,
        tokens: Tokens::default(),
        left_out: Vec::new(),
        agent: String::new(),
        examples: Vec::new(),
        mutations: Vec::new(),
    })
}

/// What the worker did itself, without a model.
pub(super) fn own_turn() -> Event {
    match turn(TurnOutcome::Edited) {
        Event::Attempted(it) => Event::Attempted(Turn { model: String::new(), calls: 0, ..it }),
        other => other,
    }
}

pub(super) fn verified(complaint: Option<Complaint>) -> Event {
    Event::Verified {
        verification: Verification::default(),
        tree: id("edited"),
        scope: Vec::new(),
        complaint,
    }
}

pub(super) fn green() -> Event {
    verified(None)
}

/// All green, and the one example of the issue holds.
pub(super) fn proven() -> Event {
    let examples = Vec::from([tried(Verdict::Holds)]);
    match green() {
        Event::Verified { tree, scope, complaint, .. } => {
            let verification = Verification { examples, ..Verification::default() };
            Event::Verified { verification, tree, scope, complaint }
        }
        other => other,
    }
}

/// All green, and the one example of the issue gives something else.
pub(super) fn contradicted() -> Event {
    let verdict = Verdict::Gives { what: "0".to_owned(), as_said: true };
    verified(Some(Complaint::Contradicted { examples: Vec::from([tried(verdict)]) }))
}

pub(super) fn tried(verdict: Verdict) -> Tried {
    let example = Example {
        language: Language::Python,
        path: "calc.py".to_owned(),
        call: "add(2, 2)".to_owned(),
        expected: Expected::Value("4".to_owned()),
        given: None,
        source: Source::Spelled,
    };
    Tried { example, verdict }
}

pub(super) fn red(check: Check) -> Event {
    verified(Some(Complaint::Red {
        check,
        command: String::new(),
        exit: Exit::Code(1),
        tests: Vec::new(),
        excerpt: String::new(),
    }))
}

pub(super) fn proved(broken_old_tests: Option<OldTests>) -> Event {
    Event::Proved(Proof {
        new_tests: NewTests::FailOnBase,
        broken_old_tests,
        objections: Vec::new(),
        added: None,
    })
}

pub(super) fn gated() -> Event {
    Event::Gated { tree: id("edited"), stops: Vec::new(), notes: Vec::new(), kept: None }
}

pub(super) fn stopped() -> Event {
    let stops = Vec::from(["`.github/x` is protected.".to_owned()]);
    Event::Gated { tree: id("edited"), stops, notes: Vec::new(), kept: None }
}

pub(super) fn rebased() -> Event {
    let checkout = Checkout { base: id("new-tip"), tree: id("newer"), ..checkout() };
    Event::Rebased { checkout, tree: id("merged") }
}

pub(super) fn change() -> Change {
    Change { branch: "ai/issue-1".to_owned(), commit: id("c") }
}

pub(super) fn pull_request() -> PullRequest {
    PullRequest { number: 7, url: String::new(), draft: false }
}

pub(super) fn ended(outcome: Outcome) -> Event {
    Event::Ended(outcome)
}

pub(super) fn told(phase: Phase) -> Event {
    Event::Told { phase, comment: 1 }
}

pub(super) fn broke(fault: Fault) -> Event {
    Event::Failed(Failure::new(fault, ""))
}

/// A base whose tests are red.
pub(super) fn red_base() -> Verification {
    let step = Step {
        check: Check::Test,
        command: String::new(),
        exit: Exit::Code(1),
        duration_ms: 0,
        tests: None,
        excerpt: String::new(),
    };
    Verification { steps: Vec::from([step]), ..Verification::default() }
}

/// All checks ran so, and none is newly red.
pub(super) fn full(verification: Verification) -> Event {
    let scope = Vec::from([Check::Build, Check::Lint, Check::Test]);
    Event::Verified { verification, tree: id("edited"), scope, complaint: None }
}
