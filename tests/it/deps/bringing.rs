//! Each project is pushed, prepared from its tip with the network, and checked twice without one:
//! by the commands of its own plan, in two jobs' copies.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use codingworker::deps::Deps;
use codingworker::domain::verification::{Exit, Preparation};
use codingworker::engine::plan::{Project as Shown, plan};
use codingworker::engine::preparation::preparations;
use codingworker::process::{self, Spec};
use codingworker::workspace::Workspace;
use tokio_util::sync::CancellationToken;

use crate::workspace::world::{World, write};

/// A registry over what may be a slow line.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs a shell line as this machine's own tools, with a home of its own and nothing that the
/// build of these tests left in the environment.
pub(super) async fn shell(
    line: &str,
    folder: &Path,
    home: &Path,
    more: &[(String, String)],
) -> (Exit, String) {
    std::fs::create_dir_all(home).unwrap();
    let cargo = Path::new(env!("CARGO")).parent().unwrap().to_owned();
    let ours = |name: &str| {
        let tools = ["CARGO", "RUST", "npm_", "PYTHON", "VIRTUAL_ENV"];
        tools.iter().any(|tool| name.starts_with(tool))
            || ["PATH", "HOME", "LD_LIBRARY_PATH"].contains(&name)
    };
    let mut env: Vec<(OsString, OsString)> =
        std::env::vars_os().filter(|(name, _)| !ours(&name.to_string_lossy())).collect();
    let inherited = std::env::vars_os().find(|(name, _)| name == "PATH").unwrap().1;
    let path = [cargo].into_iter().chain(std::env::split_paths(&inherited));
    let path = std::env::join_paths(path).unwrap().into_string().unwrap();
    env.push(("PATH".into(), path.clone().into()));
    env.push(("HOME".into(), home.into()));
    env.extend(
        more.iter().map(|(name, value)| (name.into(), value.replace("${PATH}", &path).into())),
    );
    let spec = Spec {
        args: vec!["-c".into(), line.into()],
        env,
        merge: true,
        ..Spec::new("sh", folder, LIMIT)
    };
    let ended = process::run(spec, None, &CancellationToken::new()).await.unwrap();
    (ended.exit, ended.stdout.to_text())
}

/// The same without any network, not even the machine's loopback.
async fn offline(
    line: &str,
    folder: &Path,
    home: &Path,
    more: &[(String, String)],
) -> (Exit, String) {
    let script = home.with_extension("sh");
    std::fs::write(&script, line).unwrap();
    let script = script.display();
    let line = match cfg!(target_os = "macos") {
        true => {
            format!("sandbox-exec -p '(version 1)(allow default)(deny network*)' sh '{script}'")
        }
        false => format!("unshare --map-root-user --net sh '{script}'"),
    };
    shell(&line, folder, home, more).await
}

/// A repository whose checks need something from outside.
struct Project {
    world: World,
    store: Deps,
    preparation: Preparation,
    checks: String,
}

impl Project {
    /// Its `lock` command makes the lock file, as its author would.
    async fn new(files: &[(&str, &str)], lock: &str) -> Self {
        let world = World::empty();
        let author = world.path().join("author");
        write(&author, files);
        let home = world.path().join("author-home");
        let (exit, output) = shell(lock, &author, &home, &[]).await;
        assert!(exit.is_success(), "{lock}: {output}");
        let texts: Vec<(String, String)> = std::fs::read_dir(&author)
            .unwrap()
            .map(|it| it.unwrap())
            .filter(|it| it.file_type().unwrap().is_file())
            .map(|it| {
                (it.file_name().into_string().unwrap(), std::fs::read_to_string(it.path()).unwrap())
            })
            .collect();
        let mut all: Vec<(&str, &str)> =
            texts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        all.extend(files.iter().filter(|(path, _)| path.contains('/')));
        world.person_pushes(&all, "main");

        let names: Vec<&str> = all.iter().map(|(path, _)| *path).collect();
        let read = |path: &str| all.iter().find(|it| it.0 == path).map(|it| it.1.to_owned());
        let mut preparations = preparations(&names, &read);
        assert_eq!(preparations.len(), 1);
        let plan = plan(Shown {
            files: &names,
            read: &read,
            image: "image",
            dir: "/w",
            ..Shown::default()
        });
        let steps: Vec<_> = plan.steps.iter().map(|step| format!("({})", step.command)).collect();
        let store = Deps::new(world.path().join("deps"));
        Self { world, store, preparation: preparations.remove(0), checks: steps.join(" && ") }
    }

    /// What a job does before its checks. Says whether something had to be brought, and where the
    /// job's copy is.
    async fn prepare(&self, job: &str) -> (bool, Workspace, PathBuf) {
        let (workspace, out) = self.world.check_out(job).await;
        let mut contents = Vec::new();
        for file in &self.preparation.files {
            contents.push(workspace.read(&out.tree, file, 1 << 20).await.unwrap());
        }
        let key = Deps::key(&self.preparation, &contents, "host");
        let repository = &self.world.repository;
        let (brought, kept) = match self.store.find(repository, &key) {
            Some(kept) => (false, kept),
            None => (true, self.bring(&key).await),
        };
        let copy = self.world.path().join("jobs").join(job).join("deps");
        Deps::copy(&kept, &copy).await.unwrap();
        (brought, workspace, copy)
    }

    async fn bring(&self, key: &codingworker::deps::Key) -> PathBuf {
        let begun = self.store.begin(&self.world.repository, key).unwrap();
        let source = self.world.path().join("source");
        let (workspaces, stop) = (self.world.workspaces(), &self.world.stop);
        let files = &self.preparation.files;
        workspaces.export_at(&self.world.repository, "main", files, &source, stop).await.unwrap();
        let home = self.world.path().join("prepare-home");
        let env = [("DEPS_DIR".to_owned(), begun.files().display().to_string())];
        let (exit, output) = shell(&self.preparation.command, &source, &home, &env).await;
        assert!(exit.is_success(), "{}: {output}", self.preparation.command);
        // Neither sources nor home are there any more when the checks run.
        std::fs::remove_dir_all(source).unwrap();
        std::fs::remove_dir_all(home).unwrap();
        self.store.finish(begun).await.unwrap()
    }

    /// Runs the checks of a job without a network, with what is in `deps`.
    async fn check(&self, workspace: &Workspace, deps: &Path) -> (Exit, String) {
        let deps = deps.display().to_string();
        let set =
            |(name, value): &(String, String)| (name.clone(), value.replace("${DEPS_DIR}", &deps));
        let mut env: Vec<_> = self.preparation.env.iter().map(set).collect();
        env.push(("DEPS_DIR".to_owned(), deps.clone()));
        offline(&self.checks, workspace.tree(), workspace.home(), &env).await
    }

    /// The whole of it.
    async fn is_brought_in_once_and_found_offline(&self, says: &str) {
        let (brought, first, deps) = self.prepare("job1").await;
        assert!(brought);
        let nothing = self.world.path().join("nothing");
        std::fs::create_dir(&nothing).unwrap();
        let (exit, output) = self.check(&first, &nothing).await;
        assert!(!exit.is_success(), "the checks pass without what they need: {output}");
        let (exit, output) = self.check(&first, &deps).await;
        assert!(exit.is_success() && output.contains(says), "{}: {output}", self.checks);

        // What a job does to its copy is gone with the job.
        std::fs::remove_dir_all(&deps).unwrap();
        let (brought, second, deps) = self.prepare("job2").await;
        assert!(!brought, "the same lock file was prepared twice");
        let (exit, output) = self.check(&second, &deps).await;
        assert!(exit.is_success() && output.contains(says), "{}: {output}", self.checks);
    }
}

#[tokio::test]
async fn npm_installs_offline_what_was_brought_from_the_lock_file() {
    let manifest = r#"{"name": "web", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"},
        "scripts": {"test": "node --test"}}"#;
    let test = "const it = require('is-number');\n\
        require('node:test')('seven', () => require('node:assert').ok(it(7)));\n";
    let project = Project::new(
        &[("package.json", manifest), ("seven.test.js", test)],
        "npm install --package-lock-only --no-audit --no-fund",
    )
    .await;
    assert!(project.checks.contains("npm ci"), "{}", project.checks);
    project.is_brought_in_once_and_found_offline("pass 1").await;
}

#[tokio::test]
async fn pip_brings_what_the_tests_import_and_pytest_itself() {
    let project = Project::new(
        &[
            ("requirements.txt", "iniconfig==2.0.0\n-e .\n"),
            ("requirements-dev.txt", "-r requirements.txt\npytest\n"),
            ("setup.py", "raise SystemExit('nobody runs this')\n"),
            ("src/api/__init__.py", "import iniconfig\n"),
            ("tests/test_api.py", "def test_import():\n    import api\n"),
        ],
        "true",
    )
    .await;
    assert!(project.checks.contains("-m pytest"), "{}", project.checks);
    project.is_brought_in_once_and_found_offline("1 passed").await;
}

#[tokio::test]
async fn cargo_builds_and_tests_offline_from_a_home_of_its_own() {
    let root = "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
        [dependencies]\nitoa = \"1\"\n[[example]]\nname = \"show\"\n[workspace]\nmembers = [\"member\"]\n";
    let member = "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
        [[bin]]\nname = \"member\"\npath = \"run.rs\"\n";
    let lib = "#[test]\nfn seven() {\n    assert_eq!(itoa::Buffer::new().format(7), \"7\");\n}\n";
    let project = Project::new(
        &[
            ("Cargo.toml", root),
            ("src/lib.rs", lib),
            ("examples/show.rs", "fn main() {}\n"),
            ("member/Cargo.toml", member),
            ("member/run.rs", "fn main() {}\n"),
        ],
        "cargo generate-lockfile",
    )
    .await;
    assert!(project.checks.contains("--locked"), "{}", project.checks);
    project.is_brought_in_once_and_found_offline("test seven ... ok").await;
}

#[tokio::test]
async fn a_changed_lock_file_is_another_key_and_a_changed_source_is_not() {
    let files = [("requirements.txt", "iniconfig==2.0.0\n"), ("a.py", "1\n")];
    let project = Project::new(&files, "true").await;
    let (brought, ..) = project.prepare("job1").await;
    assert!(brought);
    project.world.person_pushes(&[("a.py", "2\n")], "main");
    let (brought, ..) = project.prepare("job2").await;
    assert!(!brought);
    project.world.person_pushes(&[("requirements.txt", "iniconfig==1.1.1\n")], "main");
    let (brought, _, deps) = project.prepare("job3").await;
    assert!(brought);
    assert!(deps.join("python/iniconfig-1.1.1.dist-info").exists());
}
