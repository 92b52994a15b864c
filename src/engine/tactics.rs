//! What each attempt of a small model looks at. A second attempt that sees the same says the same.

use crate::engine::aim::{Aims, Place};

/// A definition that is longer has no place beside another one, in bytes.
const LONG: usize = 6_000;
/// How close a second place has to come to the first to be changed along with it.
const CLOSE: f64 = 0.75;

/// One question of an attempt: places of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The file, from the repository's root.
    pub path: String,
    /// In the order of the file; never empty.
    pub places: Vec<Place>,
}

/// The questions of the attempt number `attempt`, from 0: first the best place alone (or the two
/// best, where an option of the command line is asked for); then the two best where they are close;
/// then the next best, for when the best was not it; and so on from the first.
pub fn steps(aims: &Aims, attempt: u32) -> Vec<Step> {
    let places = &aims.places;
    let Some(best) = places.first() else { return Vec::new() };
    let chosen: Vec<&Place> = match attempt % 3 {
        0 if aims.option => places.iter().take(2).collect(),
        0 => Vec::from([best]),
        1 => {
            let close = |it: &&Place| {
                it.score >= best.score * CLOSE && it.bytes.len() + best.bytes.len() <= LONG
            };
            std::iter::once(best).chain(places.iter().skip(1).filter(close).take(1)).collect()
        }
        _ => Vec::from([places.get(1).unwrap_or(best)]),
    };
    let mut steps: Vec<Step> = Vec::new();
    for place in chosen {
        match steps.iter_mut().find(|it| it.path == place.path) {
            Some(step) => step.places.push(place.clone()),
            None => {
                steps.push(Step { path: place.path.clone(), places: Vec::from([place.clone()]) })
            }
        }
    }
    for step in &mut steps {
        step.places.sort_by_key(|it| it.bytes.start);
    }
    steps
}

/// How warm a model is asked at the attempt number `attempt`: the first time it says what it holds
/// for best, then it has to say something else.
pub fn temperature(attempt: u32) -> f32 {
    match attempt {
        0 => 0.0,
        1 => 0.5,
        _ => 0.8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, at: usize, score: f64) -> Place {
        let bytes = at..at + 100;
        Place { path: path.to_owned(), name: format!("f{at}"), container: None, bytes, score }
    }

    fn names(places: &[Place], attempt: u32) -> Vec<Vec<String>> {
        let aims = Aims { places: places.to_vec(), ..Aims::default() };
        let steps = steps(&aims, attempt).into_iter();
        steps.map(|it| it.places.into_iter().map(|it| it.name).collect()).collect()
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
    fn two_places_go_together_only_when_they_are_close_and_of_two_files_one_after_the_other() {
        assert_eq!(names(&[place("a", 500, 9.0), place("a", 100, 2.0)], 1), [["f500"]]);
        assert_eq!(names(&[place("a", 500, 9.0), place("b", 100, 8.0)], 1), [["f500"], ["f100"]]);
        assert!(names(&[], 0).is_empty());
    }

    #[test]
    fn an_option_is_read_at_one_place_and_acted_on_at_another() {
        let places = Vec::from([place("a", 500, 9.0), place("a", 100, 2.0)]);
        let aims = Aims { places, missing: Vec::new(), option: true };
        assert_eq!(steps(&aims, 0)[0].places.len(), 2);
        assert_eq!(steps(&aims, 2)[0].places.len(), 1);
    }
}
