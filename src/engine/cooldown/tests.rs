use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_795_234_800_000);
const FIRST: First = First { away: Duration::from_secs(10), busy: Duration::from_secs(300) };

fn key() -> ModelKey {
    ModelKey { model: "small".to_owned(), server: "here".to_owned() }
}

fn busy(stated: Option<u64>) -> Failure {
    Failure { fault: Fault::ModelBusy, message: "it is busy".to_owned(), retry_after_ms: stated }
}

fn away() -> Failure {
    Failure::new(Fault::ModelAway, "Ollama cannot be reached")
}

fn hold(previous: Option<&Hold>, failure: &Failure, now: Timestamp) -> Hold {
    Hold::after(previous, key(), failure, now, FIRST)
}

fn seconds(hold: &Hold) -> u64 {
    hold.until.since(hold.since).as_secs()
}

/// Refused again and again, each time as soon as the hold is over.
fn row(failure: &Failure, number: usize) -> Vec<u64> {
    let mut last: Option<Hold> = None;
    let next = || {
        let now = last.as_ref().map_or(NOW, |it| it.until);
        let next = hold(last.as_ref(), failure, now);
        last = Some(next.clone());
        seconds(&next)
    };
    std::iter::repeat_with(next).take(number).collect()
}

#[test]
fn without_a_stated_time_it_is_five_minutes_and_doubles_up_to_an_hour() {
    assert_eq!(row(&busy(None), 6), [300, 600, 1_200, 2_400, 3_600, 3_600]);
}

#[test]
fn a_server_that_is_away_is_looked_for_each_minute() {
    assert_eq!(row(&away(), 5), [10, 20, 40, 60, 60]);
}

#[test]
fn a_stated_time_is_kept_and_a_server_that_states_none_at_all_is_not_asked_in_a_loop() {
    assert_eq!(row(&busy(Some(17_000)), 3), [17, 17, 17]);
    assert_eq!(row(&busy(Some(0)), 5), [1, 2, 4, 8, 16]);
    assert_eq!(row(&busy(Some(u64::MAX)), 1), [3_600]);
}

#[test]
fn a_turn_that_was_under_way_does_not_double_a_hold_and_never_shortens_it() {
    let first = hold(None, &busy(None), NOW);
    let later = Timestamp(NOW.0 + 1_000);
    let second = hold(Some(&first), &busy(None), later);
    assert_eq!((second.nth, seconds(&second)), (1, 300));
    let third = hold(Some(&second), &busy(Some(1_000)), later);
    assert_eq!(third.until, second.until);
}

#[test]
fn a_hold_that_was_over_for_long_is_forgotten_and_so_is_one_of_another_kind() {
    let first = hold(None, &busy(None), NOW);
    let long_after = Timestamp(first.until.0 + millis(LONGEST) + 1);
    assert_eq!(hold(Some(&first), &busy(None), long_after).nth, 1);
    assert_eq!(hold(Some(&first), &busy(None), first.until).nth, 2);
    assert_eq!(hold(Some(&first), &away(), first.until).nth, 1);
}

#[test]
fn a_clock_that_is_set_back_makes_no_hold_longer_than_it_was() {
    let it = hold(None, &busy(None), NOW);
    let yesterday = Timestamp(NOW.0 - 86_400_000);
    assert_eq!(it.left(yesterday).as_secs(), 300);
    assert_eq!(it.left(Timestamp(NOW.0 + 100_000)).as_secs(), 200);
    assert_eq!(it.left(Timestamp(NOW.0 + 86_400_000)), Duration::ZERO);
}

#[test]
fn who_waits_says_until_when_and_why() {
    let it = hold(None, &busy(None), NOW);
    assert_eq!(
        it.message(),
        "the model small is not asked until 2026-11-21T04:25:00Z, as it is busy"
    );
    assert_eq!(hold(None, &away(), NOW).message(), "Ollama cannot be reached");
}

fn both(millis: u64) -> First {
    let it = Duration::from_millis(millis);
    First { away: it, busy: it }
}

fn times() -> impl Strategy<Value = Timestamp> {
    prop_oneof![any::<i64>(), 0..4_000_000_000_000i64].prop_map(Timestamp)
}

proptest! {
    #[test]
    fn a_hold_never_ends_before_the_stated_time_nor_after_the_bound(
        stated in prop_oneof![0..10_000_000u64, any::<u64>()],
        now in times(),
        nth in 1..1_000u32,
        kind in any::<bool>(),
    ) {
        let failure = Failure { retry_after_ms: Some(stated), ..if kind { busy(None) } else { away() } };
        let before = Hold { nth, ..hold(None, &failure, now) };
        for it in [hold(None, &failure, now), hold(Some(&before), &failure, before.until)] {
            let length = it.left(it.since);
            let ends_early = length < Duration::from_millis(stated).min(LONGEST);
            // At the very end of time a clock has nowhere to go.
            prop_assert!(!ends_early || i64::MAX - it.since.0 < millis(LONGEST));
            prop_assert!(length <= LONGEST);
        }
    }

    #[test]
    fn whatever_the_clock_says_no_hold_lasts_longer_than_the_bound(
        made in times(), looked in times(), stated in any::<Option<u64>>(), nth in any::<u32>(),
    ) {
        let before = Hold { nth, ..hold(None, &busy(stated), made) };
        let it = hold(Some(&before), &busy(stated), made);
        prop_assert!(it.left(looked) <= LONGEST);
        prop_assert!(it.left(looked) <= it.until.since(it.since));
    }

    #[test]
    fn each_hold_in_a_row_is_at_least_as_long_as_the_one_before(
        stated in any::<Option<u64>>(), first in 0..100_000u64, nth in 0..u32::MAX, busy in any::<bool>(),
    ) {
        let kind = if busy { Kind::Busy } else { Kind::Away };
        let stated = stated.map(Duration::from_millis);
        let of = |nth| length(kind, nth, stated, both(first));
        prop_assert!(of(nth) <= of(nth + 1));
    }

    #[test]
    fn no_reply_makes_the_reader_panic(
        status in any::<Option<u16>>(), header in ".{0,40}", text in ".{0,200}",
    ) {
        let marked = format!("{text} retry after {header} try again in {text}");
        for text in [&text, &marked] {
            let _ = pushback(status, |_| Some(header.as_str()), text);
        }
    }
}
