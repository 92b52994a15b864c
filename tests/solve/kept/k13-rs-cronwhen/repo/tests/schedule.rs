use cronwhen::date::Moment;
use cronwhen::schedule::Schedule;

fn runs(schedule: &str, from: &str, count: usize) -> Vec<String> {
    let schedule = Schedule::parse(schedule).unwrap();
    let mut moment = Moment::parse(from).unwrap();
    let mut found = Vec::new();
    for _ in 0..count {
        moment = schedule.next(moment).unwrap();
        found.push(moment.to_string());
    }
    found
}

fn error(schedule: &str) -> String {
    Schedule::parse(schedule).unwrap_err().to_string()
}

#[test]
fn every_monday() {
    assert_eq!(
        runs("30 6 * * 1", "2024-05-01 12:00", 2),
        ["2024-05-06 06:30 Mon", "2024-05-13 06:30 Mon"]
    );
}

#[test]
fn steps_ranges_and_lists() {
    assert_eq!(
        runs("*/20 9-10 * * 1-5", "2024-05-03 10:30", 3),
        [
            "2024-05-03 10:40 Fri",
            "2024-05-06 09:00 Mon",
            "2024-05-06 09:20 Mon"
        ]
    );
    assert_eq!(
        runs("0 0 1,15 */6 *", "2024-01-10", 3),
        [
            "2024-01-15 00:00 Mon",
            "2024-07-01 00:00 Mon",
            "2024-07-15 00:00 Mon"
        ]
    );
    assert_eq!(
        runs("50/5 23 * * *", "2024-12-31 23:55", 1),
        ["2025-01-01 23:50 Wed"]
    );
}

#[test]
fn either_day_is_enough() {
    assert_eq!(
        runs("0 0 13 * 5", "2024-09-06", 3),
        [
            "2024-09-13 00:00 Fri",
            "2024-09-20 00:00 Fri",
            "2024-09-27 00:00 Fri"
        ]
    );
}

#[test]
fn leap_days_and_days_that_never_come() {
    assert_eq!(
        runs("0 0 29 2 *", "2097-01-01", 1),
        ["2104-02-29 00:00 Fri"]
    );
    let never = Schedule::parse("0 0 30 2 *").unwrap();
    assert_eq!(never.next(Moment::parse("2024-01-01").unwrap()), None);
}

#[test]
fn errors_say_which_field() {
    assert_eq!(error("60 * * * *"), "minute: 60: out of range");
    assert_eq!(error("* * 0 * *"), "day of the month: 0: out of range");
    assert_eq!(error("* * * * 8"), "day of the week: 8: out of range");
    assert_eq!(error("* 5-1 * * *"), "hour: 5-1: the range is upside down");
    assert_eq!(error("*/0 * * * *"), "minute: */0: a step of zero");
    assert_eq!(error("1,,2 * * * *"), "minute: : not a number");
    assert_eq!(error("* * * *"), "expected five fields, found 4");
    assert_eq!(error("@often"), "unknown nickname @often");
}
