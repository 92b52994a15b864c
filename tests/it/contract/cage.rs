//! What every cage promises. Each clause is asked of each of them; what a cage keeps from its
//! children is first shown to work without one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use codingworker::cage::bare::Bare;
use codingworker::cage::bubblewrap::Bubblewrap;
use codingworker::cage::{Cage, CageError, Limits, Network, Rules};
use codingworker::docker::{Docker, Owner};
use codingworker::domain::verification::{Exit, Isolation};
use codingworker::process::{Ended, Spec, Tee};
use tokio_util::sync::CancellationToken;

use crate::docker_engine;

mod kept;
mod promised;

/// A cage, and a folder that its children may change.
pub(crate) struct Site {
    pub(crate) cage: Arc<dyn Cage>,
    folder: tempfile::TempDir,
}

/// One that is made anew for each clause.
pub(crate) type Builder = fn() -> futures_util::future::BoxFuture<'static, Arc<dyn Cage>>;

/// All cages of this machine. A new one is a new line here, and the whole suite runs on it.
pub(crate) const CAGES: [Builder; 3] = [
    || Box::pin(async { Arc::new(Bare) as Arc<dyn Cage> }),
    || Box::pin(async { Arc::new(bubblewrap().await) as Arc<dyn Cage> }),
    || Box::pin(async { container() }),
];

/// One of the image that tests build upon. It has the system's programs, and no others.
pub(crate) fn container() -> Arc<dyn Cage> {
    let owner = Owner { worker: format!("test-cage-{}", std::process::id()), job: None };
    let docker = Docker::new(docker_engine::endpoint()).unwrap();
    codingworker::cage::of_image(docker, &docker_engine::base(), owner)
}

/// Set for those who may not use the container engine.
const NO_ENGINE: &str = "CODINGWORKER_TEST_NO_ENGINE";

#[expect(clippy::disallowed_methods, reason = "where this machine's tools are")]
fn path() -> String {
    std::env::var("PATH").unwrap()
}

pub(crate) async fn bubblewrap() -> Bubblewrap {
    Bubblewrap::find(&path(), None).await.unwrap_or_else(|why| panic!("{why}"))
}

impl Site {
    pub(crate) fn of(cage: Arc<dyn Cage>) -> Self {
        Self { cage, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) async fn each() -> Vec<Self> {
        let mut sites = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "said by the test below")]
        let most = if std::env::var_os(NO_ENGINE).is_some() { 2 } else { CAGES.len() };
        for build in &CAGES[..most] {
            sites.push(Self::of(build().await));
        }
        // Without a control group it does what it can, which is told in `process`.
        sites.retain(|it| is_root() || it.cage.level() != Isolation::Native);
        sites
    }

    /// Those that keep things from their children, and the one that does not.
    async fn caged() -> (Vec<Self>, Self) {
        let sites = Self::each().await;
        let caged = sites.into_iter().filter(|it| it.cage.level() != Isolation::Native);
        (caged.collect(), Self::of(Arc::new(Bare)))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    pub(crate) fn rules(&self) -> Rules {
        Rules {
            writable: vec![self.path("")],
            readable: Vec::new(),
            sockets: Vec::new(),
            network: Network::None,
            limits: Limits { memory: 512 << 20, processes: 128, ..Limits::default() },
        }
    }

    pub(crate) fn sh(&self, line: &str) -> Spec {
        let env = |name: &str, value: OsString| (OsString::from(name), value);
        Spec {
            args: ["-c", &line.replace("{pid}", &std::process::id().to_string())]
                .map(OsString::from)
                .to_vec(),
            env: vec![
                env("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
                env("HOME", self.path("").into()),
            ],
            grace: Duration::from_millis(500),
            ..Spec::new("sh", self.path(""), Duration::from_secs(60))
        }
    }

    pub(crate) async fn run(&self, line: &str) -> Ended {
        self.run_by(line, &self.rules()).await
    }

    pub(crate) async fn run_by(&self, line: &str, rules: &Rules) -> Ended {
        self.try_run(self.sh(line), rules, None, &CancellationToken::new()).await.unwrap()
    }

    pub(crate) async fn try_run(
        &self,
        spec: Spec,
        rules: &Rules,
        tee: Option<&dyn Tee>,
        stop: &CancellationToken,
    ) -> Result<Ended, CageError> {
        self.cage.run(spec, rules, tee, stop).await
    }

    /// What it prints, both streams, whatever comes of it.
    pub(crate) async fn said(&self, line: &str) -> String {
        let ended = self.run(line).await;
        ended.stdout.to_text() + &ended.stderr.to_text()
    }
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Processes of this machine that were told to sleep for so long, by this process: `{pid}` in a
/// line stands for it.
pub(crate) fn alive(seconds: &str) -> Vec<i32> {
    let word = format!("{seconds}.{}", std::process::id());
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|it| it.file_name().to_str()?.parse::<i32>().ok());
    let holds = |pid: &i32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|it| it == word.as_bytes())
    };
    pids.filter(holds).collect()
}

/// This suite, copied into `folder` for another user. Another program writes it: what a test beside
/// this one starts while we do would have it open too, and what is open for writing cannot be run.
pub(crate) async fn suite_in(folder: &Path) -> PathBuf {
    let suite = folder.join("suite");
    let mut copy = Spec::new("/bin/cp", "/", Duration::from_secs(60));
    copy.args = vec![std::env::current_exe().unwrap().into(), suite.clone().into()];
    let ended = codingworker::process::run(copy, None, &CancellationToken::new()).await.unwrap();
    assert_eq!(ended.exit, Exit::Code(0));
    suite
}

/// This suite once more, by somebody who may do less.
#[tokio::test]
async fn an_ordinary_user_has_the_same_cage() {
    if !is_root() {
        return; // The other tests have just shown it.
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let suite = suite_in(folder.path()).await;
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"].map(OsString::from);
    let tests = ["contract::cage::", "--skip", "ordinary_user"].map(OsString::from);
    let mut spec = Spec::new("setpriv", "/tmp", Duration::from_secs(300));
    spec.args = user.into_iter().chain([suite.into()]).chain(tests).collect();
    spec.env = vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    spec.env.push((NO_ENGINE.into(), "1".into()));
    spec.merge = true;
    let ended = codingworker::process::run(spec, None, &CancellationToken::new()).await.unwrap();
    let said = ended.stdout.to_text();
    assert_eq!(ended.exit, Exit::Code(0), "{said}");
    assert!(said.contains("test result: ok."), "{said}");
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
