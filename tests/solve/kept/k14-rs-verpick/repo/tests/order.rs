use verpick::{latest, sort, Version};

fn versions(text: &str) -> Vec<Version> {
    text.split(' ').map(|word| word.parse().unwrap()).collect()
}

fn sorted(text: &str) -> String {
    let mut versions = versions(text);
    sort(&mut versions);
    versions
        .iter()
        .map(Version::to_string)
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn numbers_are_numbers() {
    assert_eq!(
        sorted("1.10.0 1.9.3 v1.9.10 0.99.99"),
        "0.99.99 1.9.3 v1.9.10 1.10.0"
    );
}

#[test]
fn a_pre_release_is_older() {
    assert_eq!(
        sorted("2.0.0 2.0.0-rc.1 1.9.9 2.0.0-beta"),
        "1.9.9 2.0.0-beta 2.0.0-rc.1 2.0.0"
    );
}

#[test]
fn build_metadata_does_not_count() {
    assert_eq!(sorted("1.0.0+b 1.0.0+a"), "1.0.0+b 1.0.0+a");
    assert_eq!(versions("1.0.0+b")[0], versions("v1.0.0")[0]);
}

#[test]
fn the_newest() {
    let all = versions("1.2.0 2.0.0-rc.1 1.10.0");
    assert_eq!(latest(&all, false).unwrap().to_string(), "1.10.0");
    assert_eq!(latest(&all, true).unwrap().to_string(), "2.0.0-rc.1");
    assert_eq!(latest(&versions("1.0.0-a"), false), None);
}

#[test]
fn no_versions() {
    for bad in [
        "",
        "1.2",
        "1.2.3.4",
        "1.02.3",
        "1.2.x",
        "1.2.3-",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3-ä",
    ] {
        assert!(bad.parse::<Version>().is_err(), "{bad}");
    }
    assert_eq!(
        "1.2".parse::<Version>().unwrap_err().to_string(),
        "1.2: not three numbers"
    );
}
