//! The worker as a service: what systemd's own tools and a parser of property lists make of its
//! files, and the commands, the real program against service managers that remember.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use codingworker::service::{Definition, STOP_SECONDS, Scope, launchd, systemd};
use codingworker::worker::lifecycle::PATIENCE;
use tempfile::TempDir;

pub(crate) mod commands;
#[cfg(target_os = "linux")]
mod exposure;

fn definition(scope: Scope) -> Definition {
    Definition {
        program: "/bin/true".into(),
        config: "/etc/codingworker/config.yaml".into(),
        version: "1.2.3".to_owned(),
        scope,
        // A service account that every Debian has.
        account: (scope == Scope::System).then(|| "daemon".to_owned()),
        writable: Vec::new(),
        reads_homes: false,
        environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        credentials: Vec::new(),
        allow_ptrace: false,
        log: "/tmp/x.log".into(),
    }
}

#[expect(clippy::disallowed_methods, reason = "blocking, and outside of any runtime")]
fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// Reads a property list as macOS would, checks what `plutil -lint` does not, the type of each
/// key as launchd.plist(5) has it, and prints it as JSON.
const READ_PLIST: &str = r#"
import json, plistlib, sys
plist = plistlib.loads(sys.stdin.buffer.read())
types = {"Label": str, "ProgramArguments": list, "EnvironmentVariables": dict,
  "WorkingDirectory": str, "RunAtLoad": bool, "KeepAlive": dict, "ThrottleInterval": int,
  "ExitTimeOut": int, "ProcessType": str, "SoftResourceLimits": dict, "Umask": int,
  "StandardOutPath": str, "StandardErrorPath": str}
for key, value in plist.items():
    assert type(value) is types[key], key
assert all(type(it) is str for it in plist["ProgramArguments"])
assert all(type(it) is str for it in plist["EnvironmentVariables"].values())
assert plist["KeepAlive"] == {"SuccessfulExit": False}, plist
assert plist["SoftResourceLimits"] == {"NumberOfFiles": 65536}
assert plist["ProcessType"] in ("Background", "Standard", "Adaptive", "Interactive")
json.dump(plist, sys.stdout)
"#;

fn read_plist(text: &str) -> serde_json::Value {
    use std::io::Write;
    let mut python = program("python3");
    python.args(["-c", READ_PLIST]).stdin(Stdio::piped());
    let mut child = python.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", self::text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_service_manager_waits_longer_than_the_worker_does() {
    // Patience, then the end of its children, then three tries to give a delivery back.
    let needs = PATIENCE.as_secs() + 17 + 3 * 20 + 5;
    assert!(STOP_SECONDS > needs, "{needs}");
}

#[test]
fn a_property_list_says_the_same_to_a_parser_whatever_the_paths_are() {
    for path in
        ["/usr/x", "/Users/a & b/<x>", "/Users/]]>/\"q\" 'r'", "/Users/日本/--> x", "/a%&amp;$x"]
    {
        let environment = vec![("PATH".to_owned(), format!("{path}:/bin"))];
        let it = Definition {
            program: path.into(),
            config: path.into(),
            log: path.into(),
            environment,
            ..definition(Scope::User)
        };
        let read = read_plist(&launchd::plist(&it).unwrap());
        assert_eq!(read["ProgramArguments"], serde_json::json!([path, "--config", path, "serve"]));
        assert_eq!(read["StandardErrorPath"], path);
        assert_eq!(read["EnvironmentVariables"]["PATH"], format!("{path}:/bin"));
        assert_eq!(read["ExitTimeOut"], 120);
    }
}
