//! The project's own checks, on a tree that is put on disk first.

use tokio_util::sync::CancellationToken;

use crate::domain::change::{ChangeKind, FileChange, ObjectId};
use crate::domain::job::{
    Complaint, Event, Failure, Fault, NewTests, OldTests, Proof, Request, Story, Turn,
};
use crate::domain::verification::{Check, PlannedStep, Step, Verification};
use crate::engine::guard;
use crate::engine::judge;
use crate::engine::testlog;
use crate::runner::Command;
use crate::worker::hands::{Hands, Log};

/// How much of a check's output goes into the journal and back to the agent.
const EXCERPT_LINES: usize = 60;
const EXCERPT_BYTES: usize = 6 * 1024;

impl Hands {
    /// All checks on the untouched base; a red one does not keep the next from running, since
    /// each must be known.
    pub(super) async fn baseline(
        &mut self,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let checkout = checkout(story)?;
        self.put(&checkout.tree, story).await?;
        let mut steps = Vec::new();
        for planned in &checkout.plan.steps {
            steps.push(self.step(planned, "base", &checkout.tree, story, stop).await?);
        }
        self.keep_caches(story, stop).await;
        let tree = checkout.tree.clone();
        let examples = self.examples_on_base(&tree, story, stop).await?;
        Ok(Event::Baselined(Verification { steps, examples }))
    }

    /// The checks in `scope` on `tree`, after the formatter, up to the first that is newly red.
    pub(super) async fn verify(
        &mut self,
        tree: ObjectId,
        scope: Vec<Check>,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        self.put(&tree, story).await?;
        let tree = match &checkout(story)?.plan.format {
            Some(format) => self.format(tree, format, story, stop).await?,
            None => tree,
        };
        let base = story.baseline().cloned().unwrap_or_default();
        let planned = checkout(story)?.plan.steps.iter();
        let mut verification = Verification::default();
        let mut complaint = None;
        let before = failed_before(story);
        for planned in planned.filter(|it| scope.contains(&it.check)) {
            if let Some((step, red)) =
                self.again(planned, before, &tree, &base, story, stop).await?
            {
                verification.steps.push(step);
                complaint = Some(red);
                break;
            }
            let (step, output) = self.checked(planned, "work", &tree, story, stop).await?;
            verification.steps.push(step);
            if let Some(red) = judge::newly_red(&base, &verification) {
                complaint = Some(self.telling(red, &output, &tree, &base, story).await?);
                break;
            }
        }
        if complaint.is_none() {
            let full = scope.contains(&Check::Test);
            let tried = self.examples_on_work(&tree, full, &mut verification, story, stop).await?;
            complaint = tried;
        }
        Ok(Event::Verified { verification, tree, scope, complaint })
    }

    /// Those tests that the agent was to mend, before all others: when one is still red, the agent
    /// hears of it at once. Nothing is green by this.
    async fn again(
        &mut self,
        planned: &PlannedStep,
        failed: &[String],
        tree: &ObjectId,
        base: &Verification,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<(Step, Complaint)>, Failure> {
        if planned.check != Check::Test || planned.docker {
            return Ok(None);
        }
        let Some(command) = testlog::narrowed(&planned.command, failed) else { return Ok(None) };
        let narrow = PlannedStep { command, ..planned.clone() };
        let (step, output) = self.checked(&narrow, "what failed before", tree, story, stop).await?;
        let Some(red) = judge::red_again(base, failed, &step) else { return Ok(None) };
        Ok(Some((step, self.telling(red, &output, tree, base, story).await?)))
    }

    /// The complaint as the agent gets it: with what tells what to mend, where that is recognised.
    async fn telling(
        &mut self,
        red: Complaint,
        output: &str,
        tree: &ObjectId,
        base: &Verification,
        story: &Story,
    ) -> Result<Complaint, Failure> {
        let Complaint::Red { check, .. } = &red else { return Ok(red) };
        let workspace = self.workspace(story).await?;
        let files = workspace.files(tree).await?.into_iter().map(|it| it.path).collect();
        // The agent names files from the root of the tree.
        let output = match workspace.tree().to_str() {
            Some(root) => output.replace(&format!("{root}/"), ""),
            None => output.to_owned(),
        };
        let ours = |path: &str| testlog::is_of_project(path, &files);
        let telling = testlog::telling(&output, &ours, judge::stood(base, *check));
        Ok(judge::with_telling(red, telling))
    }

    /// Runs the project's formatter and keeps what it did to files that the agent had touched.
    /// A formatter that fails is the lint check's business.
    pub(super) async fn format(
        &mut self,
        tree: ObjectId,
        command: &str,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<ObjectId, Failure> {
        self.run(command, false, "format", story, stop).await?;
        let base = checkout(story)?.tree.clone();
        let workspace = self.workspace(story).await?;
        let touched = workspace.changes(&base, &tree).await?;
        let touched = touched.into_iter().filter(|it| it.kind != ChangeKind::Removed);
        let paths = touched.map(|it| it.path).collect::<Vec<_>>();
        let formatted = workspace.snapshot().await?.tree;
        let kept = workspace.graft(&tree, &formatted, &paths).await?;
        self.put(&kept, story).await?;
        Ok(kept)
    }

    /// Whether the new tests fail without the change, and the old ones still pass in their old
    /// form; and what else a person should decide.
    pub(super) async fn prove(
        &mut self,
        tree: ObjectId,
        adds_test: bool,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Event, Failure> {
        let base = checkout(story)?.tree.clone();
        let changes = self.workspace(story).await?.changes(&base, &tree).await?;
        let objections = self.objections(&base, &tree, &changes, story).await?;
        let tests = |changed: &dyn Fn(&FileChange) -> bool| {
            let paths = changes.iter().filter(|it| guard::is_test_file(&it.path) && changed(it));
            paths.map(|it| it.path.clone()).collect::<Vec<_>>()
        };
        let new = tests(&|it| it.kind != ChangeKind::Removed);
        let old = tests(&|it| it.kind != ChangeKind::Added);
        let planned =
            checkout(story)?.plan.steps.iter().find(|it| it.check == Check::Test).cloned();
        let Some(planned) = planned else {
            let new_tests = if new.is_empty() { NewTests::None } else { NewTests::NotRun };
            let added = None;
            return Ok(Event::Proved(Proof {
                new_tests,
                broken_old_tests: None,
                objections,
                added,
            }));
        };
        let only_tests = changes.iter().all(|it| guard::is_test_file(&it.path));
        let new_tests = match new.is_empty() {
            true => NewTests::None,
            // Without a change to anything but tests there is nothing that they could fail without.
            false if only_tests => NewTests::PassOnBase,
            false => match self.red_after(&base, &tree, &new, &planned, story, stop).await? {
                Some(_) => NewTests::FailOnBase,
                None => NewTests::PassOnBase,
            },
        };
        // In a rename the old form calls what is gone, and that is what was asked for.
        let renamed = story.turns().all(Turn::is_by_worker);
        let broken = match old.is_empty() || renamed {
            true => None,
            false => self.red_after(&tree, &base, &old, &planned, story, stop).await?,
        };
        let broken_old_tests = broken.map(|excerpt| OldTests { files: old, excerpt });
        let added = match adds_test && new_tests == NewTests::None {
            true => self.added_test(&tree, &planned, story, stop).await?,
            false => None,
        };
        let new_tests = if added.is_some() { NewTests::FailOnBase } else { new_tests };
        let last = added.as_ref().map_or(&tree, |it| &it.tree);
        self.put(last, story).await?;
        Ok(Event::Proved(Proof { new_tests, broken_old_tests, objections, added }))
    }

    /// Runs the tests on `onto` with `paths` as they are in `from`; says what is newly red there.
    pub(super) async fn red_after(
        &mut self,
        onto: &ObjectId,
        from: &ObjectId,
        paths: &[String],
        planned: &PlannedStep,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Option<String>, Failure> {
        let mixed = self.workspace(story).await?.graft(onto, from, paths).await?;
        self.put(&mixed, story).await?;
        let step = self.step(planned, "proof", &mixed, story, stop).await?;
        let base = story.baseline().cloned().unwrap_or_default();
        let excerpt = step.excerpt.clone();
        let red =
            judge::newly_red(&base, &Verification { steps: vec![step], ..Verification::default() });
        Ok(red.map(|_| excerpt))
    }

    /// What speaks against calling this ready although its checks are green.
    async fn objections(
        &mut self,
        base: &ObjectId,
        tree: &ObjectId,
        changes: &[FileChange],
        story: &Story,
    ) -> Result<Vec<String>, Failure> {
        let mut objections = Vec::new();
        if changes.is_empty() {
            objections.push("Nothing was changed.".to_owned());
        }
        if checkout(story)?.plan.steps.is_empty() {
            objections.push(
                "The repository has no checks that were found: add a .codingworker.yml.".to_owned(),
            );
        }
        let findings = self.findings(base, tree, changes, story).await?;
        objections.extend(findings.into_iter().map(|it| self.hushed(&it.words)));
        Ok(objections)
    }

    /// One check: run, read, and put into words.
    pub(super) async fn step(
        &mut self,
        planned: &PlannedStep,
        on: &str,
        tree: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<Step, Failure> {
        Ok(self.checked(planned, on, tree, story, stop).await?.0)
    }

    /// The same, with all that it printed.
    async fn checked(
        &mut self,
        planned: &PlannedStep,
        on: &str,
        tree: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<(Step, String), Failure> {
        let title = format!("{} ({on})", planned.check.name());
        if planned.docker && planned.check != Check::Build {
            self.build_image(on, tree, story, stop).await?;
        }
        let ended = self.run(&planned.command, planned.docker, &title, story, stop).await?;
        if planned.check == Check::Build {
            self.built = ended.exit.is_success().then(|| tree.clone());
        }
        let step = Step {
            check: planned.check,
            command: planned.command.clone(),
            exit: ended.exit,
            duration_ms: u64::try_from(ended.took.as_millis()).unwrap_or(u64::MAX),
            tests: match planned.check {
                Check::Test => testlog::tests(&planned.command, &ended.output),
                Check::Build | Check::Lint => None,
            },
            excerpt: match ended.exit.is_success() {
                true => String::new(),
                false => testlog::excerpt(&ended.output, EXCERPT_LINES, EXCERPT_BYTES),
            },
        };
        Ok((step, ended.output))
    }

    /// A command that runs the job's image sees the tree only as the image was built from it: the
    /// one on disk may be another since. When it does not build, the command says so.
    async fn build_image(
        &mut self,
        on: &str,
        tree: &ObjectId,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let mut steps = checkout(story)?.plan.steps.iter();
        let build = steps.find(|it| it.check == Check::Build && it.docker);
        let Some(build) = build.filter(|_| self.built.as_ref() != Some(tree)) else {
            return Ok(());
        };
        let (line, title) = (build.command.clone(), format!("build the image ({on})"));
        let ended = self.run(&line, true, &title, story, stop).await?;
        self.built = ended.exit.is_success().then(|| tree.clone());
        Ok(())
    }

    /// One command of the project's. What it leaves behind is not a part of the work.
    async fn run(
        &mut self,
        line: &str,
        docker: bool,
        title: &str,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<crate::runner::Ended, Failure> {
        self.log.section(&format!("{title}: {line}")).await;
        self.run_here(line, docker, None, story, stop).await
    }

    /// A command of our own beside the project's, which reads `input`.
    pub(super) async fn run_fed(
        &mut self,
        line: &str,
        title: &str,
        input: &[u8],
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<crate::runner::Ended, Failure> {
        self.log.section(title).await;
        self.run_here(line, false, Some(input), story, stop).await
    }

    async fn run_here(
        &mut self,
        line: &str,
        docker: bool,
        stdin: Option<&[u8]>,
        story: &Story,
        stop: &CancellationToken,
    ) -> Result<crate::runner::Ended, Failure> {
        self.on_disk = None;
        let (tools, log) = (self.tools.clone(), self.log.clone());
        let scene = self.scene(story, stop).await?;
        let seat = self.seat(checkout(story)?, story).await?;
        let workspace = self.workspace(story).await?;
        // The engine, and what it mounts, knows the folders by their own names.
        let (tree, home) = match docker {
            true => (workspace.tree().to_owned(), workspace.home().to_owned()),
            false => (seat.join("tree"), seat.join("home")),
        };
        let mut env = Vec::from([
            ("IMAGE_NAME".to_owned(), image_name(story)),
            ("WORK_DIR".to_owned(), tree.to_string_lossy().into_owned()),
        ]);
        env.extend_from_slice(&scene.env);
        let command = Command {
            job: &story.job,
            image: scene.image.as_deref(),
            docker,
            network: story.inspection().is_some_and(|it| it.network),
            deps: scene.deps.as_deref(),
            tree: &tree,
            home: &home,
            line,
            stdin,
            env: &env,
            limit: tools.check_limit,
            tee: Some(Log::tee(log.as_ref())),
        };
        let mut ended = tools.runner.run(command, stop).await?;
        // The agent knows the checkout by another path.
        if let (Some(seen), Some(own)) = (tree.to_str(), workspace.tree().to_str()) {
            ended.output = ended.output.replace(seen, own);
        }
        // It goes into the journal, to the model and, as an excerpt, to the code host.
        ended.output = tools.redactor.text(&ended.output).into_owned();
        Ok(ended)
    }
}

/// The tests that the last turn was to mend, while nothing has judged that turn yet.
fn failed_before(story: &Story) -> &[String] {
    let last = story.records.iter().rev().find_map(|it| match &it.event {
        Event::Attempted(turn) => Some(Some(&turn.request)),
        Event::Verified { .. } | Event::Rebased { .. } => Some(None),
        _ => None,
    });
    match last {
        Some(Some(Request::Fix {
            complaint: Complaint::Red { check: Check::Test, tests, .. },
        })) => tests,
        _ => &[],
    }
}

/// What `${IMAGE_NAME}` stands for.
pub(super) fn image_name(story: &Story) -> String {
    let name = story.task.repository.name().to_lowercase();
    format!("codingworker-{name}-{}", story.task.thread())
}

/// What was checked out.
pub(super) fn checkout(story: &Story) -> Result<&crate::domain::job::Checkout, Failure> {
    story.checkout().ok_or_else(|| {
        Failure::new(Fault::Permanent, "the job has no checkout: its journal is damaged")
    })
}
