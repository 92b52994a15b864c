//! A turn of the agent: what it is asked for, what came of it, and what that is worth.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::change::{FileChange, ObjectId};
use crate::domain::example::Tried;
use crate::domain::verification::{Check, Exit};

/// What the agent is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Do what the issue says.
    Implement,
    /// Write down, as calls, what the issue says in words; a turn that changes nothing.
    Read,
    /// Write tests for what was done.
    Cover,
    /// Make this go away.
    Fix {
        /// What was wrong.
        complaint: Complaint,
    },
}

/// What was wrong with the last turn's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Complaint {
    /// A check is red that was not red on the base.
    Red {
        /// Which.
        check: Check,
        /// The command that failed.
        command: String,
        /// How it ended.
        exit: Exit,
        /// The single tests that are newly red, where their names are known.
        tests: Vec<String>,
        /// What of its output tells what to mend: the first failure, and the names of the rest.
        excerpt: String,
    },
    /// The reply could not be used; no check ran on it, and its edits were undone.
    Unusable {
        /// What was wrong with it, in words for the agent.
        reason: String,
    },
    /// The checks are green, and examples of the issue still give something else.
    Contradicted {
        /// Which, and what they gave.
        examples: Vec<Tried>,
    },
}

impl Complaint {
    /// What was wrong, in a few words.
    pub fn title(&self) -> String {
        match self {
            Self::Red { check, command, .. } => format!("the {} `{command}` fails", check.name()),
            Self::Unusable { reason } => reason.clone(),
            Self::Contradicted { examples } => match examples.first() {
                Some(it) => {
                    format!("the issue's example `{}` gives another result", it.example.shown())
                }
                None => "an example of the issue gives another result".to_owned(),
            },
        }
    }
}

/// One turn of the agent, as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// What it was asked for.
    pub request: Request,
    /// Which model answered; empty: the worker did it itself, without one.
    pub model: String,
    /// Its place on the ladder, from 0.
    pub rung: usize,
    /// Which fresh start of this model it belongs to, from 0.
    #[serde(default)]
    pub attempt: u32,
    /// What came of it.
    pub outcome: TurnOutcome,
    /// The tree after it: what the next action starts from.
    pub tree: ObjectId,
    /// What it changed against the base.
    pub files: Vec<FileChange>,
    /// How often the model was called.
    pub calls: u32,
    /// Tokens that the model read and wrote, as it counted them.
    pub tokens: Tokens,
    /// What was left out of the prompt so that it fits, in words.
    pub left_out: Vec<String>,
    /// The agent's name and version, for the commit's trailer.
    pub agent: String,
    /// Of [`Request::Read`]: the examples that the issue and the base bear out, as tried on the base.
    #[serde(default)]
    pub examples: Vec<Tried>,
    /// What the worker changed of the model's answers, by trial, until the examples held.
    #[serde(default)]
    pub mutations: Vec<Mutation>,
}

/// A small change that was found by trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mutation {
    /// The file, from the repository's root.
    pub path: String,
    /// What the model wrote.
    pub old: String,
    /// What stands there instead.
    pub new: String,
}

impl Turn {
    /// Whether the worker did it itself, and no model was asked.
    pub fn is_by_worker(&self) -> bool {
        self.model.is_empty()
    }
}

/// Counts from the model's own answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens of prompts.
    pub read: u64,
    /// Tokens of replies.
    pub written: u64,
}

/// What came of one turn. Never the agent's exit code: it is 0 in almost every case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TurnOutcome {
    /// The tree changed, and nothing speaks against checking it.
    Edited,
    /// It answered, and the tree is as it was.
    NoChange,
    /// Its answer was not in the form that edits have.
    FormatFailure,
    /// Its answer was cut off, or left code out ("the rest is unchanged"). The edits were undone.
    Truncated {
        /// Which file, and what was seen.
        reason: String,
    },
    /// It was still working when its time was over, or silent for too long.
    TimedOut,
}

/// What the tests are worth, in both directions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Whether the new tests tell the new code from the old.
    pub new_tests: NewTests,
    /// Test files that were there before and were changed, and fail in their old form on the new
    /// code, with the telling part of the output: either the issue wanted that, or it is broken.
    pub broken_old_tests: Option<OldTests>,
    /// What else a person should decide before this goes out as ready.
    pub objections: Vec<String>,
    /// A test that the worker added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added: Option<AddedTest>,
}

/// A test with the examples of the issue. It fails without the change, and passes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedTest {
    /// Its file, from the repository's root.
    pub path: String,
    /// The work without it: what the checks have judged.
    pub onto: ObjectId,
    /// The work with it.
    pub tree: ObjectId,
}

/// Whether the new tests tell the new code from the old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewTests {
    /// No test file was added or changed.
    None,
    /// They fail without the change: they prove something.
    FailOnBase,
    /// They pass without the change: they prove nothing.
    PassOnBase,
    /// The project has no test command, or its base was red already.
    NotRun,
}

/// Tests of the base that no longer pass in the form they had there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldTests {
    /// The test files that were changed.
    pub files: Vec<String>,
    /// The telling part of what the old form prints now.
    pub excerpt: String,
}

/// An agent's model and the limits it works under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Model {
    /// Any name that the agent knows, such as `ollama_chat/qwen2.5-coder:1.5b`.
    pub name: String,
    /// Of one agent run.
    pub timeout: Duration,
    /// The context window that is asked for, in tokens: prompt and reply together.
    pub num_ctx: u32,
    /// The form in which edits are asked for: `whole`, `diff`, or [`Model::DEFINITION`].
    pub edit_format: String,
    /// How often it begins anew on a clean tree, before the next model has its turn. At least 1.
    #[serde(default = "once")]
    pub attempts: u32,
    /// How often it is asked the same thing of an attempt, where it writes definitions and an
    /// example of the issue speaks against its answer, or the answer is of no use. At least 1.
    #[serde(default = "once")]
    pub samples: u32,
    /// It is not begun anew once it was asked so often for one job; 0 is no limit.
    #[serde(default)]
    pub calls: u32,
    /// Whether it is asked to write down, as calls, the examples that an issue gives in words.
    #[serde(default)]
    pub reads: bool,
    /// Whether it is told what the functions that examples judge give in the project's own tests.
    #[serde(default)]
    pub observes: bool,
    /// Fixes that it is asked for, per attempt and pass. `None`: as many as of any model.
    #[serde(default)]
    pub max_fixes: Option<u32>,
    /// Who writes into files what this one says in words. `None`: it does so itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editor: Option<Box<Model>>,
}

fn once() -> u32 {
    1
}

impl Model {
    /// The form for small models: they see the functions that matter and write those alone.
    pub const DEFINITION: &str = "definition";

    /// The form for a model of this name, where nobody says: [`Self::DEFINITION`] for Ollama's models
    /// of up to 4 billion parameters by their name (`qwen2.5-coder:1.5b`, `…:3b-instruct-q4_0`),
    /// `whole` for all others.
    pub fn form_for(name: &str) -> &'static str {
        let local = ["ollama_chat/", "ollama/"].iter().find_map(|it| name.strip_prefix(it));
        let tag = local.and_then(|it| it.split_once(':')).map_or("", |it| it.1);
        let size = tag.split(['-', '_']).find_map(|it| it.strip_suffix(['b', 'B'])?.parse().ok());
        match size {
            Some(billions) if f32::is_sign_positive(billions) && billions <= 4.0 => {
                Self::DEFINITION
            }
            _ => "whole",
        }
    }

    /// Whether it is asked for functions and not for files.
    pub fn writes_definitions(&self) -> bool {
        self.edit_format == Self::DEFINITION
    }

    /// The share of the context window that is kept for the reply, in tokens. In whole-file form
    /// a reply is as long as the files it changes, so it gets a good part.
    pub fn reply_tokens(&self) -> u32 {
        (self.num_ctx / 8 * 3).clamp(256, 16_384)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_model_is_known_by_its_name() {
        for name in ["ollama_chat/qwen2.5-coder:1.5b", "ollama/x:3b-instruct-q4_0", "ollama/x:0.5B"]
        {
            assert_eq!(Model::form_for(name), Model::DEFINITION, "{name}");
        }
        for name in ["ollama_chat/qwen2.5-coder:7b", "ollama/x", "gemini/x:1b", "ollama/x:latest"] {
            assert_eq!(Model::form_for(name), "whole", "{name}");
        }
    }
}
