use cronwhen::crontab;
use cronwhen::date::Moment;
use cronwhen::schedule::Schedule;

/// The next times; two schedules with the same times mean the same.
fn runs(schedule: &str) -> Vec<String> {
    let schedule = Schedule::parse(schedule).unwrap_or_else(|error| panic!("{schedule}: {error}"));
    let mut moment = Moment::parse("2024-05-01 12:00").unwrap();
    let mut found = Vec::new();
    for _ in 0..40 {
        moment = schedule.next(moment).unwrap();
        found.push(moment.to_string());
    }
    found
}

fn same(new: &str, old: &str) {
    assert_eq!(runs(new), runs(old), "{new} and {old}");
}

#[test]
fn names() {
    same("0 9 * * mon-fri", "0 9 * * 1-5");
    same("0 9 * * MON,Wed,fri", "0 9 * * 1,3,5");
    same("0 9 * * tue", "0 9 * * 2");
    same("0 9 * * thu,sat", "0 9 * * 4,6");
    same("0 0 1 jan,JUL *", "0 0 1 1,7 *");
    same("0 0 1 Feb-apr,dec *", "0 0 1 2-4,12 *");
    same("0 0 1 may,jun,aug,sep,oct,nov *", "0 0 1 5,6,8-11 *");
    same("0 0 1 mar-sep/2 *", "0 0 1 3,5,7,9 *");
    same("0 9 * * mon-fri/2", "0 9 * * 1,3,5");
    same("0 9 * * 1-fri", "0 9 * * 1-5");
    same("0 0 1,15 nov fri", "0 0 1,15 11 5");
}

#[test]
fn sunday_is_zero_and_seven() {
    same("0 9 * * sun", "0 9 * * 0");
    same("0 9 * * 7", "0 9 * * 0");
    same("0 9 * * 5-7", "0 9 * * 0,5,6");
    same("0 9 * * fri-sun", "0 9 * * 0,5,6");
    same("0 9 * * Sat-SUN", "0 9 * * 0,6");
    same("0 9 * * sun-tue", "0 9 * * 0-2");
    same("0 9 * * sun,wed", "0 9 * * 0,3");
    same("0 9 * * 0-6", "0 9 * * *");
    same("0 9 * * 1-7", "0 9 * * *");
    same("0 9 * * 7,1", "0 9 * * 0,1");
}

#[test]
fn a_star_is_as_before() {
    same("0 9 * * */2", "0 9 * * 0,2,4,6");
    same("0 9 * * */3", "0 9 * * 0,3,6");
    same("0 0 1 */5 *", "0 0 1 1,6,11 *");
}

#[test]
fn refused() {
    for bad in [
        "mon * * * *",
        "* jan * * *",
        "* * fri * *",
        "* * * mon *",
        "* * * * jan",
        "* * * * monday",
        "* * * * mo",
        "* * * * 8",
        "* * * * 6-8",
        "* * * * fri-mon",
        "* * * dec-jan *",
        "* * * 13 *",
        "* * * 0 *",
        "*/mon * * * *",
        "* * * * mon-",
        "60 * * * *",
        "* 24 * * *",
    ] {
        assert!(Schedule::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn in_a_file() {
    let entries = crontab::parse("30 7 * * Mon-Fri  wake up\n").unwrap();
    assert_eq!(
        (entries[0].when.as_str(), entries[0].command.as_str()),
        ("30 7 * * Mon-Fri", "wake up")
    );
}
