use super::*;
use crate::domain::time::Timestamp;

fn at(seconds: i64, took: u64, event: Event) -> Record {
    Record { at: Timestamp(seconds * 1_000), took_ms: took * 1_000, event }
}

fn inspected(asked_at: Option<i64>) -> Event {
    let Some(Event::Inspected(it)) = green().records.into_iter().map(|it| it.event).next() else {
        panic!("a story begins with what was read")
    };
    Event::Inspected(Inspection { asked_at: asked_at.map(|it| Timestamp(it * 1_000)), ..it })
}

fn checks(times: [u64; 3]) -> Event {
    let checks = [Check::Build, Check::Lint, Check::Test];
    let steps = checks.iter().zip(times).map(|(check, seconds)| Step {
        duration_ms: seconds * 1_000,
        ..step(*check, "make", Exit::Code(0), &[])
    });
    Event::Baselined(Verification { steps: steps.collect(), ..Verification::default() })
}

fn life() -> Story {
    let away = Failure::new(Fault::ModelAway, "no answer");
    let busy = Failure::new(Fault::Transient, "502");
    let records = vec![
        at(102, 2, inspected(Some(40))),
        at(103, 1, Event::Told { phase: Phase::Queued, comment: 1 }),
        at(120, 17, checks([5, 0, 10])),
        at(121, 1, Event::Failed(away)),
        at(151, 30, Event::Rested),
        at(211, 60, turn(Request::Implement)),
        at(214, 3, Event::Failed(busy)),
        at(219, 5, Event::Rested),
        // It was put down for a while.
        at(322, 3, Event::Pushed(Change { branch: "a".to_owned(), commit: id("c") })),
    ];
    Story { records, ..green() }
}

#[test]
fn every_moment_of_a_job_was_spent_on_something_and_none_twice() {
    let all = stretches(&life());
    let told = all
        .iter()
        .map(|it| format!("{:>4} +{:<4}{}\n", it.from.0 / 1_000, it.ms / 1_000, it.on.name()));
    insta::assert_snapshot!(told.collect::<String>());
    let whole: u64 = all.iter().map(|it| it.ms).sum();
    assert_eq!(whole, (322 - 40) * 1_000);
    let sums: u64 = shares(&all).iter().map(|it| it.ms).sum();
    assert_eq!(sums, whole);
    assert!(shares(&all).is_sorted_by(|a, b| a.ms >= b.ms));
}

#[test]
fn an_older_journal_does_not_say_when_it_was_asked_for() {
    let mut story = life();
    story.records[0].event = inspected(None);
    assert_eq!(stretches(&story)[0].on, Spending::Inspect);
    let json = serde_json::to_value(&story.records[0].event).unwrap();
    let mut old = json.clone();
    old["of"].as_object_mut().unwrap().remove("asked_at");
    assert_eq!(serde_json::from_value::<Event>(old).unwrap(), story.records[0].event);
    assert!(stretches(&Story { records: Vec::new(), ..story }).is_empty());
}

#[test]
fn a_strip_shows_each_part_of_the_whole_by_what_has_most_of_it() {
    let all = stretches(&life());
    let letters = |width| strip(&all, width).iter().map(|it| it.letter()).collect::<String>();
    insta::assert_snapshot!(format!("{}\n{}\n{}", letters(94), letters(10), letters(1)));
    assert_eq!((letters(0), strip(&[], 10).len()), (String::new(), 0));
}

#[test]
fn checks_that_took_longer_than_the_action_do_not_make_it_longer() {
    let records = vec![at(10, 4, checks([3, 3, 3]))];
    let all = stretches(&Story { records, ..green() });
    assert_eq!(all.iter().map(|it| it.ms).sum::<u64>(), 4_000);
}

#[test]
fn each_thing_has_a_name_and_a_letter_of_its_own() {
    for (nth, one) in Spending::ALL.iter().enumerate() {
        for other in &Spending::ALL[..nth] {
            assert!(one.name() != other.name() && one.letter() != other.letter());
        }
    }
}
