//! Which points there are: by what runs pass, held against what the sources say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::case::{Scenario, begin};
use crate::life::GOES_ON;
use crate::world::{Ground, World};

/// A point that a run has passed.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: String,
    /// The first scenario in which it is passed.
    pub(crate) scenario: Scenario,
    /// How often it is passed there.
    pub(crate) hits: u64,
}

/// Runs each scenario untouched.
pub(crate) async fn discover(ground: &Ground) -> Vec<Found> {
    let mut found = BTreeMap::<String, Found>::new();
    for scenario in Scenario::ALL {
        let world = World::make(ground, scenario).await;
        let life = begin(&world, scenario, "", GOES_ON).await;
        let log = std::fs::read_to_string(world.path().join("worker-1.log")).unwrap_or_default();
        assert!(life.is_done(), "an untouched worker did not end well: {life:?}\n{log}");
        let mut hits = BTreeMap::<String, u64>::new();
        for passed in life.trace {
            *hits.entry(passed.name).or_default() += 1;
        }
        for (name, hits) in hits {
            let point = Found { name: name.clone(), scenario, hits };
            found.entry(name).or_insert(point);
        }
    }
    found.into_values().collect()
}

/// Points that no task of these scenarios comes by, and what does.
const ELSEWHERE: [(&str, &str); 6] = [
    ("database.write:before", "the store on PostgreSQL: tests/it/postgres"),
    (
        "store.begin:before",
        "a job that is taken up, or has waited for its turn: tests/it/stories.rs",
    ),
    ("store.claim:before", "requests on pull requests: tests/it/binary/comments.rs"),
    ("store.hold:before", "a second delivery while the job runs: tests/it/stories.rs"),
    ("store.renew:before", "a job that takes longer than a fifth of its lease"),
    ("store.release:before", "a job that is put down: the mode `stop`, at every point"),
];

/// The points of the sources that no run has passed. Of those that are named after a variant,
/// that none of the kind was passed.
pub(crate) fn never_passed(found: &[Found]) -> Vec<String> {
    let mut named = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
    assert!(named.len() >= 34, "the sources have {} points alone: {named:?}", named.len());
    let passed = |name: &String| match name.split_once('*') {
        Some((room, when)) => {
            found.iter().any(|it| it.name.starts_with(room) && it.name.ends_with(when))
        }
        None => found.iter().any(|it| it.name == *name),
    };
    let excused = |name: &String| ELSEWHERE.iter().any(|(it, _)| it == name);
    named.into_iter().filter(|it| !passed(it) && !excused(it)).collect()
}

/// Adds the names of all points below `folder`: `room.*:when` for those named after a variant.
fn read(folder: &Path, named: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("src/fault") {
                read(&path, named);
            }
            continue;
        }
        if path.ends_with("src/fault.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for call in ["fault::point(", "fault::point_blocking("] {
            let calls = text.split(call).skip(1);
            named.extend(calls.filter_map(|it| Some(it.split('"').nth(1)?.to_owned())));
        }
        for call in text.split("fault::point_of(").skip(1) {
            let words = call.split(')').next().unwrap().split('"').collect::<Vec<_>>();
            if let [_, room, _, when, ..] = words[..] {
                named.insert(format!("{room}.*:{when}"));
            }
        }
    }
}
