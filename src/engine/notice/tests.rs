use std::time::Duration;

use super::*;
use crate::domain::change::{Change, ObjectId, PullRequest};
use crate::domain::job::{
    Event, Failure, Fault, JobId, Record, Refusal, Request, Tokens, Told, Turn, TurnOutcome,
};
use crate::domain::task::{Origin, Task};

const EN: Language = Language::En;

fn story(title: &str, outcome: Outcome) -> Story {
    let task = Task {
        repository: "acme/calc".parse().unwrap(),
        origin: Origin::Issue { number: 7 },
        title: title.to_owned(),
        body: String::new(),
        labels: Vec::new(),
        body_sha256: None,
        asking: String::new(),
    };
    let record = |event| Record { at: Timestamp(1_000), took_ms: 0, event };
    let records = vec![record(Event::Ended(outcome)), record(Event::Closed)];
    Story { job: JobId("0123456789ab".to_owned()), task, records }
}

fn teller(language: Language) -> Teller<'static> {
    Teller { worker: "mbp-001", language, at: Timestamp(5_000), site: "https://github.com" }
}

fn broke(message: &str) -> Outcome {
    Outcome::Broke(Failure::new(Fault::Permanent, message))
}

fn pull(number: u64) -> PullRequest {
    let url = format!("https://github.com/acme/calc/pull/{number}");
    PullRequest { number, url, draft: false }
}

fn told(title: &str, outcome: Outcome) -> Notice {
    notice(&Happening::JobOver(&story(title, outcome)), &teller(EN)).unwrap()
}

fn plain(notice: &Notice, language: Language) -> String {
    text(notice, None, language, &inert::plain, &inert::plain)
}

/// What strangers may write into a title to call people, to lead them astray or to give orders.
const HOSTILE: [&str; 14] = [
    "@everyone look",
    "@here and @channel",
    "<!channel> <!here> <!everyone>",
    "<@U012AB3CD> <@&123> <#C012>",
    "<https://evil.example|your bank>",
    "[your bank](https://evil.example)",
    "**bold** __x__ `code` ||spoiler|| > quote",
    "\u{1b}]52;c;eA==\u{7}\u{1b}[2J",
    "a\r\nBcc: victim@example.org\r\n\r\nbody",
    "abc\u{202e}gnp.exe",
    "<b onmouseover=x>&lt;</b>",
    "{title} {reason} {url}",
    "＠everyone",
    "```\nclosed\n```@everyone",
];

#[test]
fn each_outcome_is_told_as_what_it_is_to_people() {
    let change = || Change { branch: "ai/issue-7".to_owned(), commit: ObjectId("c".repeat(40)) };
    let refusal = Refusal { reason: "Who?".to_owned(), told: Told::Nobody };
    for (outcome, kind) in [
        (Outcome::Ready(pull(8)), Some(Kind::Success)),
        (Outcome::Updated { change: change(), ready: true }, Some(Kind::Success)),
        (Outcome::Updated { change: change(), ready: false }, Some(Kind::Incomplete)),
        (Outcome::Incomplete(pull(8)), Some(Kind::Incomplete)),
        (Outcome::Unproven(pull(8)), Some(Kind::Success)),
        (Outcome::BranchOnly(change()), Some(Kind::Incomplete)),
        (Outcome::GaveUp, Some(Kind::Failure)),
        (Outcome::NothingToChange, Some(Kind::Failure)),
        (Outcome::Stopped(vec!["A token.".to_owned()]), Some(Kind::Failure)),
        (Outcome::Clashed { files: vec![], why: "it moved".to_owned() }, Some(Kind::Failure)),
        (broke("no disk"), Some(Kind::Failure)),
        (Outcome::Refused(refusal), Some(Kind::Refused)),
        (Outcome::Joined(JobId("b".to_owned())), None),
        (Outcome::Cancelled, None),
    ] {
        for language in [Language::En, Language::Ja] {
            let story = story("A title", outcome.clone());
            let notice = notice(&Happening::JobOver(&story), &teller(language));
            assert_eq!(notice.as_ref().map(|it| it.kind), kind, "{outcome:?}");
            assert!(notice.is_none_or(|it| !it.outcome.is_empty() && !it.url.is_empty()));
        }
    }
}

#[test]
fn a_failure_says_where_what_and_why_in_both_languages() {
    let notice = told("add() subtracts", broke("The disk is full: free some space."));
    insta::assert_snapshot!(plain(&notice, EN), @r"
    acme/calc#7: could not be done
    add() subtracts
    The disk is full: free some space.
    https://github.com/acme/calc/issues/7
    Job 0123456789ab on mbp-001
    ");
    let story = story("add() subtracts", Outcome::Ready(pull(8)));
    let notice = super::notice(&Happening::JobOver(&story), &teller(Language::Ja)).unwrap();
    insta::assert_snapshot!(plain(&notice, Language::Ja), @r"
    acme/calc#7: プルリクエスト #8 をレビューできます
    add() subtracts
    https://github.com/acme/calc/pull/8
    ");
    assert_eq!(
        headline(&notice, EN),
        "acme/calc#7: プルリクエスト #8 をレビューできます: add() subtracts"
    );
}

#[test]
fn everything_else_has_words_too_in_both_languages() {
    let since = Timestamp(0);
    let held = vec![told("one", broke("x")); 12];
    for language in [Language::En, Language::Ja] {
        for happening in [
            Happening::Buried { message: "m-1", reason: "no JSON" },
            Happening::Stopped { told_to: true },
            Happening::Stopped { told_to: false },
            Happening::StartedAgain { seen: since },
            Happening::ModelUnreachable { why: "Ollama does not answer", since },
            Happening::ModelBack { since },
            Happening::Test { channel: "team" },
            Happening::Held(&held),
        ] {
            let notice = notice(&happening, &teller(language)).unwrap();
            let text = plain(&notice, language);
            assert!(text.contains("mbp-001") && !text.contains('{'), "{happening:?}: {text}");
            assert!(!headline(&notice, language).is_empty());
        }
    }
    let summary = notice(&Happening::Held(&held), &teller(EN)).unwrap();
    let text = plain(&summary, EN);
    assert!(text.contains("failure × 12") && text.ends_with("· and 2 more"), "{text}");
}

#[test]
fn who_asked_for_what_is_told_that_and_nothing_else() {
    let (kinds, mine) = ([Kind::Failure], ["ACME/Calc".parse().unwrap()]);
    let failure = told("t", broke("x"));
    assert!(is_wanted(&failure, &kinds, &[]) && is_wanted(&failure, &kinds, &mine));
    assert!(!is_wanted(&failure, &[Kind::Success], &[]));
    assert!(!is_wanted(&failure, &kinds, &["acme/other".parse().unwrap()]));
    let stopped = notice(&Happening::Stopped { told_to: true }, &teller(EN)).unwrap();
    assert!(is_wanted(&stopped, &[Kind::WorkerStopped], &mine), "it is about all repositories");
    let test = notice(&Happening::Test { channel: "a" }, &teller(EN)).unwrap();
    assert!(is_wanted(&test, &[], &mine));
    assert!(Kind::USUAL.iter().all(|it| Kind::CHOICE.iter().any(|(_, choice)| choice == it)));
}

#[test]
fn a_template_is_the_operators_words_with_places_and_nothing_else_is_a_place() {
    let notice = told("add {reason}", broke("x"));
    let fill = |text: &str| {
        let template = Template::parse(text).unwrap();
        assert_eq!(Template::parse(&template.source()), Ok(template.clone()));
        super::text(&notice, Some(&template), EN, &inert::plain, &inert::plain)
    };
    assert_eq!(fill("{{{issue}}} {title}"), "{7} add {reason}", "a title has no places");
    assert_eq!(fill("{event} {repository} {job}"), "failure acme/calc 0123456789ab");
    assert_eq!(
        fill("{thread} by {worker} at {at}"),
        "acme/calc#7 by mbp-001 at 1970-01-01T00:00:05Z"
    );
    for place in Template::places() {
        assert!(!fill(&format!("{{{place}}}")).is_empty(), "{place}");
    }
    for (bad, says) in [
        ("{titel}", "`{titel}` is no place: there are event, "),
        ("{", "a `{` that belongs to no place"),
        ("a } b", "a `}` that belongs"),
        ("{title", "a `{`"),
        ("{}", "`{}` is no place"),
    ] {
        let error = Template::parse(bad).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    assert!(Template::parse(&"x".repeat(2_001)).is_err());
    // A line without anything to say is left out.
    let stopped = super::notice(&Happening::Stopped { told_to: true }, &teller(EN)).unwrap();
    let template = Template::parse("{event}\n{url}\n{repository} {issue}").unwrap();
    let text = super::text(&stopped, Some(&template), EN, &inert::plain, &inert::plain);
    assert_eq!(text, "worker_stopped");
}

#[test]
fn no_title_calls_anybody_in_slack() {
    for title in HOSTILE {
        let notice = told(title, broke(title));
        let text = text(&notice, None, EN, &inert::slack, &inert::slack_link);
        let left = text.replace("<https://github.com/acme/calc/issues/7>", "");
        assert!(!left.contains(['<', '>']), "{left}");
        for word in ["@everyone", "@here", "@channel", "＠everyone"] {
            assert!(!left.contains(word), "{left}");
        }
    }
    assert_eq!(inert::slack("a & <b>"), "a &amp; &lt;b&gt;");
}

#[test]
fn no_title_is_markdown_in_discord() {
    for title in HOSTILE {
        let notice = told(title, broke(title));
        let text = text(&notice, None, EN, &inert::discord, &inert::discord_link);
        let left = text.replace("<https://github.com/acme/calc/issues/7>", "");
        let mut chars = left.chars();
        while let Some(it) = chars.next() {
            // What is of our own template besides is a colon and a line's end.
            match it {
                '\\' => drop(chars.next()),
                it => {
                    assert!(!it.is_ascii_punctuation() || it == ':' || it == '#', "{it} in {left}")
                }
            }
        }
        assert!(!left.contains("@everyone") && !left.contains("@here"), "{left}");
    }
}

#[test]
fn no_title_has_a_second_line_a_control_character_or_a_hidden_order() {
    for title in HOSTILE {
        let notice = told(title, broke(title));
        for text in [&notice.title, &notice.reason, &headline(&notice, EN)] {
            let bad = |it: char| it.is_control() || ('\u{202a}'..='\u{202e}').contains(&it);
            assert!(!text.chars().any(bad), "{text:?}");
        }
    }
    assert_eq!(inert::mail("see https://evil.example"), "see https[:]//evil.example");
    assert_eq!(inert::desktop("<a href=x>"), "&lt;a href=x&gt;");
}

#[test]
fn only_a_plain_address_is_a_link() {
    for bad in ["javascript:x", "https://a|b", "https://a>b", "https://a b", "https://a)", "", "x"]
    {
        assert!(!inert::is_plain_address(bad), "{bad}");
        assert!(!inert::slack_link(bad).contains('<'), "{bad}");
    }
    assert_eq!(inert::discord_link("https://a.example/b"), "<https://a.example/b>");
}

#[test]
fn long_words_are_cut() {
    let notice = told(&"t".repeat(5_000), broke(&"r".repeat(50_000)));
    assert_eq!((notice.title.chars().count(), notice.reason.chars().count()), (200, 600));
    assert!(text(&notice, None, EN, &inert::discord, &inert::discord_link).len() < 2_000);
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!((cut("abcd", 3), cut("\\\\\\.", 3)), ("ab…".to_owned(), "…".to_owned()));
}

#[test]
fn a_model_that_is_away_is_told_of_once_and_so_is_its_return() {
    let quiet = Duration::from_secs(120);
    let record = |at, event| Record { at: Timestamp(at), took_ms: 0, event };
    let away = |at| record(at, Event::Failed(Failure::new(Fault::ModelAway, "no answer")));
    let turn = Turn {
        request: Request::Implement,
        model: "m".to_owned(),
        rung: 0,
        attempt: 0,
        outcome: TurnOutcome::NoChange,
        tree: ObjectId("t".repeat(40)),
        files: Vec::new(),
        calls: 1,
        tokens: Tokens::default(),
        left_out: Vec::new(),
        agent: "aider".to_owned(),
        examples: Vec::new(),
        mutations: Vec::new(),
    };
    let mut watch = ModelWatch::default();
    assert_eq!((watch.look_at(quiet), watch.due(Timestamp(1_000_000), quiet)), (None, None));
    assert_eq!(watch.heard(&away(1_000)), None);
    assert_eq!(watch.heard(&away(90_000)), None);
    assert_eq!(watch.look_at(quiet), Some(Timestamp(121_000)));
    assert_eq!(watch.due(Timestamp(120_999), quiet), None);
    // It survives a restart.
    let mut watch: ModelWatch =
        serde_json::from_str(&serde_json::to_string(&watch).unwrap()).unwrap();
    let word = ModelWord::Unreachable { why: "no answer".to_owned(), since: Timestamp(1_000) };
    assert_eq!(watch.due(Timestamp(121_000), quiet), Some(word));
    assert_eq!((watch.due(Timestamp(999_000), quiet), watch.look_at(quiet)), (None, None));
    assert_eq!(watch.heard(&away(200_000)), None);
    assert_eq!(watch.heard(&record(200_500, Event::Rested)), None);
    let answered = record(300_000, Event::Attempted(turn));
    assert_eq!(watch.heard(&answered), Some(ModelWord::Back { since: Timestamp(1_000) }));
    assert_eq!(watch.heard(&answered), None);
    // One that is back before anybody was told is nobody's business.
    assert_eq!((watch.heard(&away(400_000)), watch.heard(&answered)), (None, None));
}
