//! Examples that an issue gives in words ("20 entries on 10 per page are 2 pages"), as a model wrote
//! them down. It may have made something up: a line counts only where every value in it stands in
//! the issue, where the model says the same each time, and, later, where the base gives what the
//! issue says that it gives. What it says once counts where the base fails with the very error that
//! the issue quotes.

use super::block;
use super::place::{Function, Places};
use super::value::{Call, Value};
use super::{Claim, Result};
use crate::domain::example::{Example, Language, Source, Tried, Verdict};
use crate::engine::aim::{Aims, Place};
use crate::engine::source::SourceFile;
use crate::engine::splice::code;

/// How many of the places that an issue points at are looked at for a function that can be called.
const PLACES: usize = 3;
/// Of how many of them it is read.
const SUBJECTS: usize = 2;
/// How close the second has to come to the first.
const CLOSE: f64 = 0.5;
const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];
/// Words for what has nothing in it.
const EMPTY: [&str; 4] = ["empty", "blank", "nothing", "空"];

/// The functions that an issue is most likely about and that can be called by their names: the
/// first, and a second one for which about as much speaks.
pub fn subjects(aims: &Aims, sources: &[SourceFile<'_>]) -> Vec<(Place, Language)> {
    let places = Places::of(sources);
    let callable = aims.places.iter().take(PLACES).filter_map(|place| {
        let found = function(&places, &place.name).filter(|it| it.path == place.path)?;
        Some((place.clone(), found.language))
    });
    let all: Vec<(Place, Language)> = callable.take(SUBJECTS).collect();
    let most = all.first().map_or(0.0, |(it, _)| it.score);
    all.into_iter().filter(|(it, _)| it.score >= most * CLOSE).collect()
}

fn function<'p>(places: &'p Places<'_>, name: &str) -> Option<&'p Function> {
    let (name, scope) = (name.to_owned(), Vec::new());
    places.find(&Call { scope, name, args: Vec::new(), named: Vec::new() }, "", "")
}

/// The examples of the function `name` that all `replies` have and that the issue bears out.
pub fn worded(
    issue: &str,
    name: &str,
    replies: &[String],
    sources: &[SourceFile<'_>],
) -> Vec<Example> {
    let all = read(issue, name, replies, sources);
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let sure = |it: &&Example| {
        let agrees = |other: &Vec<Example>| {
            other.contains(it) && !other.iter().any(|other| rival(it, other))
        };
        others.iter().all(agrees)
    };
    listed(first.iter().filter(sure))
}

/// Those that a reply has and another one lacks, but has nothing against.
pub fn said_once(
    issue: &str,
    name: &str,
    replies: &[String],
    sources: &[SourceFile<'_>],
) -> Vec<Example> {
    let all = read(issue, name, replies, sources);
    let said = |it: &&Example| !all.iter().flatten().any(|other| rival(it, other));
    let once = |it: &&Example| !all.iter().all(|reply| reply.contains(it));
    listed(all.iter().flatten().filter(said).filter(once))
}

/// What the replies say of the function `name` that the issue bears out.
fn read(
    issue: &str,
    name: &str,
    replies: &[String],
    sources: &[SourceFile<'_>],
) -> Vec<Vec<Example>> {
    let places = Places::of(sources);
    let told = Told::of(issue);
    let read = |reply: &String| {
        let code = code(reply).unwrap_or_default();
        let lines: Vec<&str> = code.lines().collect();
        let mut claims = block::claims(&lines, &|it| it == name);
        claims.extend(lines.iter().filter_map(|it| raised(it)));
        let about = claims.iter().filter(|it| it.call.name == name && told.has_claim(it));
        about.filter_map(|it| super::example(it, issue, &places, false)).collect()
    };
    replies.iter().map(read).collect()
}

/// Whether the same call is to give something else.
fn rival(one: &Example, other: &Example) -> bool {
    one.call == other.call && one.expected != other.expected
}

/// Each call once, and not too many of them.
fn listed<'e>(examples: impl Iterator<Item = &'e Example>) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    for example in examples {
        if !found.iter().any(|it| it.call == example.call) {
            found.push(Example { source: Source::Worded, ..example.clone() });
        }
    }
    found.truncate(super::MOST);
    found
}

/// `assert half("x") == ValueError`: no value, and plain all the same.
fn raised(line: &str) -> Option<Claim> {
    let (Value::Call(call), rest) = Value::begins(line.trim().strip_prefix("assert ")?)? else {
        return None;
    };
    let error = rest.trim().strip_prefix("==")?.trim();
    let wanted = super::is_error(error).then(|| Result::Raises(error.to_owned()))?;
    Some(Claim { wanted: Some(wanted), ..Claim::about(call) })
}

/// Those of `tried`, on the base, that fail for the reason that the issue gives: it names what they
/// give there. And those that hold there: what is right today has to stay.
pub fn borne_out(tried: Vec<Tried>, issue: &str) -> Vec<Tried> {
    let told = Told::of(issue);
    let is_known = |it: &Tried| match &it.verdict {
        Verdict::Gives { what, as_said: true } => told.has_result(what),
        verdict => *verdict == Verdict::Holds,
    };
    tried.into_iter().filter(is_known).collect()
}

/// Those of `tried`, on the base, that fail with an error that the issue quotes, with its message.
/// Nobody guesses that.
pub fn quoted(tried: Vec<Tried>, issue: &str) -> Vec<Tried> {
    let is_quoted = |it: &Tried| match &it.verdict {
        Verdict::Gives { what, as_said: true } => {
            let error = ["raises ", "throws "].iter().find_map(|it| what.strip_prefix(it));
            // What follows in brackets differs between versions of a language.
            let error = error.and_then(|it| it.split(" (").next()).unwrap_or_default();
            let told = error.split_once(": ").is_some_and(|(_, message)| !message.is_empty());
            told && issue.contains(error)
        }
        _ => false,
    };
    tried.into_iter().filter(is_quoted).collect()
}

/// What an issue says, for looking values up.
struct Told<'a> {
    issue: &'a str,
    lower: String,
    numbers: Vec<&'a str>,
}

impl<'a> Told<'a> {
    fn of(issue: &'a str) -> Self {
        let number = |it: char| it.is_ascii_digit() || it == '.';
        let numbers = issue.split(|it| !number(it)).map(|it| it.trim_matches('.'));
        let numbers = numbers.filter(|it| !it.is_empty()).collect();
        Self { issue, lower: issue.to_lowercase(), numbers }
    }

    fn has_claim(&self, claim: &Claim) -> bool {
        let args = claim.call.args.iter().chain(claim.call.named.iter().map(|(_, it)| it));
        let wanted = match &claim.wanted {
            Some(Result::Value(it)) => self.has(it),
            Some(Result::Raises(error)) => self.issue.contains(error.as_str()),
            _ => false,
        };
        wanted && !claim.call.args.is_empty() && args.into_iter().all(|it| self.has(it))
    }

    fn has(&self, value: &Value) -> bool {
        let empty = || EMPTY.iter().any(|it| self.lower.contains(it));
        match value {
            Value::Null | Value::Word(_) | Value::Bool(_) => true,
            Value::Number(it) => self.has_number(it),
            Value::Text(it, _) if it.is_empty() => empty(),
            Value::Text(it, _) => self.issue.contains(it.as_str()),
            Value::List(all) | Value::Vector(all) | Value::Tuple(all) | Value::Set(all) => {
                (!all.is_empty() || empty()) && all.iter().all(|it| self.has(it))
            }
            Value::Map(all) => all.iter().all(|(key, it)| {
                // Keys are the project's; a bare one is no text of anybody's.
                !matches!(key, Value::Call(_)) && self.has(it)
            }),
            Value::Borrowed(it) | Value::Wrapped(_, it) => self.has(it),
            // What makes a value of others: whether it is the project's is seen later.
            Value::Call(it) => {
                let named = it.named.iter().map(|(_, it)| it);
                it.args.iter().chain(named).all(|it| self.has(it))
            }
        }
    }

    fn has_number(&self, number: &str) -> bool {
        let plain = number.trim_start_matches('-');
        let whole = plain.strip_suffix(".0").unwrap_or(plain);
        let word = whole.parse().ok().and_then(|it: usize| NUMBERS.get(it));
        let mut words = self.lower.split(|it: char| !it.is_alphabetic());
        self.numbers.contains(&plain)
            || self.numbers.contains(&whole)
            || word.is_some_and(|word| words.any(|it| it == *word))
    }

    /// `3`, `'a'`, `ValueError: …`, as a base gave it.
    fn has_result(&self, what: &str) -> bool {
        let plain = what.trim().trim_matches(['"', '\'']);
        match Value::of(plain) {
            Some(Value::Number(it)) => self.has_number(&it),
            _ => {
                let name = plain.split(':').next().unwrap_or(plain).trim();
                !name.is_empty() && self.issue.contains(name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::example::Expected;

    const PAGES: &str = "def total_pages(count, per_page):\n    return count // per_page + 1\n";
    const ISSUE: &str = "Empty last page\nWith exactly 20 entries and 10 per page the listing says \
                         \"page 1 of 3\". Expected: 20 entries -> 2 pages, 10 entries are one page. \
                         An empty list is one page.";

    fn sources() -> [SourceFile<'static>; 1] {
        [SourceFile { path: "pages.py", text: PAGES }]
    }

    fn calls(replies: &[&str]) -> Vec<String> {
        let replies: Vec<String> =
            replies.iter().map(|it| format!("```python\n{it}\n```")).collect();
        let found = worded(ISSUE, "total_pages", &replies, &sources());
        assert!(found.iter().all(|it| it.source == Source::Worded && it.path == "pages.py"));
        found.into_iter().map(|it| format!("{} {}", it.call, it.expected.words())).collect()
    }

    #[test]
    fn what_the_model_says_each_time_and_the_issue_bears_out_is_an_example() {
        let one = "assert total_pages(20, 10) == 2\nassert total_pages(10, 10) == 1";
        assert_eq!(calls(&[one, one]), ["total_pages(20, 10) 2", "total_pages(10, 10) 1"]);
        assert_eq!(calls(&[one, "assert total_pages(20, 10) == 2"]), ["total_pages(20, 10) 2"]);
    }

    #[test]
    fn what_it_makes_up_or_contradicts_is_none() {
        let one = "assert total_pages(20, 10) == 2";
        assert!(
            calls(&["assert total_pages(40, 10) == 2", "assert total_pages(40, 10) == 2"])
                .is_empty()
        );
        assert!(
            calls(&["assert total_pages(20, 10) == 7", "assert total_pages(20, 10) == 7"])
                .is_empty()
        );
        assert!(calls(&[one, "assert total_pages(20, 10) == 3"]).is_empty());
        assert!(calls(&[one, &format!("{one}\nassert total_pages(20, 10) == 3")]).is_empty());
        assert!(calls(&[one, "I cannot say."]).is_empty());
        assert!(calls(&["assert other(20, 10) == 2", "assert other(20, 10) == 2"]).is_empty());
        assert!(calls(&["import os; os.remove('20')", "import os; os.remove('20')"]).is_empty());
        assert!(calls(&[]).is_empty());
    }

    #[test]
    fn values_of_the_projects_own_classes_and_errors_are_understood() {
        let text = "from decimal import Decimal\n\n\nclass Item:\n    pass\n\n\ndef read(text):\n    return text\n";
        let sources = [SourceFile { path: "read.py", text }];
        let issue = "Reading breaks\nA line `a,1.5` gives ValueError, it is an item a of 1.5. And `b` alone is a KeyError.";
        let read = |line: &str| {
            let replies = [line, line].map(|it| format!("```python\n{it}\n```"));
            let found = worded(issue, "read", &replies, &sources);
            found.into_iter().map(|it| it.expected.words()).collect::<Vec<_>>()
        };
        let item = r#"assert read("a,1.5") == [Item("a", Decimal("1.5"))]"#;
        assert_eq!(read(item), [r#"[Item("a", Decimal("1.5"))]"#]);
        assert_eq!(read(r#"assert read("b") == KeyError"#), ["raises KeyError"]);
        for other in [
            r#"assert read("a,1.5") == [Thing("a")]"#,
            r#"assert read("a,1.5") == [Item("c")]"#,
            r#"assert read("b") == TypeError"#,
            r#"assert read(open("a,1.5")) == "a""#,
        ] {
            assert_eq!(read(other), [""; 0], "{other}");
        }
    }

    #[test]
    fn it_counts_where_the_base_gives_what_the_issue_says() {
        let tried = |what: &str| Tried {
            example: Example {
                language: Language::Python,
                path: "pages.py".to_owned(),
                call: "total_pages(20, 10)".to_owned(),
                expected: Expected::Value("2".to_owned()),
                given: None,
                source: Source::Worded,
            },
            verdict: Verdict::Gives { what: what.to_owned(), as_said: true },
        };
        for (what, counts) in [
            ("3", true),
            ("3.0", true),
            ("5", false),
            ("'page 1 of 3'", true),
            ("TypeError: x", false),
        ] {
            assert_eq!(borne_out(vec![tried(what)], ISSUE).len(), usize::from(counts), "{what}");
        }
        let holds = Tried { verdict: Verdict::Holds, ..tried("3") };
        assert_eq!(borne_out(vec![holds], ISSUE).len(), 1);
        let unknown = Verdict::Unknown { why: "3".to_owned() };
        assert!(borne_out(vec![Tried { verdict: unknown, ..tried("3") }], ISSUE).is_empty());
    }

    #[test]
    fn what_it_says_once_counts_where_the_base_fails_as_the_issue_quotes() {
        let said = |replies: &[&str]| {
            let replies: Vec<String> =
                replies.iter().map(|it| format!("```python\n{it}\n```")).collect();
            let found = said_once(ISSUE, "total_pages", &replies, &sources());
            found.into_iter().map(|it| it.expected.words()).collect::<Vec<_>>()
        };
        let one = "assert total_pages(20, 10) == 2";
        assert_eq!(said(&[one, "I cannot say."]), ["2"]);
        assert_eq!(said(&["", one]), ["2"]);
        assert_eq!(said(&[one, one]), [""; 0], "it says so twice: that is another matter");
        assert_eq!(said(&[one, "assert total_pages(20, 10) == 3"]), [""; 0]);

        let issue = "It ends in `ValueError: too many values to unpack`, or a KeyError.";
        let counts = |what: &str| {
            let verdict = Verdict::Gives { what: what.to_owned(), as_said: true };
            let example = worded(
                ISSUE,
                "total_pages",
                &[one].map(|it| format!("```\n{it}\n```")),
                &sources(),
            );
            let tried = Tried { example: example[0].clone(), verdict };
            !quoted(vec![tried], issue).is_empty()
        };
        assert!(counts("raises ValueError: too many values to unpack (expected 3)"));
        assert!(counts("throws ValueError: too many values to unpack"));
        assert!(!counts("raises ValueError: not enough values to unpack"));
        assert!(!counts("raises KeyError: "));
        assert!(!counts("raises KeyError"), "its name alone is guessed easily");
        assert!(!counts("ValueError: too many values to unpack"), "it is a text that it gave");
    }

    #[test]
    fn the_subject_is_the_best_place_that_can_be_called() {
        let text = format!("{PAGES}\n\nclass Listing:\n    def show(self):\n        return 1\n");
        let sources = [SourceFile { path: "pages.py", text: &text }];
        let aims =
            crate::engine::aim::aims("`Listing.show` is wrong for the total of pages", &sources);
        assert_eq!(aims.places[0].name, "show");
        let (place, language) = subjects(&aims, &sources).swap_remove(0);
        assert_eq!((place.name.as_str(), language), ("total_pages", Language::Python));
        assert_eq!(subjects(&Aims::default(), &sources), []);
    }
}
