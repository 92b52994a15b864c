use std::cmp::Ordering;
use verpick::{latest, sort, Version};

fn version(text: &str) -> Version {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn ascending(texts: &[&str]) {
    for (i, a) in texts.iter().enumerate() {
        for (j, b) in texts.iter().enumerate() {
            assert_eq!(version(a).cmp(&version(b)), i.cmp(&j), "{a} and {b}");
        }
    }
    let mut backwards: Vec<Version> = texts.iter().rev().map(|text| version(text)).collect();
    sort(&mut backwards);
    assert_eq!(backwards.iter().map(Version::to_string).collect::<Vec<_>>(), texts);
}

#[test]
fn the_chain_of_the_specification() {
    ascending(&[
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
    ]);
}

#[test]
fn release_candidates() {
    ascending(&[
        "2.0.0-rc.1",
        "2.0.0-rc.2",
        "2.0.0-rc.9",
        "2.0.0-rc.10",
        "v2.0.0-rc.100",
        "2.0.0",
        "2.0.1-rc.1",
    ]);
    let all: Vec<Version> =
        ["2.0.0-rc.9", "2.0.0-rc.10", "1.0.0"].iter().map(|text| version(text)).collect();
    assert_eq!(latest(&all, true).unwrap().to_string(), "2.0.0-rc.10");
    assert_eq!(latest(&all, false).unwrap().to_string(), "1.0.0");
}

#[test]
fn numbers_before_words_and_short_before_long() {
    ascending(&[
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-10.a",
        "1.0.0-10a",
        "1.0.0-a",
        "1.0.0-a.9",
        "1.0.0-a.10",
        "1.0.0-a.10.0",
        "1.0.0-a.b",
        "1.0.0-a-b",
        "1.0.0-rc10",
        "1.0.0-rc9",
    ]);
}

#[test]
fn equal() {
    assert_eq!(version("1.0.0-rc.1+x").cmp(&version("v1.0.0-rc.1+y")), Ordering::Equal);
}
