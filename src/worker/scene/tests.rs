use std::sync::Mutex;

use super::*;
use crate::domain::verification::Exit;
use crate::runner::RunnerError;

/// Says which tools it has, and brings an empty folder whatever is asked.
struct Machine {
    says: Mutex<String>,
    ran: Mutex<Vec<String>>,
}

#[async_trait]
impl Runner for Machine {
    async fn run(&self, errand: Command<'_>, _: &CancellationToken) -> Result<Ended, RunnerError> {
        let asked = errand.line.starts_with("uname");
        assert_eq!(errand.network, !asked);
        self.ran.lock().unwrap().push(errand.line.to_owned());
        let output = if asked { self.says.lock().unwrap().clone() } else { String::new() };
        Ok(Ended { exit: Exit::Code(0), output, took: Duration::ZERO })
    }
}

struct Nothing;

#[async_trait]
impl Source for Nothing {
    async fn export(&self, _: &[String], to: &Path, _: &CancellationToken) -> Result<(), Failure> {
        std::fs::create_dir_all(to).map_err(|it| disk(to, &it))
    }
}

impl Tee for Nothing {
    fn write(&self, _: &[u8]) {}
}

fn preparation(name: &str, env: &[(&str, &str)]) -> Preparation {
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Preparation {
        name: name.to_owned(),
        command: format!("{name} install"),
        files: vec!["manifest".to_owned()],
        env,
        docker: false,
    }
}

async fn set(machine: &Machine, folder: &Path, preparations: Vec<Preparation>) -> Scene {
    let stage = Stage {
        runner: machine,
        deps: &Deps::new(folder.join("store")),
        source: &Nothing,
        job: &JobId("job".to_owned()),
        repository: &"o/r".parse().unwrap(),
        plan: &Plan { preparations, ..Plan::default() },
        image_name: "codingworker-r-1",
        folder: &folder.join("job"),
        seen: &folder.join("job"),
        limit: Duration::from_secs(60),
        tee: &Nothing,
    };
    stage.set(&CancellationToken::new()).await.unwrap()
}

fn machine(says: &str) -> Machine {
    Machine { says: Mutex::new(says.to_owned()), ran: Mutex::default() }
}

#[tokio::test]
async fn another_version_of_a_tool_brings_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine("Linux x86_64\nPython 3.11.2\n");
    for _ in 0..2 {
        set(&machine, folder.path(), vec![preparation("pip", &[])]).await;
    }
    let question = "uname -sm; python3 --version 2>&1";
    assert_eq!(*machine.ran.lock().unwrap(), [question, "pip install", question]);
    *machine.says.lock().unwrap() = "Linux x86_64\nPython 3.12.0\n".to_owned();
    set(&machine, folder.path(), vec![preparation("pip", &[])]).await;
    assert_eq!(machine.ran.lock().unwrap()[3..], [question, "pip install"]);
}

#[tokio::test]
async fn tools_are_asked_once_and_only_where_something_is_brought() {
    let folder = tempfile::tempdir().unwrap();
    let machine = machine("");
    set(&machine, folder.path(), Vec::new()).await;
    assert!(machine.ran.lock().unwrap().is_empty());
    let both = vec![preparation("npm", &[]), preparation("cargo", &[])];
    set(&machine, folder.path(), both).await;
    let asked = "uname -sm; node --version 2>&1; cargo --version 2>&1";
    assert_eq!(*machine.ran.lock().unwrap(), [asked, "npm install", "cargo install"]);
}

#[tokio::test]
async fn each_preparation_puts_its_own_before_the_path_of_those_that_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let preparations = ["npm", "pip", "cargo"].map(|name| {
        preparation(name, &[("PATH", "${DEPS_DIR}/bin:${PATH}"), ("MODE", "${DEPS_DIR}")])
    });
    let scene = set(&machine(""), folder.path(), preparations.into()).await;
    let deps = scene.deps.unwrap();
    let own = |name: &str| deps.join(name).display().to_string();
    let expected = [
        ("DEPS_DIR", own("cargo")),
        ("PATH", format!("{}/bin:{}/bin:{}/bin:${{PATH}}", own("cargo"), own("pip"), own("npm"))),
        ("MODE", own("cargo")),
    ];
    assert_eq!(scene.env, expected.map(|(name, value)| (name.to_owned(), value)));
}
