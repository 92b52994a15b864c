//! Which tools of this machine brought something in: another version of them may not find it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Stage;
use crate::domain::job::Failure;
use crate::domain::verification::Preparation;
use crate::runner::Command;

/// How long they may take to say what they are.
const LIMIT: Duration = Duration::from_secs(20);

impl Stage<'_> {
    /// What to tell this machine's places apart by: the system, and the versions of the tools that
    /// the plan's preparations use, as its commands find them.
    pub(super) async fn place(&self, stop: &CancellationToken) -> Result<String, Failure> {
        let (tree, home) = (self.base(), self.folder.join("base-home"));
        for folder in [&tree, &home] {
            super::fresh(folder).await?;
        }
        let line = asking(&self.plan.preparations);
        let command = Command {
            job: self.job,
            image: None,
            docker: false,
            network: false,
            deps: None,
            tree: &tree,
            home: &home,
            line: &line,
            stdin: None,
            env: &[],
            limit: LIMIT.min(self.limit),
            tee: None,
        };
        Ok(format!("host\n{}", self.runner.run(command, stop).await?.output))
    }
}

/// The line that asks. A tool that is not there says so, which is an answer too.
fn asking(preparations: &[Preparation]) -> String {
    let mut line = "uname -sm".to_owned();
    let used =
        |tool: &str| preparations.iter().any(|it| !it.docker && tools(&it.name).contains(&tool));
    for (tool, question) in
        [("python3", "--version"), ("node", "--version"), ("cargo", "--version"), ("go", "version")]
    {
        if used(tool) {
            line.push_str(&format!("; {tool} {question} 2>&1"));
        }
    }
    line
}

/// What a preparation of this name uses; the repository's own may use anything.
fn tools(name: &str) -> &'static [&'static str] {
    match name {
        "pip" | "uv" | "poetry" => &["python3"],
        "npm" | "pnpm" | "yarn" | "bun" => &["node"],
        "cargo" => &["cargo"],
        "go" => &["go"],
        _ => &["python3", "node", "cargo", "go"],
    }
}
