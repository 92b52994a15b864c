//! Configuration, from the outside: what is in force, how a first file comes about, and what is
//! said when something is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

#[test]
fn the_resolved_configuration_says_where_each_value_comes_from_and_hides_secrets() {
    let home = Home::new();
    let file = home.dir.path().join("mine.yaml");
    fs::write(&file, "worker:\n  slots: 2\n").unwrap();
    let mut command = home.command(&["config", "--json", "--config", "mine.yaml"]);
    command.env("GITHUB_TOKEN", "ghp_sesame").env("CODINGWORKER__WORKER__LANGUAGE", "ja");
    let ran = Ran::from(command.output().unwrap());
    assert_eq!((ran.code, ran.stdout.contains("sesame")), (0, false), "{ran:?}");
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let setting = |key: &str| {
        let all = shown["settings"].as_array().unwrap();
        all.iter().find(|it| it["key"] == key).unwrap().clone()
    };
    assert_eq!(setting("github.token")["value"], "***");
    assert_eq!(setting("worker.slots")["value"], 2);
    assert_eq!(setting("worker.slots")["origin"]["line"], 2);
    assert_eq!(setting("worker.language")["origin"]["name"], "CODINGWORKER__WORKER__LANGUAGE");
    assert_eq!(setting("worker.max_retries")["origin"]["from"], "default");
}

#[test]
fn what_is_wrong_with_a_configuration_is_all_said_on_standard_error() {
    let home = Home::new();
    fs::write(home.dir.path().join("bad.yaml"), "worker:\n  slot: 2\n  language: de\n").unwrap();
    let ran = home.run(&["config", "--config", "bad.yaml"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("bad.yaml:2: unknown key `worker.slot`: did you mean `slots`?"));
    assert!(ran.stderr.contains("bad.yaml:3: `worker.language`: `de` is none of en, ja"));
    let ran = home.run(&["jobs", "--config", "none.yaml"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("none.yaml"), "{}", ran.stderr);
}

#[test]
fn init_writes_a_private_file_that_is_then_in_force_and_is_not_overwritten() {
    let home = Home::new();
    let ran = home.run(&["init", "--yes", "--model", "ollama_chat/x:7b", "--language", "ja"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let file = home.dir.path().join(".config/codingworker/config.yaml");
    assert_eq!(ran.stdout.trim(), file.display().to_string());
    assert!(ran.stderr.contains("ollama pull x:7b") && ran.stderr.contains("doctor"), "{ran:?}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = home.run(&["config"]);
    assert!(shown.stdout.contains("ollama_chat/x:7b"), "{}", shown.stdout);
    let written = fs::read(&file).unwrap();
    assert_eq!(home.run(&["init", "--yes"]).code, 2);
    assert_eq!(fs::read(&file).unwrap(), written);
    assert_eq!(home.run(&["init", "--yes", "--force"]).code, 0);
    assert_ne!(fs::read(&file).unwrap(), written);
}

#[test]
fn init_writes_nothing_that_the_worker_would_refuse() {
    let home = Home::new();
    let ran = home.run(&["init", "--yes", "--queue-url", "http://sqs.example/1/q"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("plain http is accepted for this machine only"), "{}", ran.stderr);
    assert!(!home.dir.path().join(".config").exists());
}

#[test]
fn completions_know_the_commands_of_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = home.run(&["completions", shell]);
        assert!(ran.code == 0 && ran.stdout.contains("redrive"), "{shell}");
    }
}

#[test]
fn wrong_usage_is_2_and_help_is_data() {
    let home = Home::new();
    let wrong = home.run(&["jbos"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
    assert!(wrong.stderr.contains("jobs"), "{}", wrong.stderr);
    let help = home.run(&["--help"]);
    assert!(help.code == 0 && help.stdout.contains("completions") && help.stderr.is_empty());
}
