//! `codingworker service …`: the real program. `systemctl`, `journalctl` and `launchctl` are ours,
//! and remember: what is not written is not found, what was not read anew is not known, what runs
//! is not forgotten.

use super::*;

pub(crate) const SYSTEMCTL: &str = r#"#!/bin/sh
# Its state is beside it: loaded (the unit as it was read), enabled, active, failed.
D=${0%/bin/*}/state; U=$D/../unit/codingworker.service
echo "$*" >> "$D/calls"
env > "$D/env"
case $1 in --user) shift ;; esac
case $1 in --no-pager) shift ;; esac
verb=$1
missing() { echo "Unit codingworker.service not found." >&2; exit 5; }
start() {
    [ -f "$D/loaded" ] || missing
    cmp -s "$U" "$D/loaded" || { echo "Warning: the unit file changed on disk" >&2; exit 1; }
    if [ -f "$D/broken" ]; then
        rm -f "$D/active"; echo 1 > "$D/failed"
        echo "Job for codingworker.service failed because the control process exited with error code." >&2
        exit 1
    fi
    rm -f "$D/failed"; echo 1 > "$D/active"
}
case $verb in
    show)
        case $2 in --property=Version) echo Version=252; exit 0 ;; esac
        state=inactive; sub=dead; result=success; pid=0; code=0
        [ -f "$D/active" ] && { state=active; sub=running; pid=42; }
        [ -f "$D/failed" ] && { state=failed; sub=failed; result=exit-code; code=2; }
        printf 'ActiveState=%s\nSubState=%s\nResult=%s\nMainPID=%s\nExecMainStatus=%s\n' $state $sub $result $pid $code
        echo "StateChangeTimestamp=Sat 2026-11-21 14:33:09 UTC"
        if [ -f "$D/enabled" ]; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi ;;
    daemon-reload) if [ -f "$U" ]; then cp "$U" "$D/loaded"; else rm -f "$D/loaded"; fi ;;
    enable)
        [ -f "$U" ] || { echo "Failed to enable unit: Unit file codingworker.service does not exist." >&2; exit 1; }
        echo 1 > "$D/enabled" ;;
    disable) [ -f "$U" ] || missing; rm -f "$D/enabled" "$D/active" ;;
    start | restart) start ;;
    stop) [ -f "$D/loaded" ] || missing; rm -f "$D/active" ;;
    reset-failed) [ -f "$D/loaded" ] || missing; rm -f "$D/failed" ;;
    *) echo "Unknown command verb $verb." >&2; exit 1 ;;
esac
"#;

pub(crate) const JOURNALCTL: &str = "#!/bin/sh\necho \"$*\" >> \"${0%/bin/*}/state/calls\"\n\
                          echo 'config.yaml:2: unknown key'\n";

pub(crate) const LAUNCHCTL: &str = r#"#!/bin/sh
# Its state is beside it: loaded (the property list), leaving, off, stopped.
D=${0%/bin/*}/state
echo "$*" >> "$D/calls"
there() { [ -f "$D/loaded" ]; }
case $1 in
    print)
        case $2 in
            */io.github.codingworker)
                there || { echo "Could not find service" >&2; exit 113; }
                if [ -f "$D/leaving" ]; then rm "$D/leaving" "$D/loaded"; fi
                echo "$2 = {"
                if [ -f "$D/stopped" ]; then printf '\tstate = not running\n\tlast exit code = 2\n'
                else printf '\tstate = running\n\truns = 1\n\tpid = 1\n\tlast exit code = (never exited)\n'; fi
                echo "}" ;;
            gui/*) echo "$2 = {" ;;
            *) exit 64 ;;
        esac ;;
    print-disabled) [ -f "$D/off" ] && printf '\t"io.github.codingworker" => disabled\n'; exit 0 ;;
    enable) rm -f "$D/off" ;;
    bootstrap)
        [ -f "$3" ] || { echo "Bootstrap failed: 2: No such file or directory" >&2; exit 2; }
        there && { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
        [ -f "$D/off" ] && { echo "Bootstrap failed: 119: Service is disabled" >&2; exit 119; }
        rm -f "$D/stopped"; cp "$3" "$D/loaded" ;;
    bootout) there || { echo "Boot-out failed: 3: No such process" >&2; exit 3; }; echo 1 > "$D/leaving"; exit 36 ;;
    kickstart) there || { echo "Could not find service" >&2; exit 113; }; rm -f "$D/stopped" ;;
    *) echo "Unrecognized subcommand: $1" >&2; exit 64 ;;
esac
"#;

/// A machine: a home with a configuration, programs that a worker needs, and a service manager.
struct Machine {
    dir: TempDir,
    manager: &'static str,
}

impl Machine {
    fn new(manager: &'static str) -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap(), manager };
        for folder in ["bin", "state", "unit", "home/.config/codingworker"] {
            fs::create_dir_all(machine.at(folder)).unwrap();
        }
        machine.has("systemctl", SYSTEMCTL);
        machine.has("journalctl", JOURNALCTL);
        machine.has("launchctl", LAUNCHCTL);
        machine.has("aider", "#!/bin/sh\n");
        machine.has("git", "#!/bin/sh\n");
        fs::write(machine.at("token"), "ghp_sesame").unwrap();
        let token = machine.at("token");
        machine.configure(&format!("github:\n  token: {{file: {}}}\n", token.display()));
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn has(&self, name: &str, script: &str) {
        let file = self.at("bin").join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn configure(&self, text: &str) {
        fs::write(self.at("home/.config/codingworker/config.yaml"), text).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program(env!("CARGO_BIN_EXE_codingworker"));
        let path = format!("{}:/usr/bin:/bin", self.at("bin").display());
        command.env_clear().env("HOME", self.at("home")).env("PATH", path);
        command.current_dir(self.dir.path()).arg("service").args(words);
        command.args(["--user", "--manager", self.manager, "--unit-dir"]).arg(self.at("unit"));
        command
    }

    fn run(&self, words: &[&str]) -> (i32, String) {
        let output = self.command(words).output().unwrap();
        (output.status.code().unwrap(), text(&output))
    }

    #[track_caller]
    fn says(&self, words: &[&str], code: i32, said: &[&str]) -> String {
        let (ended, all) = self.run(words);
        assert_eq!(ended, code, "{all}");
        said.iter().for_each(|it| assert!(all.contains(it), "`{it}` is not in: {all}"));
        all
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.at("state/calls")).unwrap_or_default()
    }
}

#[test]
fn under_systemd_it_is_installed_looked_at_stopped_started_and_removed() {
    let machine = Machine::new("systemd");
    let unit = machine.at("unit/codingworker.service");
    machine.says(&["status"], 4, &["no service is installed", "codingworker service install"]);
    machine.says(&["uninstall"], 4, &["no service is installed"]);

    machine.says(&["install"], 0, &[unit.to_str().unwrap(), "started", "enable-linger"]);
    let written = fs::read_to_string(&unit).unwrap();
    assert!(written.contains(".config/codingworker/config.yaml serve\n"), "{written}");
    assert!(!written.contains("sesame"), "{written}");
    let version = env!("CARGO_PKG_VERSION");
    machine.says(&["status"], 0, &["running since Sat 2026-11-21", "process  42", version]);
    machine.says(&["stop"], 0, &["stopped"]);
    machine.says(&["status"], 3, &["stopped since"]);
    machine.says(&["start"], 0, &["started"]);
    machine.says(&["logs", "-n", "7"], 0, &["unknown key"]);
    assert!(machine.calls().contains("--user-unit codingworker --no-pager --output=cat --lines 7"));
    // Over itself, with the worker running: it is started anew with the new file.
    machine.says(&["install", "--allow-ptrace"], 0, &["started"]);
    assert!(fs::read_to_string(machine.at("state/loaded")).unwrap().contains("Filter=ptrace"));

    machine.says(&["uninstall"], 0, &["removed", "state and configuration stay"]);
    assert!(!unit.exists() && !machine.at("state/loaded").exists());
    assert!(!machine.at("state/enabled").exists() && !machine.at("state/active").exists());
    assert!(machine.at("home/.config/codingworker/config.yaml").exists());
    assert_eq!(fs::read_dir(machine.at("unit")).unwrap().count(), 0);
    machine.says(&["status"], 4, &["no service is installed"]);
}

#[test]
fn a_worker_that_does_not_come_up_is_said_to_have_failed_in_its_own_words() {
    let machine = Machine::new("systemd");
    fs::write(machine.at("state/broken"), "").unwrap();
    machine.says(&["install"], 1, &["restart codingworker` failed", "config.yaml:2: unknown key"]);
    machine.says(&["status"], 1, &["failed since", "exit-code, 2", "config.yaml:2: unknown key"]);
    let (_, shown) = machine.run(&["status", "--json"]);
    assert!(shown.contains("\"state\": \"failed\""), "{shown}");
    fs::remove_file(machine.at("state/broken")).unwrap();
    machine.says(&["start"], 0, &["started"]);
    machine.says(&["status"], 0, &["running"]);
}

#[test]
fn under_launchd_it_is_installed_looked_at_stopped_started_and_removed() {
    let machine = Machine::new("launchd");
    let plist = machine.at("unit/io.github.codingworker.plist");
    fs::write(machine.at("state/off"), "").unwrap();
    machine.says(&["install"], 0, &[plist.to_str().unwrap(), "started", "newsyslog"]);
    let read = read_plist(&fs::read_to_string(&plist).unwrap());
    assert_eq!(read["Label"], "io.github.codingworker");
    assert!(machine.at("home/Library/Logs/codingworker").is_dir());
    machine.says(&["status"], 0, &["running", env!("CARGO_PKG_VERSION")]);
    // Again, while it runs: what was loaded goes first, and that takes a moment.
    machine.says(&["install"], 0, &["started"]);
    machine.says(&["stop"], 0, &["stopped"]);
    machine.says(&["status"], 3, &["stopped", "not loaded"]);
    machine.says(&["start"], 0, &["started"]);
    fs::write(machine.at("home/Library/Logs/codingworker/codingworker.log"), "one\ntwo\n").unwrap();
    assert_eq!(machine.run(&["logs", "-n", "1"]), (0, "two\n".to_owned()));
    fs::write(machine.at("state/stopped"), "").unwrap();
    machine.says(&["status"], 1, &["failed", "ended    2", "its last lines:\none\ntwo"]);
    machine.says(&["uninstall"], 0, &["removed"]);
    assert!(!plist.exists() && !machine.at("state/loaded").exists());
    machine.says(&["start"], 4, &["no service is installed"]);
}

#[test]
fn a_dry_run_prints_the_file_and_changes_nothing() {
    for manager in ["systemd", "launchd"] {
        let machine = Machine::new(manager);
        machine.says(&["install", "--dry-run"], 0, &["codingworker-service:", "would write"]);
        machine.says(&["install", "--print"], 0, &["codingworker-service:"]);
        assert_eq!(fs::read_dir(machine.at("unit")).unwrap().count(), 0);
        assert_eq!(machine.calls(), "", "the service manager was asked");
    }
}

#[test]
fn what_could_not_start_is_not_installed() {
    let machine = Machine::new("systemd");
    let refused = |code, said: &[&str]| {
        machine.says(&["install"], code, said);
        assert_eq!(fs::read_dir(machine.at("unit")).unwrap().count(), 0);
    };
    machine.configure("worker: {slot: 2}\n");
    refused(2, &["nothing installed", "unknown key `worker.slot`"]);
    // The shell has it, and the service would not.
    machine.configure("github: {token: \"${GITHUB_TOKEN}\"}\n");
    let output = machine.command(&["install"]).env("GITHUB_TOKEN", "ghp_x").output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("variables of your shell") && said.contains("{file: PATH}"), "{said}");
    machine.configure("worker: {slots: 2}\n");
    refused(3, &["there is no GitHub token"]);
    fs::remove_file(machine.at("home/.config/codingworker/config.yaml")).unwrap();
    refused(2, &["codingworker init"]);

    let machine = Machine::new("systemd");
    fs::remove_file(machine.at("bin/aider")).unwrap();
    machine.says(&["install"], 3, &["there is no `aider`", "uv tool install aider-chat"]);
}

#[test]
fn a_credential_is_seen_as_the_service_will_see_it() {
    let machine = Machine::new("systemd");
    machine.configure("github:\n  token: {file: \"${CREDENTIALS_DIRECTORY}/github-token\"}\n");
    machine.says(&["install", "--dry-run"], 3, &["there is no GitHub token", "--credential"]);
    let given = format!("github-token={}", machine.at("token").display());
    let line = format!("LoadCredential=github-token:{}", machine.at("token").display());
    let words = ["install", "--dry-run", "--credential", &given, "--credential", "aws=token"];
    machine.says(&words, 0, &[&line, "AWS_SHARED_CREDENTIALS_FILE=%d/aws"]);
    machine.says(&["install", "--credential", "../x=token"], 2, &["expected NAME=PATH"]);
}

#[test]
fn a_file_of_somebody_elses_is_neither_replaced_nor_removed() {
    let machine = Machine::new("systemd");
    let unit = machine.at("unit/codingworker.service");
    fs::write(&unit, "[Service]\nExecStart=/bin/mine\n").unwrap();
    for words in ["install", "uninstall", "stop"] {
        machine.says(&[words], 1, &["was not written by `codingworker service install`"]);
    }
    assert_eq!(fs::read_to_string(&unit).unwrap(), "[Service]\nExecStart=/bin/mine\n");
}

#[test]
fn without_a_service_manager_it_says_so_and_writes_nothing() {
    for (manager, program) in [("systemd", "systemctl"), ("launchd", "launchctl")] {
        let machine = Machine::new(manager);
        machine.has(program, "#!/bin/sh\necho 'System has not been booted' >&2\nexit 1\n");
        machine.says(&["install"], 3, &["does not answer", "(System has not been booted)"]);
        fs::remove_file(machine.at("bin").join(program)).unwrap();
        let mut command = machine.command(&["install"]);
        command.env("PATH", machine.at("bin"));
        let output = command.output().unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("there is no service manager here"), "{said}");
        assert_eq!(fs::read_dir(machine.at("unit")).unwrap().count(), 0);
    }
}

#[test]
fn nothing_that_a_service_manager_gives_the_worker_reaches_its_children() {
    let machine = Machine::new("systemd");
    machine.says(&["install"], 0, &[]);
    let given = [
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "CREDENTIALS_DIRECTORY",
        "INVOCATION_ID",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
    ];
    let mut command = machine.command(&["status"]);
    command.envs(given.map(|it| (it, "sesame")));
    assert!(command.output().unwrap().status.success());
    let env = fs::read_to_string(machine.at("state/env")).unwrap();
    assert!(env.contains("CODINGWORKER_CHILD="), "this is not the environment of a child: {env}");
    given.iter().for_each(|it| assert!(!env.contains(it), "{it} reached a child: {env}"));
    assert!(!env.contains("sesame"), "{env}");
}

#[test]
fn the_machines_service_runs_as_an_account_of_its_own() {
    let machine = Machine::new("systemd");
    let file = machine.at("home/.config/codingworker/config.yaml");
    let token = machine.at("token");
    machine.configure(&format!(
        "worker: {{state_dir: /var/lib/codingworker}}\ngithub: {{token: {{file: {}}}}}\n",
        token.display()
    ));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let run = |account: &str| {
        let mut command = program(env!("CARGO_BIN_EXE_codingworker"));
        let path = format!("{}:/usr/bin:/bin", machine.at("bin").display());
        command.env_clear().env("HOME", machine.at("home")).env("PATH", path);
        command.args(["service", "install", "--system", "--dry-run", "--manager", "systemd"]);
        command.args(["--run-as", account, "--config"]).arg(&file);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), text(&output))
    };
    let (code, said) = run("daemon");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("\nUser=daemon\n") && said.contains("\nWantedBy=multi-user.target\n"));
    assert!(!said.contains("ReadWritePaths=/"), "{said}");
    let (code, said) = run("no-such-account");
    assert!(code == 3 && said.contains("useradd --system"), "{said}");
    let (code, said) = run("root");
    assert!(code == 2 && said.contains("does not do so as root"), "{said}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, said) = run("daemon");
    assert!(code == 3 && said.contains("may not read") && said.contains("chmod 640"), "{said}");
}
