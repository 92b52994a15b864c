//! The worker in its box at work: started as docker-compose.yml starts it, with the model on this
//! machine, jobs in containers beside it, and the filter, or the plain socket, in between.
//!
//! Aider is played (`box_worker/aider.py`): its pinned packages are for Python 3.11, and the Debian
//! that has a git new enough for the worker has none, so the image of these tests is the variant
//! `slim`. What plays it goes every way that Aider goes: it is asked where it lives, runs in a
//! container of the worker's image, and reaches the model through bridge and recorder alone.

#![cfg(target_os = "linux")] // Elsewhere the binary under test runs in no container.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use codingworker::code_host::folder::{Folder, Ledger};
use codingworker::domain::job::Person;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::world::{BODY, MODEL, OLD_TESTS, RIGHT, TITLE, right, until};
use crate::box_image::{base, build, docker, image, program, run, said};
use crate::scripted_ollama::{Reply, ScriptedOllama};

const STATE: &str = "/var/lib/codingworker";
/// What is left of a killed worker's jobs has to be gone this long after the next start.
const SWEPT: Duration = Duration::from_secs(10);

/// A worker in a box, with a state volume and a name of its own.
struct Boxed {
    name: String,
    files: Vec<&'static str>,
    dir: TempDir,
    ollama: ScriptedOllama,
}

impl Boxed {
    /// Not started yet; these repositories have an issue each.
    async fn with(
        files: &[&'static str],
        reply: Reply,
        repositories: &[(&str, Vec<(&str, String)>)],
    ) -> Self {
        let image = with_aider();
        let dir = tempfile::Builder::new().prefix("cwbox-").tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let name = dir.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        let ollama = ScriptedOllama::at(on_the_bridge(), MODEL, [reply]).await;
        let it = Self { name, files: files.to_vec(), dir, ollama };
        let config = json!({
            "worker": {"worker_id": "boxed", "slots": 1, "retry_delay_seconds": 1},
            "github": {"token": "", "git_url": format!("file://{STATE}/hosts")},
            "aider": {"models": [{"name": format!("ollama_chat/{MODEL}"), "timeout_seconds": 120}]},
            "verify": {"max_fixes": 1, "timeout_seconds": 120, "write_tests": false, "ready": "green"},
        });
        std::fs::write(it.dir.path().join("config.yaml"), config.to_string()).unwrap();
        for (name, files) in repositories {
            it.repository(name, files).await;
        }
        docker(&["image", "inspect", "--format", "{{.Id}}", image]);
        // Into the state volume, by the user that it belongs to.
        let tar = it.dir.path().join("hosts.tar");
        run(program("tar").arg("-C").arg(it.dir.path()).arg("-cf").arg(&tar).arg("hosts"));
        let into = ["run", "--rm", "-T", "--no-deps", "--entrypoint", "tar", "worker", "-x"];
        let mut unpack = it.compose(&into);
        unpack.args(["-C", STATE]).stdin(std::fs::File::open(&tar).unwrap());
        run(&mut unpack);
        it
    }

    async fn repository(&self, name: &str, files: &[(&str, String)]) {
        let (tree, hosts) = (self.dir.path().join(name), self.dir.path().join("hosts"));
        let sources = [
            ("calc.py", "def add(a, b):\n    return a - b\n"),
            ("tests/__init__.py", ""),
            ("tests/test_calc.py", OLD_TESTS),
        ];
        let own = files.iter().map(|(path, text)| (*path, text.as_str()));
        for (path, text) in sources.into_iter().chain(own) {
            let file = tree.join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let bare = hosts.join(format!("acme/{name}.git"));
        let git = |args: &[&str]| {
            let person = ["-c", "user.name=Person", "-c", "user.email=person@example.invalid"];
            run(program("git").args(person).arg("-C").arg(&tree).args(args));
        };
        git(&["init", "-q", "-b", "main"]);
        git(&["add", "-A", "-f"]);
        git(&["commit", "-q", "-m", "By a person"]);
        git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
        let you = Person { id: 2, login: "you".to_owned() };
        let repository = format!("acme/{name}").parse().unwrap();
        let folder = Folder::new(hosts);
        folder.create_issue(&repository, TITLE, BODY, &you, &["ai-task"]).await.unwrap();
    }

    fn compose(&self, words: &[&str]) -> Command {
        let mut command = program("timeout");
        command.args(["300", "docker", "compose", "-p", &self.name]);
        command.args(self.files.iter().flat_map(|it| ["-f", it])).args(words);
        let port = self.ollama.base().rsplit(':').next().unwrap().to_owned();
        command
            .env("CODINGWORKER_IMAGE", with_aider())
            .env("CODINGWORKER_VOLUMES", &self.name)
            .env("CODINGWORKER_CONFIG_FILE", self.dir.path().join("config.yaml"))
            .env("CODINGWORKER_OLLAMA_HOST", format!("http://host.docker.internal:{port}"))
            .env("CODINGWORKER_ENGINE_SOCKET", engine())
            .env("DOCKER_GID", socket_group())
            .env_remove("COMPOSE_FILE")
            .env_remove("COMPOSE_PROFILES");
        command
    }

    fn up(&self) {
        run(&mut self.compose(&["up", "--detach", "--no-build"]));
    }

    /// What a command in the worker's container prints.
    fn says(&self, words: &[&str]) -> String {
        said(&run(&mut self.compose(&[&["exec", "-T", "worker"], words].concat())))
    }

    fn submit(&self, name: &str) {
        self.says(&["box", "submit", "--repo", &format!("acme/{name}"), "--issue", "1"]);
    }

    fn jobs(&self) -> Vec<Value> {
        serde_json::from_str(&self.says(&["codingworker", "jobs", "--json"])).unwrap()
    }

    /// Lets the worker work on the issue of each, to the end.
    async fn work(&self, names: &[&str]) {
        self.up();
        for name in names {
            self.submit(name);
        }
        let over =
            |it: &Value| ["done", "failed", "cancelled"].iter().any(|end| it["state"] == *end);
        let all = || {
            let jobs = self.jobs();
            jobs.len() == names.len() && jobs.iter().all(over)
        };
        until("all jobs are over", all).await;
        let log = said(&run(&mut self.compose(&["logs", "--no-color"])));
        let done = self.jobs().iter().all(|it| it["state"] == "done");
        assert!(done, "{:#?}\n{log}", self.jobs());
        // What the worker needs, it may have.
        assert!(!log.contains("\"message\":\"refused\""), "{log}");
    }

    /// There is a pull request that makes it right, judged in a container.
    fn is_solved(&self, name: &str) {
        let ledger = self.says(&["cat", &format!("{STATE}/hosts/acme/{name}.json")]);
        let ledger: Ledger = serde_json::from_str(&ledger).unwrap();
        let [pull] = ledger.pull_requests.as_slice() else { panic!("{ledger:#?}") };
        assert!(pull.body.contains("container"), "{}", pull.body);
        let bare = format!("{STATE}/hosts/acme/{name}.git");
        let show = ["git", "-C", &bare, "show", &format!("{}:calc.py", pull.head)];
        assert_eq!(self.says(&show), RIGHT.trim());
    }

    /// What jobs have in the engine: by the worker's mark, which is on all of it.
    fn left(&self) -> Vec<String> {
        let all = ["--filter", "label=codingworker.worker", "--format"];
        let jobs = "{{.Names}} {{.Label \"codingworker.job\"}} {{.Mounts}}";
        let mut containers = vec!["ps", "--all", "--no-trunc"];
        containers.extend(all);
        containers.push(jobs);
        let seen = docker(&containers);
        seen.lines()
            .filter(|it| it.contains(&format!("/{}-state/", self.name)))
            // The engine lists mounts now in this order, now in that: what is before them names it.
            .filter_map(|it| Some(it.rsplit_once(' ')?.0.to_owned()))
            .collect()
    }
}

impl Drop for Boxed {
    fn drop(&mut self) {
        // What fails here has failed before.
        let down = self.compose(&["down", "--volumes", "--timeout", "1"]).output();
        drop(down);
    }
}

/// The engine's own socket.
#[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
fn engine() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock").to_owned()
}

fn socket_group() -> String {
    use std::os::unix::fs::MetadataExt;
    Path::new(&engine()).metadata().unwrap().gid().to_string()
}

/// A port that nobody has, at the address that containers call `host.docker.internal`.
fn on_the_bridge() -> SocketAddr {
    let host = ["--add-host=here:host-gateway", "--network=none", "--entrypoint=getent"];
    let seen = docker(&[&["run", "--rm"], host.as_slice(), &[image(), "hosts", "here"]].concat());
    let address = seen.split_whitespace().next().unwrap_or_default();
    TcpListener::bind(format!("{address}:0")).unwrap().local_addr().unwrap()
}

/// The image of the worker with the one that plays Aider.
fn with_aider() -> &'static str {
    const TAG: &str = "codingworker-test-box-played";
    static READY: std::sync::OnceLock<()> = std::sync::OnceLock::new();
    READY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "FROM {}\nUSER 0:0\nCOPY aider /usr/local/bin/aider\nUSER 10001:10001\n",
            image()
        );
        std::fs::write(folder.path().join("Dockerfile"), text).unwrap();
        let aider = folder.path().join("aider");
        std::fs::write(&aider, include_str!("box_worker/aider.py")).unwrap();
        std::fs::set_permissions(&aider, std::fs::Permissions::from_mode(0o755)).unwrap();
        build(folder.path(), &["--tag", TAG]);
    });
    TAG
}

const MAKE: &str = "test:\n\tpython3 -m unittest -v\n";

#[tokio::test(flavor = "multi_thread")]
async fn through_the_filter_issues_become_pull_requests_in_the_projects_own_containers() {
    let image = base();
    let built = vec![
        ("Dockerfile", format!("FROM {image}\nWORKDIR /app\nCOPY . .\n")),
        ("Makefile", MAKE.to_owned()),
    ];
    let named = format!(
        "image: {image}\n\
         prepare: {{command: \"echo 2 > $DEPS_DIR/number\", files: [calc.py], env: {{NUMBER: \"${{DEPS_DIR}}/number\"}}}}\n\
         test: {{command: \"test $(cat $NUMBER) = 2 && python3 -m unittest -v\"}}\n"
    );
    let mounted = format!(
        "test: {{command: \"docker run --rm -v ${{WORK_DIR}}:/app -w /app {image} python3 -m unittest -v\"}}\n"
    );
    // With the programs of the worker's own image.
    let plain = "test: {command: \"python3 -m unittest -v\"}\n".to_owned();
    let own = |text| vec![(".codingworker.yml", text)];
    let repositories =
        [("built", built), ("named", own(named)), ("mounted", own(mounted)), ("plain", own(plain))];
    let boxed = Boxed::with(&["docker-compose.yml"], right(), &repositories).await;
    let names = repositories.each_ref().map(|(name, _)| *name);
    boxed.work(&names).await;
    names.iter().for_each(|it| boxed.is_solved(it));
    assert_eq!(boxed.left(), [""; 0]);
    let holders = boxed.says(&["sh", "-c", "ls /var/run/docker.sock 2>&1 || true"]);
    assert!(holders.contains("No such file"), "{holders}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_plain_socket_it_does_the_same() {
    let files = ["docker-compose.yml", "docker-compose.socket.yml"];
    let built = vec![
        ("Dockerfile", format!("FROM {}\nWORKDIR /app\nCOPY . .\n", base())),
        ("Makefile", MAKE.to_owned()),
    ];
    // By its name and the issue's number an image is called, and the engine is the other tests' too.
    let boxed = Boxed::with(&files, right(), &[("unfiltered", built)]).await;
    boxed.work(&["unfiltered"]).await;
    boxed.is_solved("unfiltered");
    assert_eq!(boxed.left(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_box_that_is_killed_leaves_nothing_once_it_is_up_again() {
    let own = format!("image: {}\ntest: {{command: \"sleep 7005\"}}\n", base());
    let repository = [("slow", vec![(".codingworker.yml", own)])];
    let boxed = Boxed::with(&["docker-compose.yml"], right(), &repository).await;
    boxed.up();
    boxed.submit("slow");
    until("a check runs", || !boxed.left().is_empty()).await;
    let before = boxed.left();
    let worker = said(&run(&mut boxed.compose(&["ps", "--quiet", "worker"])));
    run(&mut boxed.compose(&["kill", "--signal", "KILL", "worker"]));
    assert_eq!(boxed.left(), before, "nobody was there to end it");
    boxed.up();
    let begun = Instant::now();
    until("nothing of before is left", || boxed.left().iter().all(|it| !before.contains(it))).await;
    assert!(begun.elapsed() < SWEPT, "{:?}", begun.elapsed());
    let now = said(&run(&mut boxed.compose(&["ps", "--quiet", "worker"])));
    assert_eq!(now, worker, "it does not sweep itself away");
    let job = boxed.jobs()[0]["id"].as_str().unwrap().to_owned();
    boxed.says(&["codingworker", "cancel", &job]);
    until("the job ends", || boxed.left().is_empty()).await;
}
