//! What a person, or a program, sees of it.

use serde::Serialize;

use crate::cli::output::{Cell, Tone, harmless, harmless_lines, table};
use crate::cli::{CliError, Exit, Output};
use crate::engine::onboarding::{Facts, State, Step, terraform};
use crate::redact::Redactor;

/// Whether a person has to go on with what was done.
fn waits(step: &Step) -> bool {
    step.state == State::Did && step.remedy.is_some()
}

/// Whether anything may be changed, and what the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Mode {
    Run,
    DryRun,
    Check,
}

/// The list, when nothing more will be done.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    repository: String,
    mode: Mode,
    /// Whether the repository is connected and the worker knows it.
    right: bool,
    steps: Vec<Step>,
    /// For `terraform.tfvars`.
    #[serde(skip_serializing_if = "Option::is_none")]
    terraform: Option<String>,
}

impl Report {
    pub(super) fn new(mode: Mode, facts: &Facts, steps: Vec<Step>) -> Self {
        Self {
            repository: facts.repository.to_string(),
            mode,
            right: steps.iter().all(|it| it.is_right() && !waits(it)),
            steps,
            terraform: facts.cloud.as_ref().map(|it| terraform::entry(facts, it)),
        }
    }

    /// What comes back from elsewhere may hold what we sent there.
    pub(super) fn hushed(&self, redactor: &Redactor) -> Self {
        let hush = |text: &str| redactor.text(text).into_owned();
        let steps = self.steps.iter().map(|it| Step {
            detail: hush(&it.detail),
            remedy: it.remedy.as_deref().map(hush),
            ..it.clone()
        });
        Self { steps: steps.collect(), ..self.clone() }
    }

    /// A check says whether all is right; otherwise it is whether all was done that we can do.
    pub(super) fn exit(&self) -> Exit {
        let stuck = self.steps.iter().any(|it| it.state == State::Cannot);
        match self.mode {
            Mode::Check if !self.right => Exit::Failed,
            Mode::Run | Mode::DryRun if stuck => Exit::Failed,
            _ => Exit::Done,
        }
    }

    pub(super) fn show(&self, output: &Output) -> Result<(), CliError> {
        if output.wants_json() {
            return output.json(self);
        }
        output.print(&self.text(output))?;
        output.note(&self.verdict());
        Ok(())
    }

    fn text(&self, output: &Output) -> String {
        let row = |it: &Step| {
            let (tone, word) = self.word(it);
            vec![Cell(tone, word.to_owned()), Cell::plain(&it.name), Cell::plain(&it.detail)]
        };
        let rows: Vec<Vec<Cell>> = self.steps.iter().map(row).collect();
        let table = table(output, &[], &rows);
        let mut text = String::new();
        for (line, step) in table.lines().zip(&self.steps) {
            text.push_str(&format!("{line}\n"));
            if let Some(remedy) = &step.remedy {
                text.push_str(&format!("        -> {}\n", harmless(remedy)));
            }
        }
        for diff in self.steps.iter().filter_map(|it| it.diff.as_ref()) {
            if self.mode == Mode::DryRun {
                text.push_str(&format!("\n{}", harmless_lines(diff)));
            }
        }
        if let Some(terraform) = &self.terraform {
            text.push_str(&format!("\n# For terraform.tfvars:\n{}", harmless_lines(terraform)));
        }
        text
    }

    fn word(&self, step: &Step) -> (Tone, &'static str) {
        match (step.state, self.mode) {
            (State::Done, _) => (Tone::Good, "ok"),
            (State::Did, _) => (Tone::Good, "did"),
            (State::Todo | State::Better, Mode::DryRun) => (Tone::Doubtful, "would"),
            (State::Todo, _) => (Tone::Doubtful, "todo"),
            (State::Better | State::Warn, _) => (Tone::Doubtful, "warn"),
            (State::Yours, _) => (Tone::Doubtful, "you"),
            (State::Cannot, _) => (Tone::Bad, "cannot"),
        }
    }

    fn verdict(&self) -> String {
        let name = &self.repository;
        if self.right {
            return format!("{name} is connected");
        }
        let left = self.steps.iter().filter(|it| !it.is_right() || waits(it)).count();
        match self.mode {
            Mode::Run => format!(
                "left to do, at the arrows: {left}; afterwards: codingworker setup-repo {name} --check"
            ),
            Mode::DryRun => "nothing was changed".to_owned(),
            Mode::Check => {
                format!("not right yet: {left}; codingworker setup-repo {name} mends what it can")
            }
        }
    }
}
