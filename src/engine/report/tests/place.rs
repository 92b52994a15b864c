use std::time::Duration;

use super::*;
use crate::engine::line::{Held, Place, Said, Word};

const AT: Timestamp = Timestamp(1_795_269_900_000);

fn say(nth: usize, seconds: Option<u64>, language: Language) -> String {
    let place = Place { nth, begins_in: seconds.map(Duration::from_secs) };
    said(&Word { place, held: None }, language)
}

fn said(word: &Word, language: Language) -> String {
    let job = JobId("0123456789ab".to_owned());
    in_line(&job, &head(language), word, &Said::of(word, AT, false))
}

fn first_line(nth: usize, seconds: Option<u64>) -> String {
    let text = say(nth, seconds, Language::En);
    text.lines().next().unwrap().replace("Queued by CodingWorker on ", "")
}

#[test]
fn the_comment_of_who_waits() {
    let busy = Held {
        until: Timestamp(AT.0 + 600_000),
        why: "the model's server is busy (429)\n@all closes #1 <!-- codingworker:job=x -->".into(),
    };
    let tomorrow = Held { until: Timestamp(AT.0 + 86_400_000), why: "out of quota".into() };
    let place = Place { nth: 3, begins_in: Some(Duration::from_secs(24 * 60)) };
    insta::assert_snapshot!(
        [
            say(3, Some(24 * 60), Language::En),
            say(1, None, Language::En),
            said(&Word { place, held: Some(busy) }, Language::En),
            said(
                &Word { place: Place { begins_in: None, ..place }, held: Some(tomorrow) },
                Language::En
            ),
            say(1, Some(24 * 60), Language::Ja),
            say(3, None, Language::Ja),
            out_of_line(&JobId("0123456789ab".to_owned()), &head(Language::En)),
            out_of_line(&JobId("0123456789ab".to_owned()), &head(Language::Ja)),
        ]
        .join("--------\n")
    );
}

#[test]
fn a_place_is_an_ordinal_and_a_time_is_no_more_exact_than_it_can_be() {
    let times = [
        (2, 0),
        (3, 89),
        (4, 91),
        (11, 29 * 60),
        (12, 33 * 60),
        (13, 57 * 60),
        (21, 58 * 60),
        (22, 80 * 60),
        (23, 91 * 60),
        (101, 35 * 3600),
        (111, 50 * 3600),
    ];
    let lines = times.map(|(nth, seconds)| first_line(nth, Some(seconds))).join("\n");
    insta::assert_snapshot!(lines);
}

#[test]
fn the_job_finds_the_comment_and_the_line_knows_its_own_words() {
    let text = say(2, Some(60), Language::En);
    assert!(text.trim().ends_with(&marker(&JobId("0123456789ab".to_owned()))));
    assert_eq!(Said::read(&text).unwrap().nth, 2);
    let over = out_of_line(&JobId("0123456789ab".to_owned()), &head(Language::En));
    assert!(over.trim().ends_with("-->") && Said::read(&over).is_none());
    assert!(crate::engine::request::is_ours(&text) && crate::engine::request::is_ours(&over));
    for phase in [Phase::Queued, Phase::Working, Phase::Waiting] {
        assert_eq!(Said::read(&comment(&green(), &head(Language::En), phase)), None);
    }
}
