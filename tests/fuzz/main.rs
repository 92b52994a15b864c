//! Everything that reads what strangers send, against inputs that are made to break it.
//!
//! One file for each reader, with the laws that must hold for whatever comes in: `check` panics
//! where one is broken. Here inputs are made from the corpus (`corpus/TARGET/*`) and a dictionary,
//! the same ones in every run; `./taskw fuzz -- --seconds 600` makes others for as long as you
//! like, and `fuzz/` puts the same bodies under libFuzzer. What breaks a law is written into the
//! corpus, where every later run tries it first: commit it with the remedy.

#![expect(clippy::unwrap_used, reason = "a law that cannot be looked at is broken")]

mod aider;
mod askpass;
mod config;
mod gate;
mod github;
mod intake;
mod mutation;
mod normal_form;
mod project_file;
mod redactor;

use mutation::fuzz;

#[test]
fn a_message_becomes_a_task_or_says_why_not() {
    fuzz("intake", intake::check, intake::WORDS, 2_000);
}

#[test]
fn a_configuration_is_read_or_says_what_is_wrong_and_shows_no_secret() {
    fuzz("config", config::check, config::WORDS, 100);
}

#[test]
fn a_project_file_is_read_or_says_what_is_wrong() {
    fuzz("project_file", project_file::check, project_file::WORDS, 1_000);
}

#[test]
fn whatever_aider_prints_is_judged() {
    fuzz("aider", aider::check, aider::WORDS, 1_500);
}

#[test]
fn whatever_the_code_host_answers_is_bounded_and_keeps_the_token() {
    fuzz("github", github::check, github::WORDS, 200);
}

#[test]
fn git_is_told_the_token_for_our_own_remote_alone() {
    fuzz("askpass", askpass::check, askpass::WORDS, 4_000);
}

#[test]
fn no_secret_passes_the_redactor_however_it_is_cut() {
    fuzz("redactor", redactor::check, redactor::WORDS, 400);
}

#[test]
fn a_normal_form_hides_nothing_and_is_its_own() {
    fuzz("normal_form", normal_form::check, normal_form::WORDS, 150);
}

#[test]
fn nothing_that_must_not_leave_passes_the_gate() {
    fuzz("gate", gate::check, gate::WORDS, 40);
}
