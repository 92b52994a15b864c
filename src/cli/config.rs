//! `codingworker config`

use crate::config::{Config, Origin};

use super::output::{Cell, table};
use super::{CliError, Exit, Output};

pub(super) fn run(config: &Config, output: &Output) -> Result<Exit, CliError> {
    if output.wants_json() {
        let value = serde_json::json!({ "file": config.file, "settings": config.origins() });
        output.json(&value)?;
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<Cell>> = config
        .origins()
        .iter()
        .map(|it| {
            let value = match &it.value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let origin = match &it.origin {
                Origin::Default => Cell::faint("default"),
                other => Cell::plain(other.to_string()),
            };
            vec![Cell::plain(it.key), origin, Cell::plain(value)]
        })
        .collect();
    output.print(&table(output, &["KEY", "FROM", "VALUE"], &rows))?;
    Ok(Exit::Done)
}
