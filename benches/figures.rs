//! What the benchmarks share: samples, and the one form in which every figure is printed.
#![allow(dead_code, clippy::allow_attributes, reason = "not every benchmark takes samples")]

use std::time::Duration;

/// Measurements of one thing, in milliseconds, smallest first.
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// Takes them in any order.
    pub(crate) fn of(durations: impl IntoIterator<Item = Duration>) -> Self {
        let mut samples: Vec<f64> =
            durations.into_iter().map(|it| it.as_secs_f64() * 1_000.0).collect();
        samples.sort_by(f64::total_cmp);
        Self(samples)
    }

    /// The smallest measurement that `percent` of all do not exceed (nearest rank).
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }
}

/// Prints one figure; `goal` is what it is to reach, where something is asked of it. Whether it
/// does is for the reader to say: a benchmark on a busy machine is no test.
pub(crate) fn say(name: &str, value: f64, unit: &str, goal: Option<&str>) {
    let goal = goal.map(|it| format!("   (to reach: {it})")).unwrap_or_default();
    println!("{name:<56} {value:>9.2} {unit:<10}{goal}");
}
