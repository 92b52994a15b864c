//! docs/setup.md, typed from the first line to the last on a machine that has nothing, and
//! docs/operation.md before the last.

use std::os::unix::fs::PermissionsExt;

use super::machine::Machine;
use super::terminal::Terminal;
use super::{page, typed};
use crate::binary::world::{
    BODY, MAINTAINER, PROJECT, REPOSITORY, TITLE, World, answers, covering, right, until,
};
use crate::github_double::{LOGIN, TOKEN};
use crate::setup::Emulator;

const ROLE: &str = "arn:aws:iam::123456789012:role/codingworker-prod-sender";

/// Who follows the manual, with all that the words in capitals stand for.
struct Stranger {
    world: World,
    machine: Machine,
    terminal: Terminal,
    /// Of the job that was listed.
    job: String,
    queue_url: String,
}

impl Stranger {
    async fn new() -> Self {
        let mut world = World::empty(answers([right(), covering()])).await;
        world.use_http().await;
        world.use_sqs(Emulator::shared()).await;
        world.repository(REPOSITORY, &PROJECT);
        let checkout = world.path().join("home/calc");
        let bare = world.bare(REPOSITORY);
        world.git(&["clone", "-q", bare.to_str().unwrap(), checkout.to_str().unwrap()]);
        let machine = Machine::of(&world);
        machine.edit("token", &format!("{TOKEN}\n"));
        let named = world.config["sqs"]["queue_url"].as_str().unwrap().rsplit('/').next().unwrap();
        let queue_url = format!("https://sqs.us-east-1.amazonaws.com/000000000000/{named}");
        let mut env = vec![
            ("HOME", machine.home.display().to_string()),
            ("PATH", machine.path()),
            ("EDITOR", machine.editor.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "dumb".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("CHECKPOINT_DISABLE", "1".to_owned()),
            ("OLLAMA_HOST", world.ollama.base().to_owned()),
            ("CODINGWORKER__GITHUB__API_URL", world.github.api_url()),
            (
                "CODINGWORKER__GITHUB__GIT_URL",
                world.config["github"]["git_url"].as_str().unwrap().to_owned(),
            ),
            ("CODINGWORKER__POLL__INTERVAL_SECONDS", "1".to_owned()),
            // Other tests serve there.
            ("CODINGWORKER__HTTP__LISTEN", "off".to_owned()),
        ];
        env.extend(world.env.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let terminal = Terminal::new(world.path().to_owned(), &env);
        let mut it = Self { terminal, machine, job: String::new(), queue_url, world };
        let clone = it.machine.clone.display().to_string();
        it.terminal.types(&format!("cd {clone}"));
        it
    }

    fn filled(&self, line: &str) -> String {
        line.replace("OWNER/NAME", REPOSITORY)
            .replace("CODINGWORKER", &self.machine.clone.display().to_string())
            .replace(" PATH", " calc")
            .replace(" FILE", " ~/kept.db")
            .replace(" ID", &format!(" {}", self.job))
            .replace(" ROLE", &format!(" {ROLE}"))
            .replace(" REGION", " us-east-1")
            .replace(" URL", &format!(" {}", self.queue_url))
    }

    /// Types a line, which has to end so and to say all this.
    #[track_caller]
    fn sees(&mut self, line: &str, code: i32, said: &[&str]) -> String {
        let (ended, shown) = self.terminal.types(&self.filled(line));
        assert_eq!(ended, code, "`{line}`: {shown}");
        for what in said {
            assert!(shown.contains(what), "`{line}` does not say `{what}`: {shown}");
        }
        shown
    }

    /// What the manual says in words, around a line; and what it says that one will see.
    async fn follows(&mut self, line: &str, has_served: &mut bool, is_cloud: &mut bool) {
        let config = ".config/codingworker/config.yaml";
        match line {
            "cargo install --locked --path ." | "cd" | "mkdir -p ~/.config/codingworker" => {
                self.sees(line, 0, &[]);
            }
            "sudo apt install bubblewrap" => drop(self.sees(line, 0, &[])),
            "uv tool install aider-chat==0.86.2" => {
                self.sees(line, 0, &[]);
                self.sees("command -v aider codingworker", 0, &[".local/bin/aider", ".cargo/bin"]);
            }
            "ollama pull qwen2.5-coder:1.5b" => {
                self.sees(line, 0, &[]);
                self.world.ollama.also("qwen2.5-coder:1.5b");
            }
            "install -m 600 /dev/null ~/.config/codingworker/token" => {
                self.sees(line, 0, &[]);
            }
            "\"${EDITOR:-vi}\" ~/.config/codingworker/token" => {
                self.sees(line, 0, &[]);
                let token = self.machine.home.join(".config/codingworker/token");
                assert_eq!(token.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            }
            "codingworker init --repository OWNER/NAME --token-file ~/.config/codingworker/token" =>
            {
                self.sees(line, 0, &["config.yaml", "codingworker doctor"]);
                assert_eq!(self.terminal.questions.len(), 5, "{:?}", self.terminal.questions);
                assert!(self.terminal.questions[4].starts_with("Language"));
                assert!(self.machine.file(config).contains("  github: true"));
            }
            "codingworker doctor --repo OWNER/NAME" if *is_cloud => {
                self.sees(line, 0, &["queue", "repository"]);
            }
            "codingworker doctor --repo OWNER/NAME" => {
                let shown = self.sees(line, 0, &["model", "repository"]);
                assert!(!shown.lines().any(|it| it.starts_with("fail")), "{shown}");
            }
            "codingworker setup-repo OWNER/NAME --poll --dry-run" => {
                self.sees(line, 0, &["would", "label ai-task-failed", "nothing was changed"]);
                assert_eq!(self.world.github.count("issues/create-label"), 0);
            }
            "codingworker setup-repo OWNER/NAME --poll" => {
                self.sees(line, 0, &["is connected"]);
                assert_eq!(self.world.github.count("issues/create-label"), 3);
            }
            "codingworker check PATH" => {
                self.sees(line, 0, &["python3 -m compileall -q .", "python3 -m unittest -v"]);
            }
            "codingworker serve --poll-github" => {
                self.serves(line).await;
                *has_served = true;
            }
            "codingworker jobs" => {
                let shown = self.sees(line, 0, &[REPOSITORY, "done"]);
                let row = shown.lines().find(|it| it.contains(REPOSITORY)).unwrap();
                self.job = row.split_whitespace().next().unwrap().to_owned();
            }
            "codingworker job ID" => drop(self.sees(line, 0, &["/pull/"])),
            "codingworker logs ID" => drop(self.sees(line, 0, &["calc.py", "unittest"])),
            "codingworker service install" => {
                if std::mem::take(has_served) {
                    self.sees("kill -INT $SERVING; wait $SERVING", 0, &[]);
                }
                self.sees(line, 0, &["codingworker.", "started"]);
            }
            "codingworker service status" => drop(self.sees(line, 0, &["running since", config])),
            "codingworker service logs" => drop(self.sees(line, 0, &[])),
            "cd CODINGWORKER/infra/terraform" => {
                *is_cloud = true;
                self.world.github.role(REPOSITORY, LOGIN, Some("admin"));
                self.sees(line, 0, &[]);
            }
            line if line.starts_with("cp ") => drop(self.sees(line, 0, &[])),
            "codingworker setup-repo OWNER/NAME --check" => self.checks(line),
            "\"${EDITOR:-vi}\" terraform.tfvars backend.s3.tfbackend" => {
                self.sees(line, 0, &[]);
            }
            "terraform init -backend-config=backend.s3.tfbackend" => {
                self.sees(line, 0, &["successfully initialized"]);
            }
            "terraform apply" => {
                let shown = self.sees(line, 0, &["to add, 0 to change", "github_variables"]);
                assert!(shown.contains(&format!("{REPOSITORY}\"")), "{shown}");
            }
            line if line.ends_with("--queue-url URL --dry-run") => {
                self.sees(line, 0, &["b/.github/workflows/ai-fix.yml", "nothing was changed"]);
                assert_eq!(self.world.github.pulls(REPOSITORY).len(), 1);
            }
            line if line.ends_with("--queue-url URL") => self.connects(line),
            "\"${EDITOR:-vi}\" ~/.config/codingworker/config.yaml" => {
                let written = self.machine.file(config);
                let queue = format!("queue_url: {}", self.queue_url);
                let edited = written.replacen("queue_url: \"\"", &queue, 1).replacen(
                    "  github: true",
                    "  github: false",
                    1,
                );
                assert!(edited.contains(&queue) && edited.contains("github: false"), "{edited}");
                self.machine.edit("config.yaml", &edited);
                self.sees(line, 0, &[]);
            }
            "codingworker service stop" => drop(self.sees(line, 0, &["stopped"])),
            "codingworker service start" => drop(self.sees(line, 0, &["started"])),
            "cd CODINGWORKER && git pull && cargo install --locked --path ." => {
                self.sees(line, 0, &["up to date"]);
                self.sees("cd", 0, &[]);
            }
            line if line.starts_with("codingworker backup ") => {
                self.sees(line, 0, &[".db", "KiB"]);
                // What is there is not replaced.
                let (code, shown) = self.terminal.types(&self.filled(line));
                assert!(code != 0 && shown.contains("already"), "{code} {shown}");
            }
            "codingworker restore FILE" => {
                self.sees(line, 0, &["restored", "what was there is kept in"]);
                self.sees("codingworker jobs", 0, &[REPOSITORY, "done"]);
            }
            "codingworker service uninstall" => {
                self.sees(line, 0, &["removed", "state and configuration stay"]);
                assert!(self.machine.home.join(".local/state/codingworker").is_dir());
            }
            other => panic!("nobody knows what `{other}` is to do: say it in this test"),
        }
    }

    /// Lets the worker work in a terminal of its own, until the label has become a pull request.
    async fn serves(&mut self, line: &str) {
        let github = &self.world.github;
        self.terminal.types(&format!("{line} > ~/serve.log 2>&1 & SERVING=$!"));
        let issue = github.issue(REPOSITORY, TITLE, BODY, "reporter");
        github.label(REPOSITORY, issue, "ai-task", MAINTAINER);
        let home = self.machine.home.clone();
        let done = || {
            let labels = github.issue_state(REPOSITORY, issue).labels;
            let said = std::fs::read_to_string(home.join("serve.log")).unwrap_or_default();
            let gone = labels.iter().any(|it| it == "ai-task-failed") || said.contains("error:");
            assert!(!gone, "{labels:?}: {said}");
            labels == ["ai-task-done"]
        };
        until("the label has become a pull request", done).await;
        assert_eq!(github.issue_state(REPOSITORY, issue).comments.len(), 1);
        let pull = self.world.the_pull();
        assert!(!pull.draft, "{pull:?}");
        let head = self.world.in_bare(&["show", &format!("{}:calc.py", pull.head)]);
        assert!(head.contains("return a + b"), "{head}");
        self.world
            .github
            .look(|it| it.repository_mut(REPOSITORY).pull_mut(pull.number).open = false);
    }

    /// `--check`, before anything was done and after all was.
    fn checks(&mut self, line: &str) {
        let is_merged = self.world.github.pulls(REPOSITORY).iter().any(|it| it.merged);
        if is_merged {
            self.sees(line, 0, &["is connected"]);
            return;
        }
        let shown = self.sees(line, 1, &["not right yet", "# For terraform.tfvars:"]);
        let (_, block) = shown.split_once("# For terraform.tfvars:\n").unwrap();
        let (block, _) = block.split_once("\n]\n").unwrap();
        let terraform = self.machine.clone.join("infra/terraform");
        let example = std::fs::read_to_string(terraform.join("terraform.tfvars")).unwrap();
        let (before, rest) = example.split_once("repositories = [").unwrap();
        let (_, after) = rest.split_once("\n]\n").unwrap();
        self.machine.edit("terraform.tfvars", &format!("{before}{block}\n]\n{after}"));
        let backend = std::fs::read_to_string(terraform.join("backend.s3.tfbackend")).unwrap();
        self.machine.edit("backend.s3.tfbackend", &backend.replace("your-", "acme-"));
    }

    /// The set-up pull request is opened, looked at and merged.
    fn connects(&mut self, line: &str) {
        self.sees(line, 0, &["pull request", "look at it and merge it"]);
        let github = &self.world.github;
        let settings = github.look(|it| it.repository(REPOSITORY).settings.clone());
        assert_eq!((settings.labels.len(), settings.variables.len()), (3, 3));
        assert_eq!(settings.environment.unwrap().branches.unwrap(), ["main"]);
        let pull = github.pulls(REPOSITORY).into_iter().find(|it| it.open).unwrap();
        let changed = self.world.in_bare(&["diff", "--name-only", "main", &pull.head]);
        assert_eq!(changed, ".github/workflows/ai-fix.yml\n.github/workflows/ai-task.yml");
        self.world.in_bare(&["update-ref", "refs/heads/main", &pull.head]);
        github.look(|it| {
            let pull = it.repository_mut(REPOSITORY).pull_mut(pull.number);
            (pull.open, pull.merged) = (false, true);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_types_the_manual_from_an_empty_home_gets_a_pull_request_a_service_and_a_cloud() {
    let setup = page("docs/setup.md");
    let mut stranger = Stranger::new().await;
    let (mut has_served, mut is_cloud) = (false, false);
    // The months in between are the other page's.
    let (operation, mut lines) = (page("docs/operation.md"), typed(&setup));
    let end = lines.pop().unwrap();
    lines.extend(typed(&operation));
    lines.push(end);
    for line in lines {
        let began = std::time::Instant::now();
        stranger.follows(line, &mut has_served, &mut is_cloud).await;
        eprintln!("{:>6} ms  {line}", began.elapsed().as_millis());
    }
    stranger.terminal.closes();
    stranger.world.nothing_is_left_running().await;
}
