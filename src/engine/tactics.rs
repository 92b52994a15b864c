//! What each attempt of a small model looks at, and in which form it is asked. A second attempt that
//! sees the same says the same.

use crate::domain::job::Model;
use crate::engine::aim::{Aims, Missing, Place};
use crate::engine::symbols::Kind;

/// A definition that is longer has no place beside another one, in bytes.
const LONG: usize = 6_000;
/// A longer one is not written from its description alone, in bytes: too much stands in it that no
/// issue says.
const SHORT: usize = 1_000;
/// How close a second place has to come to the first to be changed along with it.
const CLOSE: f64 = 0.75;
/// Answers of a question about what only follows from another one.
const FOLLOWING: u32 = 2;
/// The most new functions of one issue.
const MOST_NEW: usize = 3;

/// How it is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// It sees the definitions and writes them as they should be.
    Change,
    /// It sees the head of the one function, and writes it from what the issue says: whoever sees
    /// the wrong code copies it.
    Afresh,
    /// It writes a function that is not there yet, beside the place.
    Add(Missing),
    /// It sees a definition that calls what was changed before, and writes it so that it fits. What
    /// it is called with stays.
    Follow,
}

/// One question of an attempt: places of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The file, from the repository's root.
    pub path: String,
    /// In which form.
    pub form: Form,
    /// In the order of the file; never empty. Of [`Form::Add`] it is where the new one goes.
    pub places: Vec<Place>,
}

impl Step {
    /// What it writes.
    pub fn names(&self) -> Vec<&str> {
        match &self.form {
            Form::Add(new) => Vec::from([new.name.as_str()]),
            Form::Change | Form::Afresh | Form::Follow => {
                self.places.iter().map(|it| it.name.as_str()).collect()
            }
        }
    }
}

/// The questions of the attempt number `attempt`, from 0. Each begins with the functions that are
/// to be made. Then comes first the best place alone (or with who calls it, where an option of the
/// command line is asked for), from its description where it is short and examples of the issue can
/// judge it (`is_tried`); then the best as it stands, with the second where they are close; then the
/// next best function, for when the best was not it; and so on from the first. The best is not left
/// where `is_right` says that it was right, nor while examples judge it and it is short.
pub fn steps(
    aims: &Aims,
    attempt: u32,
    is_tried: &dyn Fn(&str) -> bool,
    is_right: bool,
) -> Vec<Step> {
    let places = &aims.places;
    let Some(best) = places.first() else { return Vec::new() };
    let is_short = best.bytes.len() <= SHORT && is_tried(&best.name);
    let stays = is_right || is_short;
    let turn = match attempt % 3 {
        // It gave something else: who sees the code as it stands does no better. Where a check was
        // red all the same, there is something in it that the issue does not say.
        1 if is_short && !is_right => 0,
        2 if stays => 0,
        turn => turn,
    };
    let (form, chosen) = match turn {
        0 if is_short => (Form::Afresh, Vec::from([best])),
        // Half of an option is none, and passes every check.
        0 | 1 if aims.acts.is_some() => {
            (Form::Change, std::iter::once(best).chain(&aims.acts).collect())
        }
        0 => (Form::Change, Vec::from([best])),
        1 => {
            let close = |it: &&Place| {
                it.score >= best.score * CLOSE && it.bytes.len() + best.bytes.len() <= LONG
            };
            let second = places.iter().skip(1).filter(close).take(1);
            (Form::Change, std::iter::once(best).chain(second).collect())
        }
        _ => (Form::Change, Vec::from([next(places, best)])),
    };
    let new = aims.missing.iter().take(MOST_NEW).map(|it| Step {
        path: it.beside.path.clone(),
        form: Form::Add(it.clone()),
        places: Vec::from([it.beside.clone()]),
    });
    let mut steps: Vec<Step> = Vec::new();
    for place in chosen {
        match steps.iter_mut().find(|it| it.path == place.path) {
            Some(step) => step.places.push(place.clone()),
            None => steps.push(Step {
                path: place.path.clone(),
                form: form.clone(),
                places: Vec::from([place.clone()]),
            }),
        }
    }
    for step in &mut steps {
        step.places.sort_by_key(|it| it.bytes.start);
    }
    new.chain(steps).collect()
}

/// How many answers a question in this form may have of `model`, which was asked `spent` times in
/// this job: few for what only follows, and one once the job has had all of its questions.
pub fn samples(model: &Model, form: &Form, spent: u32) -> u32 {
    let most = match form {
        Form::Follow => model.samples.min(FOLLOWING),
        Form::Change | Form::Afresh | Form::Add(_) => model.samples,
    };
    let left = match model.calls {
        0 => most,
        calls => calls.saturating_sub(spent),
    };
    most.min(left).max(1)
}

/// Where else the change may belong: another function, which is no part of the best place.
fn next<'a>(places: &'a [Place], best: &'a Place) -> &'a Place {
    let within = |it: &Place| {
        it.path == best.path && best.bytes.start <= it.bytes.start && it.bytes.end <= best.bytes.end
    };
    let acts = |it: &Place| matches!(it.kind, Kind::Function | Kind::Method);
    places.iter().find(|it| acts(it) && !within(it)).unwrap_or(best)
}

/// How warm a model is asked at the attempt number `attempt`, and for the answer number `sample` of
/// one question, both from 0: the first time it says what it holds for best, then it has to say
/// something else. Little is enough for that: of a small model's answers fewer are right the warmer
/// it is.
pub fn temperature(attempt: u32, sample: u32) -> f32 {
    match attempt.saturating_add(sample) {
        0 => 0.0,
        1 => 0.3,
        _ => 0.4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, at: usize, score: f64) -> Place {
        let bytes = at..at + 100;
        let (path, name) = (path.to_owned(), format!("f{at}"));
        Place { path, name, container: None, kind: Kind::Function, bytes, score }
    }

    fn of(places: &[Place], attempt: u32) -> Vec<Step> {
        let aims = Aims { places: places.to_vec(), ..Aims::default() };
        steps(&aims, attempt, &|_| false, false)
    }

    fn names(places: &[Place], attempt: u32) -> Vec<Vec<String>> {
        let names = |it: &Step| it.names().into_iter().map(str::to_owned).collect();
        of(places, attempt).iter().map(names).collect()
    }

    #[test]
    fn the_first_attempt_is_at_the_best_place_alone_and_the_third_at_the_next() {
        let all = [place("a", 500, 9.0), place("a", 100, 8.0), place("b", 0, 1.0)];
        assert_eq!(names(&all, 0), [["f500"]]);
        assert_eq!(names(&all, 1), [["f100", "f500"]]);
        assert_eq!(names(&all, 2), [["f100"]]);
        assert_eq!(names(&all, 3), names(&all, 0));
    }

    #[test]
    fn a_place_that_was_right_is_not_left() {
        let places = Vec::from([place("a", 500, 9.0), place("a", 100, 8.0)]);
        let aims = Aims { places, ..Aims::default() };
        let names = |is_right| steps(&aims, 2, &|_| false, is_right)[0].names()[0].to_owned();
        assert_eq!((names(true), names(false)), ("f500".to_owned(), "f100".to_owned()));
    }

    #[test]
    fn another_place_is_a_function_and_no_part_of_the_best() {
        let mut all = [place("a", 0, 9.0), place("a", 50, 8.0), place("b", 0, 7.0)];
        all[0].bytes = 0..1_000;
        assert_eq!(names(&all, 2), [["f0"]], "of the other file");
        assert_eq!(of(&all, 2)[0].path, "b");
        all[2].kind = Kind::Type;
        assert_eq!(of(&all, 2)[0].path, "a");
    }

    #[test]
    fn a_short_function_that_examples_judge_is_not_left() {
        let places = Vec::from([place("a", 500, 9.0), place("a", 100, 8.0)]);
        let aims = Aims { places, ..Aims::default() };
        let names = |is_tried: bool| steps(&aims, 2, &|_| is_tried, false)[0].names()[0].to_owned();
        assert_eq!((names(true), names(false)), ("f500".to_owned(), "f100".to_owned()));
    }

    #[test]
    fn two_places_go_together_only_when_they_are_close_and_of_two_files_one_after_the_other() {
        assert_eq!(names(&[place("a", 500, 9.0), place("a", 100, 2.0)], 1), [["f500"]]);
        assert_eq!(names(&[place("a", 500, 9.0), place("b", 100, 8.0)], 1), [["f500"], ["f100"]]);
        assert!(names(&[], 0).is_empty());
    }

    #[test]
    fn an_option_is_read_at_one_place_and_acted_on_at_another() {
        let places = Vec::from([place("a", 500, 9.0), place("a", 100, 2.0)]);
        let aims = Aims { places, missing: Vec::new(), acts: Some(place("a", 900, 0.0)) };
        for attempt in [0, 1] {
            assert_eq!(steps(&aims, attempt, &|_| false, false)[0].names(), ["f500", "f900"]);
        }
        assert_eq!(steps(&aims, 2, &|_| false, false)[0].names(), ["f100"]);
    }

    #[test]
    fn what_an_example_tries_is_first_written_from_its_description_if_it_is_short() {
        let mut aims = Aims { places: vec![place("a", 500, 9.0)], ..Aims::default() };
        let forms = |aims: &Aims, attempt| {
            let steps = steps(aims, attempt, &|name| name == "f500", false);
            steps.into_iter().map(|it| it.form).collect::<Vec<_>>()
        };
        assert_eq!(forms(&aims, 0), [Form::Afresh]);
        assert_eq!(forms(&aims, 1), [Form::Afresh]);
        assert_eq!(of(&aims.places, 0)[0].form, Form::Change);
        aims.places[0].bytes = 500..5_000;
        assert_eq!(forms(&aims, 0), [Form::Change]);
    }

    #[test]
    fn a_question_has_fewer_answers_where_it_only_follows_and_where_the_job_has_had_its_calls() {
        let model = |calls| Model {
            name: String::new(),
            timeout: std::time::Duration::ZERO,
            num_ctx: 0,
            edit_format: Model::DEFINITION.to_owned(),
            attempts: 3,
            samples: 4,
            calls,
            reads: true,
            observes: true,
            max_fixes: None,
            editor: None,
        };
        let of = |form: &Form, calls, spent| samples(&model(calls), form, spent);
        assert_eq!([0, 6, 8, 10, 12].map(|it| of(&Form::Change, 10, it)), [4, 4, 2, 1, 1]);
        assert_eq!([0, 9].map(|it| of(&Form::Follow, 10, it)), [2, 1]);
        assert_eq!(of(&Form::Afresh, 0, 99), 4, "0 is no limit");
    }

    #[test]
    fn what_is_to_be_made_comes_before_what_uses_it() {
        let places = Vec::from([place("a", 500, 9.0)]);
        let new =
            Missing { name: "pad".to_owned(), head: String::new(), beside: place("b", 0, 1.0) };
        let aims = Aims { places, missing: Vec::from([new.clone()]), acts: None };
        for attempt in 0..3 {
            let steps = steps(&aims, attempt, &|_| false, false);
            assert_eq!((steps[0].names(), &*steps[0].path), (vec!["pad"], "b"));
            assert_eq!(steps[0].form, Form::Add(new.clone()));
            assert_eq!(steps[1].names(), ["f500"]);
        }
    }
}
