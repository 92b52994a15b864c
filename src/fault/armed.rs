//! The points when they are armed: what `CODINGWORKER_FAULTS` says, and what is done about it.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Class, Injected, Mutation, class_of};

/// What to do at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Kill,
    Panic,
    Error,
    Hang,
    Delay(Duration),
}

#[derive(Debug)]
enum Which {
    Name(String),
    Prefix(String),
    Of(Class),
}

#[derive(Debug)]
struct Rule {
    which: Which,
    mode: Mode,
    /// At this hit alone, counted from 1.
    nth: Option<u64>,
    hits: AtomicU64,
}

/// All that is armed.
#[derive(Debug, Default)]
pub(super) struct Plan {
    rules: Vec<Rule>,
    trace: Option<File>,
}

impl Plan {
    /// Reads the plan's words; the message of what is wrong with them.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words = text.split(';').map(str::trim).filter(|it| !it.is_empty());
        let rules = words.map(|it| rule(it).ok_or_else(|| format!("`{it}` is no fault")));
        Ok(Self { rules: rules.collect::<Result<_, _>>()?, trace: None })
    }

    /// What to do at this point, which is counted and traced.
    pub(super) fn hit(&self, name: &str) -> Option<Mode> {
        let mode = self.rules.iter().filter(|it| it.is_about(name)).find_map(Rule::hit);
        if let Some(mut trace) = self.trace.as_ref() {
            let at = chrono::Utc::now().timestamp_micros();
            let what = mode.map(|it| format!(" {it:?}")).unwrap_or_default();
            // One write of a few bytes, appended: the kernel has it before we may die.
            let _ = trace.write_all(format!("{at} {name}{what}\n").as_bytes());
        }
        mode
    }
}

impl Rule {
    fn is_about(&self, name: &str) -> bool {
        match &self.which {
            Which::Name(it) => it == name,
            Which::Prefix(it) => name.starts_with(it),
            Which::Of(class) => class_of(name) == Some(*class),
        }
    }

    fn hit(&self) -> Option<Mode> {
        let hit = self.hits.fetch_add(1, Ordering::SeqCst) + 1;
        self.nth.is_none_or(|nth| nth == hit).then_some(self.mode)
    }
}

fn rule(text: &str) -> Option<Rule> {
    let (which, mode) = text.split_once('=')?;
    let (mode, nth) = match mode.split_once('@') {
        Some((mode, nth)) => (mode, Some(nth.parse().ok().filter(|it| *it > 0)?)),
        None => (mode, None),
    };
    let mode = match mode.split_once(':') {
        Some(("delay", ms)) => Mode::Delay(Duration::from_millis(ms.parse().ok()?)),
        Some(_) => return None,
        None => match mode {
            "kill" => Mode::Kill,
            "panic" => Mode::Panic,
            "error" => Mode::Error,
            "hang" => Mode::Hang,
            _ => return None,
        },
    };
    let which = match (which.strip_prefix("class:"), which.strip_suffix('*')) {
        (Some("disk"), _) => Which::Of(Class::Disk),
        (Some("database"), _) => Which::Of(Class::Database),
        (Some("network"), _) => Which::Of(Class::Network),
        (Some("spawn"), _) => Which::Of(Class::Spawn),
        (Some(_), _) => return None,
        (None, Some(prefix)) => Which::Prefix(prefix.to_owned()),
        (None, None) => Which::Name(which.to_owned()),
    };
    Some(Rule { which, mode, nth, hits: AtomicU64::new(0) })
}

pub(super) async fn point(name: &str) -> Result<(), Injected> {
    match plan().hit(name) {
        Some(Mode::Hang) => std::future::pending().await,
        Some(Mode::Delay(delay)) => tokio::time::sleep(delay).await,
        Some(mode) => return at_once(mode, name),
        None => (),
    }
    Ok(())
}

pub(super) fn point_blocking(name: &str) -> Result<(), Injected> {
    match plan().hit(name) {
        Some(Mode::Hang) => for_ever(),
        Some(Mode::Delay(delay)) => std::thread::sleep(delay),
        Some(mode) => return at_once(mode, name),
        None => (),
    }
    Ok(())
}

fn at_once(mode: Mode, name: &str) -> Result<(), Injected> {
    match mode {
        Mode::Kill => {
            let _ = kill(Pid::this(), Signal::SIGKILL);
            for_ever()
        }
        Mode::Panic => panic!("a fault on purpose, at {name}"),
        _ => Err(Injected(name.to_owned())),
    }
}

fn for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

/// `room.Variant:when`: a value's variant is the first word of its debug form.
pub(super) fn name_of(room: &str, what: &(dyn fmt::Debug + Sync), when: &str) -> String {
    struct FirstWord(String);
    impl fmt::Write for FirstWord {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            // Of a text, what is between its quotes.
            let text = if self.0.is_empty() { text.trim_start_matches('"') } else { text };
            let word = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            self.0.push_str(&text[..word.unwrap_or(text.len())]);
            // The rest, which may be long, is not even put into words.
            if word.is_some() { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut word = FirstWord(String::new());
    let _ = write!(word, "{what:?}");
    format!("{room}.{}:{when}", word.0)
}

/// What the environment arms, read once.
///
/// # Panics
/// When nobody can make sense of it: a suite that arms nothing would be green for nothing.
#[expect(clippy::disallowed_methods, reason = "is no configuration, and in no released build")]
fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let text = std::env::var("CODINGWORKER_FAULTS").unwrap_or_default();
        let mut plan = match Plan::parse(&text) {
            Ok(plan) => plan,
            Err(message) => panic!("CODINGWORKER_FAULTS: {message}"),
        };
        plan.trace =
            std::env::var_os("CODINGWORKER_FAULT_TRACE").map(|path| {
                match OpenOptions::new().create(true).append(true).open(&path) {
                    Ok(file) => file,
                    Err(error) => panic!("CODINGWORKER_FAULT_TRACE {}: {error}", path.display()),
                }
            });
        plan
    })
}

thread_local! {
    static MUTATION: Cell<Option<Mutation>> = const { Cell::new(None) };
}

pub(super) fn mutation() -> Option<Mutation> {
    MUTATION.get()
}

pub(super) fn mutate(mutation: Option<Mutation>) {
    MUTATION.set(mutation);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{mutate, mutated};

    #[test]
    fn a_plan_names_points_prefixes_and_classes() {
        let plan = Plan::parse("journal.*=kill; queue.settle:before=error;class:network=hang");
        let plan = plan.unwrap();
        assert_eq!(plan.hit("journal.Pushed:before"), Some(Mode::Kill));
        assert_eq!(plan.hit("queue.settle:before"), Some(Mode::Error));
        assert_eq!(plan.hit("queue.settle:after"), None);
        assert_eq!(plan.hit("github.open:after"), Some(Mode::Hang));
    }

    #[test]
    fn a_number_is_the_one_hit_at_which_it_happens() {
        let plan = Plan::parse("class:network=delay:20@3").unwrap();
        let hits = ["github.open:before", "database.commit:before", "git.push:before"];
        assert_eq!(hits.map(|it| plan.hit(it)), [None; 3]);
        assert_eq!(plan.hit("github.open:after"), Some(Mode::Delay(Duration::from_millis(20))));
        assert_eq!(plan.hit("github.open:after"), None);
    }

    #[test]
    fn a_plan_that_arms_nothing_is_refused() {
        for wrong in ["x", "x=stab", "x=kill@0", "x=kill@", "x=delay", "x=kill:2", "class:air=kill"]
        {
            assert!(Plan::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Plan::parse("").unwrap().hit("x"), None);
    }

    #[test]
    fn a_point_can_be_named_after_a_variant() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "is printed")]
        enum Event {
            Closed,
            Pushed { branch: &'static str },
            Ended(u8),
        }
        let name = |it: &Event| name_of("journal", it, "before");
        assert_eq!(name(&Event::Closed), "journal.Closed:before");
        assert_eq!(name(&Event::Pushed { branch: "a" }), "journal.Pushed:before");
        assert_eq!(name(&Event::Ended(1)), "journal.Ended:before");
        assert_eq!(name_of("git", &"ls-remote", "after"), "git.ls-remote:after");
    }

    #[test]
    fn a_mutation_is_this_threads_alone() {
        assert!(!mutated(Mutation::NoFence));
        mutate(Some(Mutation::NoFence));
        assert!(mutated(Mutation::NoFence) && !mutated(Mutation::NoLook));
        std::thread::spawn(|| assert!(!mutated(Mutation::NoFence))).join().unwrap();
        mutate(None);
        assert!(!mutated(Mutation::NoFence));
    }
}
