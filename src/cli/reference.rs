//! `codingworker reference`: the parts of the manual that the program itself knows, as Markdown.
//!
//! `./taskw docs:reference` writes them into `docs/`, and a test compares.

use clap::{Args, Command, ValueEnum};

use super::{CliError, Exit, Output};
use crate::telemetry::metrics;

mod commands;
mod configuration;
mod troubleshooting;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which part
    part: Part,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Part {
    Commands,
    Configuration,
    Metrics,
    Troubleshooting,
}

pub(super) fn run(
    arguments: &Arguments,
    command: Command,
    output: &Output,
) -> Result<Exit, CliError> {
    output.print(&match arguments.part {
        Part::Commands => commands::page(command),
        Part::Configuration => configuration::page(),
        Part::Metrics => metrics::reference(GENERATED),
        Part::Troubleshooting => troubleshooting::page(),
    })?;
    Ok(Exit::Done)
}

/// Says of a page that it is not written by hand.
const GENERATED: &str =
    "<!-- Written by `./taskw docs:reference`: change the program, not this. -->";

/// `text` in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
