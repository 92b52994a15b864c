//! The street's side of the street door.

use std::process::ExitCode;

fn main() -> ExitCode {
    codingworker::process::keep_private();
    // git starts us to ask for the token: before anything else, and nothing else.
    codingworker::workspace::askpass_main()
        // A cage starts us to forward one port out of it.
        .or_else(codingworker::agent::bridge_main)
        .unwrap_or_else(|| codingworker::cli::run(std::env::args_os()))
}
