//! Every command, from what clap knows.

use clap::{Arg, ArgAction, Command};

use super::{GENERATED, cell};
use crate::cli::EXIT_CODES;

pub(super) fn page(mut command: Command) -> String {
    command.build();
    let mut page = format!(
        "# Commands\n\n{GENERATED}\n\n{}\n\nData goes to standard output, everything else to \
         standard error. {EXIT_CODES}\n\n## Everywhere\n\n",
        about(&command)
    );
    page.push_str(&options(command.get_arguments().filter(|it| it.is_global_set())));
    command.get_subcommands().for_each(|it| page.push_str(&section(it, &command)));
    page
}

/// One command, and those below it. What it shares with all of `parent` is told there.
fn section(command: &Command, parent: &Command) -> String {
    if command.is_hide_set() || command.get_name() == "help" {
        return String::new();
    }
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").replace("\n       ", "\n");
    let about = about(command);
    let mut text = format!("\n## {name}\n\n{about}\n\n```text\n{usage}\n```\n");
    let told = |it: &Arg| parent.get_arguments().any(|above| above.get_id() == it.get_id());
    let table = options(command.get_arguments().filter(|it| !(it.is_global_set() && told(it))));
    if !table.is_empty() {
        text.push_str(&format!("\n{table}"));
    }
    command.get_subcommands().for_each(|it| text.push_str(&section(it, command)));
    text
}

/// What a command is for, in whole sentences.
fn about(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let paragraphs = about.split("\n\n").map(|it| {
        let text = it.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.ends_with('.') { text } else { format!("{text}.") }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

fn options<'a>(arguments: impl Iterator<Item = &'a Arg>) -> String {
    let shown = arguments.filter(|it| !it.is_hide_set() && it.get_id() != "help");
    let rows: String = shown.filter(|it| it.get_id() != "version").map(row).collect();
    match rows.is_empty() {
        true => rows,
        false => format!("| option | |\n|---|---|\n{rows}"),
    }
}

fn row(argument: &Arg) -> String {
    let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let values = argument.get_value_names().unwrap_or_default();
    let values = values.iter().map(|it| it.to_string()).collect::<Vec<_>>().join(" ");
    let short = argument.get_short().map(|it| format!("-{it}, ")).unwrap_or_default();
    let aliases = argument.get_visible_aliases().unwrap_or_default();
    let aliases = aliases.iter().map(|it| format!(", --{it}")).collect::<String>();
    let name = match argument.get_long() {
        Some(long) if takes => format!("{short}--{long}{aliases} {values}"),
        Some(long) => format!("{short}--{long}{aliases}"),
        None => values,
    };
    let help = argument.get_long_help().or(argument.get_help());
    let mut help = help.map(ToString::to_string).unwrap_or_default();
    let words: Vec<String> =
        argument.get_possible_values().iter().map(|it| it.get_name().to_owned()).collect();
    if takes && !words.is_empty() {
        help.push_str(&format!(" ({})", words.join(", ")));
    }
    let defaults = argument.get_default_values().iter().map(|it| it.to_string_lossy());
    let defaults = defaults.collect::<Vec<_>>().join(" ");
    if takes && !defaults.is_empty() {
        help.push_str(&format!(" [default: {defaults}]"));
    }
    format!("| `{name}` | {} |\n", cell(&help))
}
