use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

fn took(repository: &str, model: &str, time: u64) -> Took {
    Took { repository: repository.to_owned(), model: model.to_owned(), time: minutes(time) }
}

fn repository(name: &str) -> Repository {
    name.parse().unwrap()
}

fn word(nth: usize, begins_in: Option<u64>) -> Word {
    Word { place: Place { nth, begins_in: begins_in.map(minutes) }, held: None }
}

#[test]
fn the_nearest_kind_of_which_enough_were_finished_says_how_long_it_takes() {
    let mut jobs = vec![took("acme/api", "small", 1), took("acme/api", "small", 9)];
    let of = |jobs: &[Took], name: &str, model| Medians::new(jobs).of(&repository(name), model);
    assert_eq!(of(&jobs, "acme/api", "small"), None, "two are too few");
    jobs.push(took("acme/web", "big", 20));
    assert_eq!(of(&jobs, "acme/api", "small"), Some(minutes(9)), "all");
    jobs.push(took("acme/web", "small", 2));
    assert_eq!(of(&jobs, "acme/else", "small"), Some(minutes(2)), "the model's");
    assert_eq!(of(&jobs, "acme/api", "big"), Some(Duration::from_secs(330)), "all, an even number");
    jobs.push(took("acme/api", "big", 30));
    assert_eq!(of(&jobs, "Acme/API", "huge"), Some(minutes(9)), "the repository's");
    jobs.push(took("acme/api", "small", 3));
    assert_eq!(of(&jobs, "acme/api", "small"), Some(minutes(3)), "of both");
}

#[test]
fn whoever_comes_first_gets_the_slot_that_is_free_first() {
    let running = |since, usual| Running { since: minutes(since), usual: Some(minutes(usual)) };
    let two = [running(2, 10), running(1, 4)];
    let waiting = [Some(minutes(10)); 3];
    let begins = |places: &[Place]| {
        places.iter().map(|it| (it.nth, it.begins_in.unwrap().as_secs() / 60)).collect::<Vec<_>>()
    };
    assert_eq!(begins(&places(2, &two, &waiting)), [(1, 3), (2, 8), (3, 13)]);
    assert_eq!(begins(&places(3, &two, &waiting)), [(0, 0), (1, 3), (2, 8)], "one has a slot");
    // The slots became fewer, and nobody is sent away.
    assert_eq!(begins(&places(1, &two, &waiting)), [(1, 3), (2, 8), (3, 13)]);
}

#[test]
fn a_job_that_takes_longer_than_usual_is_not_over_any_moment() {
    let late = Running { since: minutes(500), usual: Some(minutes(20)) };
    assert_eq!(places(1, &[late], &[None])[0].begins_in, Some(minutes(2)));
}

#[test]
fn without_enough_finished_jobs_there_are_places_and_no_times() {
    let running = [Running { since: minutes(1), usual: None }];
    for place in places(1, &running, &[None, None]) {
        assert_eq!(place.begins_in, None);
        assert!(place.nth > 0);
    }
    let begins = places(1, &[], &[None, Some(minutes(1))]);
    assert_eq!(begins.iter().map(|it| it.nth).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(begins[1].begins_in, None, "nobody knows how long the one before it takes");
}

#[test]
fn what_was_said_is_read_again() {
    let held = Held { until: Timestamp(99), why: "busy".to_owned() };
    for (nth, begins_in) in [(1, None), (12, Some(24)), (3, Some(0))] {
        for held in [None, Some(held.clone())] {
            let word = Word { held, ..word(nth, begins_in) };
            let said = Said::of(&word, Timestamp(1_795_234_799_999), nth == 3);
            let body = format!("{nth}rd in line\n\n{}\n<!-- codingworker:job=a -->\n", said.mark());
            assert_eq!(Said::read(&body), Some(said), "{body}");
        }
    }
    for other in
        ["", "Done.", "<!-- codingworker:line= -->", "<!-- codingworker:line=1,-,-,x,0 -->"]
    {
        assert_eq!(Said::read(other), None, "{other}");
    }
}

#[test]
fn a_comment_is_edited_when_its_place_moves_and_seldom_else() {
    let start = Timestamp(1_795_234_799_999);
    let after = |it: u64| Timestamp(start.0 + i64::try_from(minutes(it).as_millis()).unwrap());
    let said = Said::of(&word(3, Some(24)), start, false);
    assert!(said.is_due(&word(2, Some(24)), start), "it moved");
    assert!(said.is_due(&word(3, None), start), "there is no time any more");
    assert!(!said.is_due(&word(3, Some(19)), after(5)), "time passes, as was said");
    assert!(!said.is_due(&word(3, Some(24)), after(5)), "that is no difference");
    assert!(said.is_due(&word(3, Some(40)), after(5)), "it takes much longer");
    let held = Held { until: after(9), why: String::new() };
    assert!(said.is_due(&Word { held: Some(held), ..word(3, Some(24)) }, start), "it is held up");
    let edited = Said { edited: true, ..said };
    assert!(!edited.is_due(&word(2, None), after(1)), "not twice within its minutes");
    assert!(edited.is_due(&word(2, None), after(2)));
    assert!(edited.is_due(&word(1, None), after(1)), "who is next hears of it sooner");
}

fn some_running() -> impl Strategy<Value = Vec<Running>> {
    let one = (0..5_000u64, 1..5_000u64).prop_map(|(since, usual)| Running {
        since: Duration::from_secs(since),
        usual: Some(Duration::from_secs(usual)),
    });
    vec(one, 0..6)
}

fn some_waiting() -> impl Strategy<Value = Vec<Option<Duration>>> {
    vec((1..5_000u64).prop_map(|it| Some(Duration::from_secs(it))), 1..20)
}

proptest! {
    #[test]
    fn nobody_is_put_back_when_another_who_waits_leaves(
        slots in 1..5usize, running in some_running(), waiting in some_waiting(), at in any::<prop::sample::Index>()
    ) {
        let before = places(slots, &running, &waiting);
        let gone = at.index(waiting.len());
        let mut fewer = waiting.clone();
        fewer.remove(gone);
        let after = places(slots, &running, &fewer);
        let others = before.iter().enumerate().filter(|(nth, _)| *nth != gone);
        for ((nth, before), after) in others.zip(&after) {
            prop_assert!(after.nth <= before.nth, "{nth}");
            prop_assert!(after.begins_in <= before.begins_in, "{nth}: {before:?} {after:?}");
        }
    }

    #[test]
    fn nobody_is_put_back_when_a_job_ends_or_a_slot_is_added(
        slots in 1..5usize, running in some_running(), waiting in some_waiting(), at in any::<prop::sample::Index>()
    ) {
        prop_assume!(!running.is_empty() && running.len() <= slots);
        let before = places(slots, &running, &waiting);
        let mut fewer = running.clone();
        fewer.remove(at.index(running.len()));
        for after in [places(slots, &fewer, &waiting), places(slots + 1, &running, &waiting)] {
            for (before, after) in before.iter().zip(&after) {
                prop_assert!(after.nth <= before.nth);
                prop_assert!(after.begins_in <= before.begins_in, "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn places_are_numbered_without_gaps_and_nobody_begins_before_who_is_before_him(
        slots in 1..5usize, running in some_running(), waiting in some_waiting()
    ) {
        let places = places(slots, &running, &waiting);
        prop_assert_eq!(places.len(), waiting.len());
        let free = slots.saturating_sub(running.len());
        for (at, place) in places.iter().enumerate() {
            prop_assert_eq!(place.nth, (at + 1).saturating_sub(free));
        }
        prop_assert!(places.is_sorted_by_key(|it| it.begins_in));
    }

    #[test]
    fn whatever_stands_in_a_comment_is_read_without_harm(text in "[-0-9,x ]{0,60}") {
        let _ = Said::read(&format!("{MARK}{text}-->"));
    }
}
