//! `codingworker completions SHELL`

use clap::CommandFactory;
use clap_complete::Shell;

use super::{CliError, Exit, Output};

pub(super) fn run<A: CommandFactory>(shell: Shell, output: &Output) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut A::command(), "codingworker", &mut script);
    output.bytes(&script)?;
    Ok(Exit::Done)
}
