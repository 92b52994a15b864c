//! What the checks of a tree mean for the job.

use super::{Best, Pass, Progress, Stage};
use crate::domain::change::ObjectId;
use crate::domain::example::Tried;
use crate::domain::job::{Complaint, Request};
use crate::domain::verification::{Check, Verification};

impl Progress {
    pub(super) fn verified(
        &mut self,
        verification: &Verification,
        tree: &ObjectId,
        scope: &[Check],
        complaint: Option<&Complaint>,
    ) -> Stage {
        let full = scope.contains(&Check::Test);
        if full {
            self.proven = complaint.is_none() && self.is_proven_by(verification);
        }
        let rank = match complaint {
            None if full && self.proven => 5,
            None if full => 4,
            Some(Complaint::Contradicted { .. }) if full => 3,
            Some(Complaint::Red { check: Check::Test, .. }) => 2,
            None | Some(Complaint::Red { check: Check::Lint, .. }) => 1,
            Some(Complaint::Contradicted { .. }) => 1,
            Some(_) => 0,
        };
        if self.best.as_ref().is_none_or(|best| best.rank < rank) {
            self.best = Some(Best { tree: tree.clone(), rank });
        }
        self.tree = Some(tree.clone());
        match complaint {
            None if full => Stage::Worth,
            None => {
                (self.pass, self.fixes) = (Pass::Cover, 0);
                self.implemented = Some(tree.clone());
                Stage::Implemented
            }
            // What the worker did without a model was not all that was wanted: a model is given
            // the whole of it, from the untouched base.
            Some(_) if self.by_worker && !self.put_aside => {
                (self.pass, self.fixes, self.implemented) = (Pass::Implement, 0, None);
                (self.tree, self.fell_back, self.put_aside) = (self.base.clone(), false, true);
                Stage::Edit(Request::Implement)
            }
            Some(complaint) => {
                self.fixes = self.fixes.saturating_add(1);
                Stage::Edit(Request::Fix { complaint: complaint.clone() })
            }
        }
    }

    /// Whether something that failed on the base passes. What the model wrote as a test is not
    /// asked here: it would prove the model's own reading of the issue.
    fn is_proven_by(&self, verification: &Verification) -> bool {
        let examples = &verification.examples;
        let turned =
            |check: &Check| verification.step(*check).is_some_and(|step| step.exit.is_success());
        let proves = examples.iter().any(|it| it.example.proves());
        (proves && examples.iter().all(Tried::holds)) || self.red_on_base.iter().any(turned)
    }
}

/// The red checks of the base that a right change turns green. A linter or a formatter is content
/// with what does something else.
pub(super) fn telling(base: &Verification) -> Vec<Check> {
    let red = base.steps.iter().filter(|it| !it.exit.is_success() && it.check != Check::Lint);
    red.map(|it| it.check).collect()
}
