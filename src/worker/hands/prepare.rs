//! Before the first turn: the issue is read, and the default branch checked out.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;

use crate::domain::change::ObjectId;
use crate::domain::job::{Checkout, Event, Failure, Fault, Inspection, Story};
use crate::domain::verification::Plan;
use crate::engine::normalise;
use crate::engine::plan;
use crate::project_file;
use crate::worker::hands::{ASK, Hands};
use crate::workspace::{EntryKind, TreeEntry, Workspace};

/// Where GitHub looks for a pull request template.
const TEMPLATES: [&str; 6] = [
    ".github/pull_request_template.md",
    ".github/PULL_REQUEST_TEMPLATE.md",
    "pull_request_template.md",
    "PULL_REQUEST_TEMPLATE.md",
    "docs/pull_request_template.md",
    "docs/PULL_REQUEST_TEMPLATE.md",
];
/// The largest file of the repository's that is read to find out how to check it.
const MOST: usize = 256 * 1024;

impl Hands {
    /// Reads the issue and the repository, and whether we may work there at all.
    pub(super) async fn inspect(&self, story: &Story) -> Result<Event, Failure> {
        let (repository, number) = (&story.task.repository, story.task.issue());
        let trust = &self.tools.trust;
        let name = repository.to_string();
        if !trust.repositories.is_empty() && !trust.repositories.contains(&name.to_lowercase()) {
            return Err(refused(format!("{name} is not in `trust.repositories` of this worker")));
        }
        if u64::from(trust.max_runs_per_day) < self.runs_today {
            return Err(refused(format!(
                "issue {number} of {name} was taken up {} times in a day, and \
                 `trust.max_runs_per_day` is {}: something may be asking in a circle",
                self.runs_today, trust.max_runs_per_day
            )));
        }
        let facts = self.tools.host.repository(repository).await?;
        let issue = self.tools.host.issue(repository, number, ASK).await?;
        if facts.archived {
            return Err(refused(format!("{name} is archived: nobody can push to it")));
        }
        if !facts.may_push {
            return Err(refused(format!("the worker's token may not push to {name}")));
        }
        if facts.public && !trust.native_public {
            return Err(refused(format!(
                "{name} is public, and its checks would run on this machine without a cage: \
                 the operator can allow that with `trust.native: always`"
            )));
        }
        if !facts.public && !trust.native_private {
            return Err(refused(format!(
                "the checks of {name} would run on this machine without a cage, and the \
                 operator's `trust.native` is `never`"
            )));
        }
        if !issue.open {
            return Err(refused(format!("issue {number} of {name} is closed")));
        }
        let body = normalise::markdown(&issue.body);
        Ok(Event::Inspected(Inspection {
            title: normalise::line(&issue.title),
            body: body.text,
            removed: body.removed,
            open: issue.open,
            asked_by: issue.labelled_by,
            default_branch: facts.default_branch,
            public: facts.public,
        }))
    }

    /// Checks the default branch out and finds out how it is checked.
    pub(super) async fn prepare(
        &mut self,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let inspection = story.inspection().ok_or_else(|| refused("the issue was not read"))?;
        self.log.section("check out").await;
        let (workspace, out) = self
            .tools
            .workspaces
            .check_out(&story.job, &story.task.repository, &inspection.default_branch, stop)
            .await?;
        let entries = workspace.files(&out.tree).await?;
        let plan = self.plan(&workspace, &entries, story)?;
        let template = template(&workspace, &out.tree, &entries).await?;
        self.on_disk = Some(out.tree.clone());
        self.workspace = Some(workspace);
        Ok(Event::Prepared(Checkout {
            base: out.base,
            tree: out.tree,
            plan,
            notes: out.notes,
            template,
        }))
    }

    /// How the repository says it is checked, or what was found.
    fn plan(
        &self,
        workspace: &Workspace,
        entries: &[TreeEntry],
        story: &Story,
    ) -> Result<Plan, Failure> {
        let paths = entries.iter().map(|it| it.path.as_str()).collect::<Vec<_>>();
        // The tree was just put on disk by us: a regular file of it lies behind no link.
        let plain = |it: &&TreeEntry| {
            matches!(it.kind, EntryKind::File | EntryKind::Executable) && it.size <= MOST as u64
        };
        let readable =
            entries.iter().filter(plain).map(|it| it.path.as_str()).collect::<HashSet<_>>();
        let read = |path: &str| {
            let path = readable.contains(path).then(|| workspace.tree().join(path))?;
            std::fs::read_to_string(path).ok()
        };
        let file = read(project_file::NAME).map(|it| project_file::parse(&it)).transpose();
        let file = file.map_err(|it| refused(it.to_string()))?;
        let image = super::verify::image_name(story);
        let dir = workspace.tree().to_string_lossy().into_owned();
        Ok(plan::plan(file.as_ref(), &paths, &read, &image, &dir))
    }
}

/// Asks git for what is there and for nothing else: each question is a process.
async fn template(
    workspace: &Workspace,
    tree: &ObjectId,
    entries: &[TreeEntry],
) -> Result<Option<String>, Failure> {
    for path in TEMPLATES.iter().filter(|path| entries.iter().any(|it| it.path == **path)) {
        if let Some(bytes) = workspace.read(tree, path, MOST).await? {
            return Ok(Some(String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    Ok(None)
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Fault::Permanent, message)
}
