use proptest::prelude::*;

use super::*;
use crate::engine::intake;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// When everything here begins.
const BEGIN: i64 = 1_795_234_800_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp(BEGIN + seconds * 1_000)
}

fn words(id: u64, at: Timestamp, body: &str) -> Sighting {
    Sighting {
        id,
        at,
        written: at,
        thread: 7,
        on_pull: true,
        author: "reviewer".to_owned(),
        title: String::new(),
        body: body.to_owned(),
    }
}

/// Reads a list of one page.
fn read(list: List, mark: Option<Mark>, items: Vec<Sighting>, sent: Timestamp) -> Found {
    let mut pass = Pass::begin(list, mark);
    assert!(!pass.take(items, false, sent));
    pass.end()
}

fn ids(found: &Found) -> Vec<u64> {
    found.fresh.iter().map(|it| it.id).collect()
}

#[test]
fn what_was_written_before_the_first_look_asks_for_nothing_but_a_labelled_issue_waits() {
    let old = || vec![words(2, at(-50), "@ai-fix x y"), words(1, at(-900), "@ai-fix z y")];
    for list in [List::Comments, List::LineComments, List::Threads] {
        let first = read(list, None, old(), at(0));
        assert_eq!(ids(&first), [0_u64; 0], "{list:?}");
        assert!(first.is_settled && !first.again);
        let mut later = old();
        later.insert(0, words(3, at(5), "@ai-fix now"));
        assert_eq!(ids(&read(list, Some(first.mark), later, at(60))), [3], "{list:?}");
    }
    assert_eq!(ids(&read(List::Issues, None, old(), at(0))), [1, 2]);
}

#[test]
fn what_is_written_in_the_very_second_of_the_first_look_is_not_lost() {
    let first = read(List::Comments, None, vec![], Timestamp(at(0).0 + 900));
    let found = read(List::Comments, Some(first.mark), vec![words(1, at(0), "@ai-fix x")], at(60));
    assert_eq!(ids(&found), [1]);
    assert!(asks(&found.mark, &found.fresh[0]));
}

#[test]
fn a_comment_that_shows_late_is_not_lost() {
    let mark = read(List::Comments, None, vec![], at(0)).mark;
    let mark = read(List::Comments, Some(mark), vec![words(9, at(100), "")], at(101)).mark;
    let late = vec![words(9, at(100), ""), words(8, at(40), "@ai-fix x")];
    assert_eq!(ids(&read(List::Comments, Some(mark), late, at(160))), [8]);
}

#[test]
fn a_comment_of_a_review_is_new_when_the_review_is_sent_and_an_edit_makes_nothing_new() {
    let mark = read(List::LineComments, None, vec![], at(0)).mark;
    let mark = read(List::LineComments, Some(mark), vec![words(2, at(900), "")], at(901)).mark;
    // Written a quarter of an hour before it could be seen.
    let sent = Sighting { written: at(10), ..words(1, at(1_000), "@ai-fix x") };
    let found = read(List::LineComments, Some(mark), vec![sent, words(2, at(900), "")], at(1_001));
    assert_eq!(ids(&found), [1]);
    assert!(asks(&found.mark, &found.fresh[0]));
    let edited = Sighting { written: at(900), ..words(2, at(5_000), "@ai-fix y") };
    assert_eq!(ids(&read(List::LineComments, Some(found.mark), vec![edited], at(5_001))), [0; 0]);
    let mark = read(List::LineComments, None, vec![], at(0)).mark;
    let old = Sighting { written: at(-10), ..words(3, at(50), "@ai-fix old") };
    let found = read(List::LineComments, Some(mark), vec![old], at(60));
    assert!(!asks(&found.mark, &found.fresh[0]), "an old comment that was edited");
}

#[test]
fn what_changed_in_the_second_of_the_look_is_looked_at_again() {
    let found = read(List::Issues, None, vec![words(1, at(59), "")], at(60));
    assert!(!found.is_settled && !found.again);
    let found = read(List::Issues, Some(found.mark), vec![words(1, at(59), "")], at(120));
    assert_eq!((ids(&found), found.is_settled), (vec![1], true));
    let mut mark = found.mark.clone();
    assert!(mark.is_news(1, at(50)) && !mark.is_news(1, at(50)) && mark.is_news(1, at(59)));
    let found = read(List::Issues, Some(found.mark), vec![words(1, at(59), "")], at(180));
    assert_eq!(ids(&found), [0; 0]);
}

#[test]
fn after_a_week_away_the_older_is_given_up_and_said() {
    let mark = read(List::Comments, None, vec![], at(0)).mark;
    let now = Timestamp(BEGIN + 30 * DAY);
    let (old, new) = (Timestamp(now.0 - 8 * DAY), Timestamp(now.0 - 6 * DAY));
    let items = vec![words(2, new, "@ai-fix x"), words(1, old, "@ai-fix y")];
    let found = read(List::Comments, Some(mark.clone()), items, now);
    assert_eq!((ids(&found), found.dropped), (vec![2], Some(Timestamp(now.0 - 7 * DAY))));
    let found = read(List::Comments, Some(found.mark), vec![words(2, new, "")], now);
    assert_eq!((ids(&found), found.dropped), (vec![], None));
    // A labelled issue waits as long as it has the label.
    let items = vec![words(2, new, ""), words(1, old, "")];
    assert_eq!(ids(&read(List::Issues, Some(mark), items, now)), [1, 2]);
}

#[test]
fn no_more_than_ten_pages_are_read_and_what_is_behind_them_is_said_to_be_lost() {
    let mark = read(List::Comments, None, vec![], at(0)).mark;
    let mut pass = Pass::begin(List::Comments, Some(mark));
    let mut page = 0;
    while pass.take(vec![words(100 - page, at(1_000 - page as i64), "")], true, at(2_000)) {
        page += 1;
    }
    let found = pass.end();
    assert_eq!((page, found.fresh.len()), (9, 10));
    assert_eq!((found.dropped, found.again), (Some(at(991)), false));
}

#[test]
fn what_is_remembered_has_a_bound() {
    let mut mark = Mark::default();
    for nth in 0..5_000 {
        mark.is_news(nth, at(nth as i64));
    }
    assert_eq!(mark.told.len(), MOST_KNOWN);
    assert!(!mark.is_news(4_999, at(4_999)));
    let mut mark = read(List::LineComments, None, vec![], at(0)).mark;
    for nth in 0..30 {
        let items = (0..100).map(|it| words(nth * 100 + it, at(nth as i64 * 1_000), "")).collect();
        mark = read(List::LineComments, Some(mark), items, at(nth as i64 * 1_000)).mark;
    }
    assert!(mark.seen.len() <= MOST_KNOWN + 100, "{}", mark.seen.len());
}

#[test]
fn only_a_request_under_a_pull_request_becomes_a_task() {
    let mark = read(List::Comments, None, vec![], at(0)).mark;
    let asked = words(5, at(9), "@ai-fix rename calc to total");
    assert!(asks(&mark, &asked));
    for not in [
        Sighting { on_pull: false, ..asked.clone() },
        Sighting { written: at(-1), ..asked.clone() },
        words(5, at(9), "Thank you, @ai-fix"),
        words(5, at(9), "> @ai-fix rename it"),
        words(5, at(9), "@ai-fix done <!-- codingworker:job=0123 -->"),
    ] {
        assert!(!asks(&mark, &not), "{not:?}");
    }
}

#[test]
fn a_labelling_has_one_key_however_often_it_is_seen_and_the_next_one_another() {
    let api: Repository = "acme/api".parse().unwrap();
    let key = |title: &str, labelled: Timestamp, message: &str| {
        let seen = Sighting { title: title.to_owned(), on_pull: false, ..words(7, at(60), "b") };
        let task = issue_task(&api, &seen, "ai-task", labelled);
        intake::task(&task, message).unwrap().key()
    };
    assert_eq!(key("Before", at(1), "a"), key("After an edit", at(1), "b"));
    assert_ne!(key("Same", at(1), "a"), key("Same", at(2), "a"));
    assert_eq!(key("x", at(0), "a"), "issue acme/api#7 2026-11-21T04:20:00Z");
}

#[test]
fn the_longest_comment_fits_and_is_the_task_that_a_workflow_would_send() {
    let api: Repository = "acme/api".parse().unwrap();
    let body = format!("@ai-fix {}", "\u{1}\u{1f41b}".repeat(32_000));
    let comment = CommentRef { kind: CommentKind::Review, id: 5 };
    let message = comment_task(&api, comment, &words(5, at(0), &body));
    let task = intake::task(&message, "a").unwrap();
    assert_eq!(task.key(), crate::domain::task::comment_key(&api, comment));
    assert_eq!((task.thread(), intake::unknown_keys(&message)), (7, vec![]));
}

/// A code host with a list, small pages, and people who write while it is read.
struct Host {
    items: Vec<Sighting>,
    now: i64,
    next: u64,
    size: usize,
}

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write,
    /// Written so many seconds ago, and shown only now.
    ShowLate(i64),
    Edit(usize),
    Delete(usize),
    Wait(i64),
}

impl Host {
    fn does(&mut self, deed: Deed, list: List) {
        let now = at(self.now);
        let count = self.items.len().max(1);
        match deed {
            Deed::Write => self.write(now),
            Deed::ShowLate(seconds) => {
                let late = at(self.now - seconds);
                let newer = self.items.iter().filter(|it| late <= it.at).count();
                // What comes to stand on a later page changes nothing on the first.
                self.write(if newer < self.size - 1 { late } else { now });
            }
            Deed::Edit(nth) => {
                if let Some(it) = self.items.get_mut(nth % count)
                    && list != List::Comments
                {
                    it.at = now;
                }
            }
            Deed::Delete(nth) if !self.items.is_empty() => drop(self.items.remove(nth % count)),
            Deed::Delete(_) => {}
            Deed::Wait(seconds) => self.now += seconds,
        }
    }

    fn write(&mut self, at: Timestamp) {
        self.items.push(words(self.next, at, "@ai-fix x y"));
        self.next += 1;
    }

    /// A page, the newest first; what is of the same second in any order, here by id.
    fn page(&self, number: usize) -> (Vec<Sighting>, bool) {
        let mut all = self.items.clone();
        all.sort_by_key(|it| std::cmp::Reverse((it.at, it.id)));
        let more = number * self.size < all.len();
        (all.into_iter().skip((number - 1) * self.size).take(self.size).collect(), more)
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => Just(Deed::Write),
        2 => prop_oneof![Just(1_i64), Just(30), Just(119)].prop_map(Deed::ShowLate),
        2 => (0_usize..50).prop_map(Deed::Edit),
        1 => (0_usize..50).prop_map(Deed::Delete),
        2 => prop_oneof![Just(0_i64), Just(1), Just(30), Just(3_600)].prop_map(Deed::Wait),
    ]
}

/// What is done between two rounds, and what behind which page of the next.
type Round = (Vec<Deed>, Option<(usize, Deed)>);

/// A mistake in a reading, as what it does to what was found.
type Mistake = (&'static str, fn(&mut Found));

/// What people do before the first look, and then what in each round, and between which pages. More
/// at once than a page holds, and all together less than ten pages.
#[derive(Clone, Debug)]
struct Story {
    list: List,
    size: usize,
    before: Vec<Deed>,
    rounds: Vec<Round>,
}

fn story() -> impl Strategy<Value = Story> {
    let lists = vec![List::Comments, List::LineComments, List::Threads];
    let interruption = prop::option::of((1_usize..4, deed()));
    let rounds = prop::collection::vec((prop::collection::vec(deed(), 0..9), interruption), 1..6);
    (prop::sample::select(lists), 5_usize..8, prop::collection::vec(deed(), 0..6), rounds)
        .prop_map(|(list, size, before, rounds)| Story { list, size, before, rounds })
}

/// Reads the list after each round as whoever looks does, with marks that `spoil` may spoil.
/// Whatever is there in the end and was shown after the first look must be found, and nothing
/// twice.
fn tell(story: Story, spoil: fn(&mut Found)) -> Result<(), TestCaseError> {
    let Story { list, size, before, rounds } = story;
    let mut host = Host { items: Vec::new(), now: 0, next: 1, size };
    before.into_iter().for_each(|it| host.does(it, list));
    host.now += 1;
    let (mut mark, mut etag, mut found, old) = (None, None, Vec::new(), host.next);
    let quiet = (Vec::new(), None);
    let first = std::iter::once(quiet.clone());
    for (deeds, mut interruption) in first.chain(rounds).chain([quiet.clone(), quiet]) {
        deeds.into_iter().for_each(|it| host.does(it, list));
        // A spoiled mark may want to be read again for ever.
        for _ in 0..20 {
            let (first, _) = host.page(1);
            if etag.as_ref() == Some(&first) {
                break;
            }
            let mut pass = Pass::begin(list, mark.clone());
            for number in 1.. {
                let (items, more) = host.page(number);
                if !pass.take(items, more, at(host.now)) {
                    break;
                }
                if let Some((_, deed)) = interruption.take_if(|it| it.0 == number) {
                    host.does(deed, list);
                }
            }
            let mut end = pass.end();
            prop_assert_eq!(end.dropped, None);
            spoil(&mut end);
            found.extend(end.fresh.iter().map(|it| (it.id, it.at)));
            mark = Some(end.mark);
            etag = end.is_settled.then_some(first);
            if !end.again {
                break;
            }
        }
        host.now += 10;
    }
    for it in host.items.iter().filter(|it| old <= it.id) {
        prop_assert!(found.iter().any(|(id, _)| *id == it.id), "lost {:?}", it);
        let is_seen = list != List::Threads || found.contains(&(it.id, it.at));
        prop_assert!(is_seen, "a change was lost: {:?}", it);
    }
    if list != List::Threads {
        let mut once: Vec<u64> = found.iter().map(|(id, _)| *id).collect();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), found.len());
    }
    Ok(())
}

fn newest(mark: &Mark) -> Timestamp {
    mark.seen.values().copied().fold(mark.floor, Timestamp::max)
}

/// The positive control: the property finds each of these mistakes. The same stories each time.
#[test]
fn a_reading_with_a_mistake_in_it_is_found_out() {
    use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
    let mistakes: [Mistake; 4] = [
        ("no overlap", |it| it.mark.floor = newest(&it.mark)),
        ("what is as old as the floor is seen", |it| {
            it.mark.floor = Timestamp(it.mark.floor.0 + 120_001);
        }),
        ("what was seen is forgotten", |it| it.mark.seen.clear()),
        ("the last of the new is not passed on", |it| drop(it.fresh.pop())),
    ];
    for (name, mistake) in mistakes {
        let config = Config {
            cases: 3_000,
            max_shrink_iters: 0,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let ran = TestRunner::new_with_rng(config, rng).run(&story(), |it| tell(it, mistake));
        assert!(matches!(ran, Err(TestError::Fail(..))), "{name}: {ran:?}");
    }
}

/// The same, for one that few stories show: what is new fills more than a page, and while it is
/// read one of the first page goes.
#[test]
fn a_list_that_moved_while_it_was_read_has_to_be_read_again() {
    let story = || Story {
        list: List::Comments,
        size: 5,
        before: Vec::new(),
        rounds: vec![([Deed::Write, Deed::Wait(30)].repeat(8), Some((1, Deed::Delete(7))))],
    };
    assert!(tell(story(), |_| ()).is_ok());
    let once: fn(&mut Found) = |it| {
        if std::mem::take(&mut it.again) {
            it.is_settled = true;
            it.mark.floor = Timestamp(newest(&it.mark).0 - 120_000);
        }
    };
    assert!(tell(story(), once).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Deeds happen between rounds, and one between two pages.
    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(story in story()) {
        tell(story, |_| ())?;
    }

    #[test]
    fn a_mark_survives_the_database(since in any::<i64>(), id in any::<u64>()) {
        let mut mark = Mark { since: Timestamp(since), ..Mark::default() };
        mark.seen.insert(id, Timestamp(since));
        let text = serde_json::to_string(&mark).unwrap();
        prop_assert_eq!(serde_json::from_str::<Mark>(&text).unwrap(), mark);
    }
}
