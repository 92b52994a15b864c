//! The real tools, each run to its end on a copy, so that nothing is left in the sources.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// Of one run of a tool, in seconds.
const LIMIT: &str = "300";

pub(crate) fn infra() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("infra/terraform")
}

pub(super) fn fixture(path: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "blocking, and outside of any runtime")]
pub(super) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", LIMIT]).arg(name).stdin(Stdio::null());
    command
}

/// Terraform or OpenTofu, whichever is on the PATH, with nothing of what is set up for the person
/// who runs the tests.
pub(super) fn terraform(folder: &Path, words: &[&str]) -> Output {
    let empty = tempfile::NamedTempFile::new().unwrap();
    terraform_as(empty.path(), folder, words)
}

/// The same, set up by this file.
pub(super) fn terraform_as(settings: &Path, folder: &Path, words: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    program(found())
        .args(words)
        .current_dir(folder)
        .env("HOME", home.path())
        .env("TF_CLI_CONFIG_FILE", settings)
        .env("CHECKPOINT_DISABLE", "1")
        .env("TF_IN_AUTOMATION", "1")
        .output()
        .unwrap()
}

/// Which of the two is there.
pub(crate) fn found() -> &'static str {
    static FOUND: OnceLock<&str> = OnceLock::new();
    FOUND.get_or_init(|| {
        let answers = |name: &&str| {
            let mut ask = program(name);
            ask.arg("version").env("CHECKPOINT_DISABLE", "1").env("HOME", std::env::temp_dir());
            ask.stdout(Stdio::null()).stderr(Stdio::null());
            ask.status().is_ok_and(|status| status.success())
        };
        ["terraform", "tofu"].into_iter().find(answers).unwrap_or_else(|| {
            panic!(
                "neither terraform nor tofu is on the PATH: install Terraform 1.6 or later \
                 (https://developer.hashicorp.com/terraform/install) or OpenTofu"
            )
        })
    })
}

/// What a run that went well printed.
pub(super) fn well(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}{words}", output.status);
    text
}

/// All of infra/terraform, somewhere else.
pub(super) fn copy() -> TempDir {
    let room = tempfile::tempdir().unwrap();
    copy_into(&infra(), room.path());
    room
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            // What a person's own `terraform init` left.
            true if entry.file_name() == ".terraform" => {}
            true => {
                std::fs::create_dir(&target).unwrap();
                copy_into(&entry.path(), &target);
            }
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// The outputs of the module without a provider, for these values.
pub(super) fn policy(values: &str) -> Value {
    let room = copy();
    let module = room.path().join("modules/policy");
    std::fs::write(module.join("test.auto.tfvars"), values).unwrap();
    well(&terraform(&module, &["init", "-backend=false", "-input=false", "-no-color"]));
    well(&terraform(&module, &["apply", "-auto-approve", "-input=false", "-no-color"]));
    let said = well(&terraform(&module, &["output", "-json"]));
    let outputs: Value = serde_json::from_str(&said).unwrap();
    let values = outputs.as_object().unwrap().iter();
    values.map(|(name, it)| (name.clone(), it["value"].clone())).collect()
}
