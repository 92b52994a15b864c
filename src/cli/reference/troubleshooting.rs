//! Every message of the program, with cause and remedy.

use super::GENERATED;
use crate::cli::trouble::{AREAS, Trouble};

pub(super) fn page() -> String {
    let mut page = format!(
        "# Troubleshooting\n\n{GENERATED}\n\nEvery message that says something is wrong, with its \
         cause and its remedy; `…` stands for what varies.\nFirst of all ask `codingworker doctor`: \
         it looks at everything that the worker needs, and says what to type.\nOf a job, \
         `codingworker job ID` says what happened, and `codingworker logs ID` what was printed.\n"
    );
    for (area, entries) in AREAS {
        let anchor = area.to_lowercase().replace(',', "").replace(' ', "-");
        page.push_str(&format!("\n- [{area}](#{anchor}): "));
        let links = entries.iter().map(|it| format!("[{0}](#{0})", it.id)).collect::<Vec<_>>();
        page.push_str(&links.join(" · "));
    }
    page.push('\n');
    for (area, entries) in AREAS {
        page.push_str(&format!("\n## {area}\n"));
        entries.iter().for_each(|it| page.push_str(&section(it)));
    }
    page
}

fn section(trouble: &Trouble) -> String {
    let Trouble { id, says, cause, remedy, .. } = trouble;
    let says = says.join("\n");
    format!("\n### {id}\n\n```text\n{says}\n```\n\n**Cause.** {cause}\n\n**Remedy.** {remedy}\n")
}
