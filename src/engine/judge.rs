//! Whose fault a red check is: what was red on the base is not the agent's.

use crate::domain::job::Complaint;
use crate::domain::verification::{Check, Exit, Step, TestNames, Verification};

/// A check that was red before anything was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRed {
    /// Which.
    pub check: Check,
    /// The command that failed.
    pub command: String,
    /// The single tests that failed, where their names are known.
    pub tests: Vec<String>,
}

/// The first check that is red `now` and was not red on the `base`, in the order of the checks.
///
/// Of a check that is red on both, the tests are compared one by one where both outputs name
/// them. Worse than before is also a run that named tests and now names none at all (it does not
/// even compile), and one that ended by itself and now does not end, or crashes.
/// Otherwise nobody is blamed: that the check proves little is for `standing` to say.
pub fn newly_red(base: &Verification, now: &Verification) -> Option<Complaint> {
    now.steps.iter().find_map(|step| match base.step(step.check) {
        _ if step.exit.is_success() => None,
        Some(before) if !before.exit.is_success() => {
            let tests = newly_red_tests(before, step);
            (!tests.is_empty() || is_worse(before, step)).then(|| complaint(step, tests))
        }
        _ => {
            let failed = step.tests.as_ref().map(|tests| tests.failed.clone());
            Some(complaint(step, failed.unwrap_or_default()))
        }
    })
}

/// What a run of just those tests that `failed` before says: a complaint when some of them fail
/// again. `None` says nothing at all: only a full run can tell that all is well.
pub fn red_again(base: &Verification, failed: &[String], now: &Step) -> Option<Complaint> {
    let tests = now.tests.as_ref().filter(|_| !now.exit.is_success())?;
    let standing = base.step(now.check).and_then(|step| step.tests.as_ref());
    let stood = |name: &&String| standing.is_some_and(|it| it.failed.contains(name));
    let again = tests.failed.iter().filter(|it| failed.contains(it) && !stood(it));
    let again: Vec<String> = again.cloned().collect();
    (!again.is_empty()).then(|| complaint(now, again))
}

/// The same complaint with what tells what to mend instead of an excerpt, where that is known.
pub fn with_telling(complaint: Complaint, telling: Option<String>) -> Complaint {
    match (complaint, telling) {
        (Complaint::Red { check, command, exit, tests, .. }, Some(excerpt)) => {
            Complaint::Red { check, command, exit, tests, excerpt }
        }
        (complaint, _) => complaint,
    }
}

/// The single tests that were red on the base: what their failures print now is not to be mended.
pub fn stood(base: &Verification, check: Check) -> &[String] {
    let step = base.step(check).filter(|step| !step.exit.is_success());
    step.and_then(|step| step.tests.as_ref()).map_or(&[], |tests| &tests.failed)
}

/// What was red on the base, for people to know: a check among these proves little or nothing.
pub fn standing(base: &Verification) -> Vec<StandingRed> {
    let red = base.steps.iter().filter(|step| !step.exit.is_success());
    red.map(|step| StandingRed {
        check: step.check,
        command: step.command.clone(),
        tests: step.tests.as_ref().map(|tests| tests.failed.clone()).unwrap_or_default(),
    })
    .collect()
}

fn complaint(step: &Step, tests: Vec<String>) -> Complaint {
    Complaint::Red {
        check: step.check,
        command: step.command.clone(),
        exit: step.exit,
        tests,
        excerpt: step.excerpt.clone(),
    }
}

/// The tests that fail now and did not on the base, and those that passed there and are gone.
///
/// Gone means something only if both outputs also name what passes; an output that was cut in
/// its middle, or a runner that was ended early, names fewer than there are, so that a command
/// must have ended by itself.
fn newly_red_tests(before: &Step, now: &Step) -> Vec<String> {
    let (Some(base), Some(tests)) = (&before.tests, &now.tests) else { return Vec::new() };
    let mut red: Vec<String> =
        tests.failed.iter().filter(|name| !base.failed.contains(name)).cloned().collect();
    if is_complete(base) && is_complete(tests) && before.exit == now.exit {
        let is_gone = |name: &&String| !tests.passed.contains(name) && !tests.failed.contains(name);
        red.extend(base.passed.iter().filter(is_gone).cloned());
    }
    red.sort();
    red.dedup();
    red
}

/// Whether a red run is a greater failure than the red one before it, whatever tests it names.
fn is_worse(before: &Step, now: &Step) -> bool {
    let by_itself = |step: &Step| matches!(step.exit, Exit::Code(_));
    let named = |tests: &TestNames| !tests.passed.is_empty() || !tests.failed.is_empty();
    let silenced = before.tests.as_ref().is_some_and(named) && now.tests.is_none();
    silenced || (by_itself(before) && !by_itself(now))
}

/// Whether a runner named the tests that passed, and not the failures alone.
fn is_complete(tests: &TestNames) -> bool {
    !tests.passed.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    fn step(check: Check, code: i32, passed: &[&str], failed: &[&str]) -> Step {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let tests = TestNames { passed: owned(passed), failed: owned(failed) };
        Step {
            check,
            command: format!("make {}", check.name()),
            exit: Exit::Code(code),
            duration_ms: 5,
            tests: (tests != TestNames::default()).then_some(tests),
            excerpt: format!("{} says {code}", check.name()),
        }
    }

    fn of(steps: &[Step]) -> Verification {
        Verification { steps: steps.to_vec(), ..Verification::default() }
    }

    #[test]
    fn a_run_of_some_tests_can_only_accuse() {
        let base = of(&[step(Check::Test, 1, &["a"], &["old"])]);
        let failed = ["b".to_owned(), "old".to_owned()];
        let says = |now: Step| match red_again(&base, &failed, &now) {
            Some(Complaint::Red { tests, .. }) => Some(tests),
            _ => None,
        };
        assert_eq!(says(step(Check::Test, 1, &[], &["b", "old"])), Some(vec!["b".to_owned()]));
        // Green, or red for another reason: a full run has to say.
        for now in [
            step(Check::Test, 0, &["b"], &[]),
            step(Check::Test, 1, &["b"], &["old"]),
            step(Check::Test, 1, &["b"], &["another"]),
            step(Check::Test, 2, &[], &[]),
        ] {
            assert_eq!(says(now), None);
        }
    }

    /// The check that is blamed, and the tests.
    fn blamed(base: &[Step], now: &[Step]) -> Option<(Check, Vec<String>)> {
        newly_red(&of(base), &of(now)).map(|complaint| match complaint {
            Complaint::Red { check, tests, .. } => (check, tests),
            Complaint::Unusable { .. } | Complaint::Contradicted { .. } => {
                panic!("a check is red or it is not")
            }
        })
    }

    const GREEN: Exit = Exit::Code(0);

    #[test]
    fn a_green_check_that_turned_red_is_blamed_with_all_that_is_known() {
        let base = of(&[step(Check::Build, 0, &[], &[]), step(Check::Test, 0, &["a", "b"], &[])]);
        let now = of(&[step(Check::Build, 0, &[], &[]), step(Check::Test, 1, &["a"], &["b"])]);
        let expected = Complaint::Red {
            check: Check::Test,
            command: "make test".to_owned(),
            exit: Exit::Code(1),
            tests: vec!["b".to_owned()],
            excerpt: "test says 1".to_owned(),
        };
        assert_eq!(newly_red(&base, &now), Some(expected));
    }

    #[test]
    fn a_check_that_the_base_did_not_have_is_blamed_when_it_is_red() {
        assert_eq!(blamed(&[], &[step(Check::Lint, 1, &[], &[])]), Some((Check::Lint, vec![])));
    }

    #[test]
    fn the_first_newly_red_check_is_the_one_to_mend() {
        let base = [step(Check::Build, 0, &[], &[]), step(Check::Test, 0, &[], &[])];
        let now = [step(Check::Build, 1, &[], &[]), step(Check::Test, 1, &[], &[])];
        assert_eq!(blamed(&base, &now), Some((Check::Build, vec![])));
    }

    #[test]
    fn what_was_red_before_is_nobodys_fault_even_if_it_cannot_be_built() {
        let base = [step(Check::Build, 1, &[], &[]), step(Check::Test, 2, &[], &[])];
        let now = [step(Check::Build, 2, &[], &[]), step(Check::Test, 1, &[], &["a"])];
        assert_eq!(blamed(&base, &now), None);
    }

    #[test]
    fn in_a_red_check_only_the_newly_red_tests_are_blamed() {
        let base = [step(Check::Test, 1, &["a", "b"], &["old"])];
        assert_eq!(blamed(&base, &[step(Check::Test, 1, &["a", "b", "new"], &["old"])]), None);
        let now = [step(Check::Test, 1, &["a"], &["b", "old"])];
        assert_eq!(blamed(&base, &now), Some((Check::Test, vec!["b".to_owned()])));
        let now = [step(Check::Test, 1, &["a", "b"], &["new", "old"])];
        assert_eq!(blamed(&base, &now), Some((Check::Test, vec!["new".to_owned()])));
    }

    #[test]
    fn a_test_that_passed_and_is_gone_is_blamed_where_both_sides_name_what_passes() {
        let base = [step(Check::Test, 1, &["a", "b"], &["old"])];
        let now = [step(Check::Test, 1, &["a"], &["old"])];
        assert_eq!(blamed(&base, &now), Some((Check::Test, vec!["b".to_owned()])));
        // A runner that names failures alone says nothing about the rest.
        assert_eq!(blamed(&base, &[step(Check::Test, 1, &[], &["old"])]), None);
    }

    #[test]
    fn a_red_check_that_now_hangs_or_runs_no_test_at_all_is_blamed() {
        let base = [step(Check::Test, 1, &["a", "b"], &["old"])];
        for exit in [Exit::TimedOut, Exit::Silent, Exit::Signal(11)] {
            let now = Step { exit, ..step(Check::Test, 1, &["a"], &["old"]) };
            assert_eq!(blamed(&base, &[now]), Some((Check::Test, vec![])), "{exit:?}");
        }
        let does_not_compile = [step(Check::Test, 1, &[], &[])];
        assert_eq!(blamed(&base, &does_not_compile), Some((Check::Test, vec![])));
        let names_failures_alone = [step(Check::Test, 1, &[], &["old"])];
        assert_eq!(blamed(&names_failures_alone, &does_not_compile), Some((Check::Test, vec![])));
    }

    #[test]
    fn what_was_red_on_the_base_is_listed_for_people() {
        let base = of(&[step(Check::Build, 0, &[], &[]), step(Check::Test, 1, &["a"], &["old"])]);
        let expected = StandingRed {
            check: Check::Test,
            command: "make test".to_owned(),
            tests: vec!["old".to_owned()],
        };
        assert_eq!(standing(&base), [expected]);
    }

    #[test]
    fn what_tells_takes_the_excerpts_place_and_nothing_else_does() {
        let red = newly_red(&of(&[]), &of(&[step(Check::Test, 1, &[], &["a"])])).unwrap();
        assert_eq!(with_telling(red.clone(), None), red);
        let Complaint::Red { excerpt, tests, .. } = with_telling(red, Some("a failed".to_owned()))
        else {
            panic!("it is still red")
        };
        assert_eq!((excerpt.as_str(), tests), ("a failed", vec!["a".to_owned()]));
        let odd = Complaint::Unusable { reason: "cut off".to_owned() };
        assert_eq!(with_telling(odd.clone(), Some("x".to_owned())), odd);
    }

    #[test]
    fn only_what_was_red_on_the_base_stood() {
        let base =
            of(&[step(Check::Build, 0, &[], &["x"]), step(Check::Test, 1, &["a"], &["old"])]);
        assert_eq!(stood(&base, Check::Test), ["old"]);
        assert!(stood(&base, Check::Build).is_empty() && stood(&base, Check::Lint).is_empty());
    }

    fn any_step(check: Check) -> impl Strategy<Value = Step> {
        let exit = prop_oneof![
            Just(GREEN),
            Just(Exit::Code(1)),
            Just(Exit::Signal(9)),
            Just(Exit::TimedOut),
            Just(Exit::Silent),
        ];
        let tests = proptest::option::of((btree_set("[a-e]", 0..4), btree_set("[a-e]", 0..4)));
        (exit, tests).prop_map(move |(exit, tests)| Step {
            exit,
            tests: tests.map(|(passed, failed)| TestNames {
                passed: passed.difference(&failed).cloned().collect(),
                failed: failed.into_iter().collect(),
            }),
            ..step(check, 0, &[], &[])
        })
    }

    fn any_verification() -> impl Strategy<Value = Verification> {
        (any_step(Check::Build), any_step(Check::Lint), any_step(Check::Test), 0_usize..4).prop_map(
            |(build, lint, test, length)| Verification {
                steps: [build, lint, test].into_iter().take(length).collect(),
                ..Verification::default()
            },
        )
    }

    proptest! {
        #[test]
        fn nobody_is_blamed_for_the_base(base in any_verification()) {
            prop_assert_eq!(newly_red(&base, &base), None);
        }

        #[test]
        fn a_green_check_that_turns_red_is_always_blamed(
            base in any_verification(), now in any_verification(),
        ) {
            let turned = now.steps.iter().find(|step| {
                !step.exit.is_success()
                    && base.step(step.check).is_none_or(|before| before.exit.is_success())
            });
            if let Some(turned) = turned {
                match newly_red(&base, &now) {
                    Some(Complaint::Red { check, .. }) => prop_assert!(check <= turned.check),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }

        #[test]
        fn a_tree_whose_checks_are_green_is_never_blamed(
            base in any_verification(), mut now in any_verification(),
        ) {
            now.steps.iter_mut().for_each(|step| step.exit = GREEN);
            prop_assert_eq!(newly_red(&base, &now), None);
        }

        #[test]
        fn what_is_blamed_in_a_standing_red_check_did_not_fail_before(
            base in any_verification(), now in any_verification(),
        ) {
            if let Some(Complaint::Red { check, tests, .. }) = newly_red(&base, &now)
                && let Some(before) = base.step(check)
                && !before.exit.is_success()
            {
                let failed = before.tests.clone().unwrap_or_default().failed;
                prop_assert!(tests.iter().all(|name| !failed.contains(name)));
            }
        }
    }
}
