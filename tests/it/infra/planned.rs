//! What Terraform itself says of the whole, with a stand-in for the AWS provider that has the real
//! one's schema (`provider.py`): `validate` and `plan`, without AWS and without the registry.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use tempfile::TempDir;

use super::resources::{LEAST, everything_on};
use super::tools::{copy, fixture, terraform_as, well};
use crate::setup;

/// A copy of the root, whose provider is the stand-in, and whose state stays here.
struct Planned {
    room: TempDir,
    settings: PathBuf,
}

impl Planned {
    fn of(values: &str) -> Self {
        let room = copy();
        std::fs::write(room.path().join("test.auto.tfvars"), values).unwrap();
        let here = "terraform {\n  backend \"local\" {}\n}\n";
        std::fs::write(room.path().join("test_override.tf"), here).unwrap();
        let settings = install(&room.path().join(".mirror"));
        let it = Self { room, settings };
        well(&it.says(&["init", "-input=false", "-no-color"]));
        it
    }

    fn says(&self, words: &[&str]) -> Output {
        terraform_as(&self.settings, self.room.path(), words)
    }
}

/// Puts the stand-in where Terraform and OpenTofu look for the provider; returns the settings
/// that say so.
pub(crate) fn install(mirror: &Path) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let provider = fixture("terraform/aws-schema.json")["provider"].as_str().unwrap().to_owned();
    let version = provider.strip_prefix("hashicorp/aws ").unwrap();
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    for registry in ["registry.terraform.io", "registry.opentofu.org"] {
        let folder =
            mirror.join(format!("{registry}/hashicorp/aws/{version}/{system}_{processor}"));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join(format!("terraform-provider-aws_v{version}"));
        let text = format!(
            "#!/bin/sh\nexec '{}' '{}' '{}'\n",
            setup::tfprovider().display(),
            tests.join("it/infra/provider.py").display(),
            tests.join("fixtures/terraform/aws-schema.json").display(),
        );
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let settings = mirror.join("settings");
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
        mirror.display()
    );
    std::fs::write(&settings, text).unwrap();
    settings
}

#[test]
fn all_that_can_be_asked_for_is_valid_and_can_be_planned() {
    let all = Planned::of(&everything_on());
    well(&all.says(&["validate", "-no-color"]));
    let plan = well(&all.says(&["plan", "-input=false", "-no-color", "-lock=false"]));
    assert!(plan.contains("Plan: 29 to add, 0 to change, 0 to destroy."), "{plan}");

    // The control: what the provider does not know is found.
    let file = all.room.path().join("modules/codingworker/alarms.tf");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("target_key_id", "targt_key_id")).unwrap();
    let refused = all.says(&["validate", "-no-color"]);
    let words = String::from_utf8_lossy(&refused.stderr);
    assert!(words.contains("An argument named \"targt_key_id\" is not expected here"), "{words}");
    assert!(words.contains("\"target_key_id\" is required"), "{words}");
}

#[test]
fn the_least_that_can_be_asked_for_can_be_planned() {
    let plan = Planned::of(LEAST).says(&["plan", "-input=false", "-no-color", "-lock=false"]);
    let plan = well(&plan);
    // Two queues with two policies and who may bury, the identity provider, three alarms with
    // topic, its policy, a key and its alias.
    assert!(plan.contains("Plan: 13 to add, 0 to change, 0 to destroy."), "{plan}");
}
