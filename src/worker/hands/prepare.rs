//! Before the first turn: the issue is read, and the default branch checked out.

use tokio_util::sync::CancellationToken;

use crate::domain::change::ObjectId;
use crate::domain::job::{Checkout, Event, Failure, Fault, Inspection, Story};
use crate::domain::project::ProjectFile;
use crate::domain::verification::{Levels, Plan};
use crate::engine::plan;
use crate::project_file;
use crate::worker::hands::Hands;
use crate::worker::scene;
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

/// What chooses an image, besides our own file.
const DEVCONTAINERS: [&str; 2] = [".devcontainer/devcontainer.json", ".devcontainer.json"];

/// Files whose text is another than on disk, or that are not there at all.
type Steering = Vec<(String, Option<String>)>;

impl Hands {
    /// Checks the default branch out, or the pull request's, and finds out how it is checked.
    pub(super) async fn prepare(
        &mut self,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let inspection = story.inspection().ok_or_else(|| refused("the issue was not read"))?;
        let branch = branch(inspection);
        self.log.section(&format!("check out {branch}")).await;
        let (ahead, home) = (self.ahead.take(), super::home(story));
        let workspaces = &self.tools.workspaces;
        let (workspace, out) =
            workspaces.check_out_fetched(&story.job, home, branch, ahead, stop).await?;
        let entries = workspace.files(&out.tree).await?;
        let file = self.project_file(&workspace, &entries, inspection, story, stop).await?;
        let plan = self.plan(file.as_ref(), &workspace, &entries, inspection, story, stop).await?;
        let template = template(&workspace, &out.tree, &entries).await?;
        self.on_disk = Some(out.tree.clone());
        self.workspace = Some(workspace);
        let levels =
            Levels { agent: self.tools.agent_level, checks: self.tools.runner.level(&plan) };
        tracing::info!(
            job = %story.job,
            agent = levels.agent.name(),
            checks = levels.checks.name(),
            plan = plan.source,
            "what is around this job"
        );
        let mut checkout = Checkout {
            base: out.base,
            tree: out.tree,
            plan,
            narrowing: file.map(|it| it.gate).unwrap_or_default(),
            notes: out.notes,
            template,
            levels,
        };
        // Now, though it could wait: what goes wrong here is for the reviewer to know.
        let scene = self.set_scene(&checkout, story, stop).await?;
        checkout.notes.extend(scene.notes.iter().map(|it| self.hushed(it)));
        self.begin_with_caches(&checkout, &scene, story).await;
        Ok(Event::Prepared(checkout))
    }

    /// How the repository is checked, with or without an engine.
    async fn plan(
        &self,
        file: Option<&ProjectFile>,
        workspace: &Workspace,
        entries: &[TreeEntry],
        inspection: &Inspection,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Plan, Failure> {
        let steering = self.steering(inspection, story, stop).await?;
        let made = |containers| plan_of(file, workspace, entries, story, &steering, containers);
        scene::choose(self.tools.runner.as_ref(), self.tools.places, &made).await
    }

    /// Files that choose an image, as the default branch has them. Where the work stands on the
    /// default branch, there is nothing to look up.
    async fn steering(
        &self,
        inspection: &Inspection,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Steering, Failure> {
        let mut steering = Steering::new();
        if inspection.conversation.is_none() || self.tools.places == scene::Places::Machine {
            return Ok(steering);
        }
        let (workspaces, branch) = (&self.tools.workspaces, &inspection.default_branch);
        for path in DEVCONTAINERS {
            let found =
                workspaces.file_at(&story.task.repository, branch, path, MOST, stop).await?;
            let text = found.map(|it| String::from_utf8_lossy(&it).into_owned());
            steering.push((path.to_owned(), text));
        }
        Ok(steering)
    }

    /// What the repository says about itself, on its default branch: whoever can change a pull
    /// request must not choose the commands that judge it.
    async fn project_file(
        &self,
        workspace: &Workspace,
        entries: &[TreeEntry],
        inspection: &Inspection,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<ProjectFile>, Failure> {
        let text = match inspection.conversation {
            None => text_of(workspace, entries, project_file::NAME),
            Some(_) => {
                let (workspaces, repository) = (&self.tools.workspaces, &story.task.repository);
                let branch = &inspection.default_branch;
                let found =
                    workspaces.file_at(repository, branch, project_file::NAME, MOST, stop).await?;
                found.map(|it| String::from_utf8_lossy(&it).into_owned())
            }
        };
        let file = text.map(|it| project_file::parse(&it)).transpose();
        file.map_err(|it| refused(it.to_string()))
    }
}

/// The branch that the work stands on.
pub(super) fn branch(inspection: &Inspection) -> &str {
    let head = inspection.conversation.as_ref().map(|it| &it.head);
    head.unwrap_or(&inspection.default_branch)
}

/// How the repository says it is checked, or what was found.
fn plan_of(
    file: Option<&ProjectFile>,
    workspace: &Workspace,
    entries: &[TreeEntry],
    story: &Story,
    steering: &Steering,
    containers: bool,
) -> Plan {
    let mut paths = entries.iter().map(|it| it.path.as_str()).collect::<Vec<_>>();
    paths.retain(|path| !steering.iter().any(|(it, text)| it == path && text.is_none()));
    let read = |path: &str| match steering.iter().find(|(it, _)| it == path) {
        Some((_, text)) => text.clone(),
        None => text_of(workspace, entries, path),
    };
    let image = super::verify::image_name(story);
    let dir = workspace.tree().to_string_lossy().into_owned();
    plan::plan(plan::Project {
        own: file,
        files: &paths,
        read: &read,
        image: &image,
        dir: &dir,
        containers,
    })
}

/// The text of a regular file of moderate size. The tree was just put on disk by us: such a file
/// of it lies behind no link.
fn text_of(workspace: &Workspace, entries: &[TreeEntry], path: &str) -> Option<String> {
    let entry = entries.iter().find(|it| it.path == path)?;
    let plain = matches!(entry.kind, EntryKind::File | EntryKind::Executable);
    let readable = plain && entry.size <= MOST as u64;
    readable.then(|| std::fs::read_to_string(workspace.tree().join(path)).ok()).flatten()
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
