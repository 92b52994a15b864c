//! Form, Terraform's own tests, and what checkov thinks of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::resources::everything_on;
use super::tools::{copy, infra, policy, program, terraform, well};
use crate::setup;

#[test]
fn the_files_are_formatted_as_terraform_does_it() {
    well(&terraform(&infra(), &["fmt", "-check", "-recursive", "-diff", "-no-color"]));
}

#[test]
fn the_module_without_a_provider_is_valid_and_passes_its_own_tests() {
    let room = copy();
    let module = room.path().join("modules/policy");
    well(&terraform(&module, &["init", "-backend=false", "-input=false", "-no-color"]));
    well(&terraform(&module, &["validate", "-no-color"]));
    let said = well(&terraform(&module, &["test", "-no-color"]));
    assert!(said.contains("24 passed, 0 failed"), "{said}");
}

#[test]
fn the_example_of_values_is_accepted() {
    let example = std::fs::read_to_string(infra().join("terraform.tfvars.example")).unwrap();
    let outputs = policy(&example);
    assert_eq!(outputs["names"]["queue"], "codingworker-prod");
    assert_eq!(outputs["sender_trust"].as_object().unwrap().len(), 2);
}

/// Everything that is off by default is on here: checkov looks at nothing whose `count` is 0.
#[test]
fn checkov_finds_nothing_and_what_it_is_told_to_pass_over_has_a_reason() {
    let room = copy();
    let values = room.path().join("all.tfvars");
    std::fs::write(&values, everything_on()).unwrap();
    let home = tempfile::tempdir().unwrap();
    let output = program(setup::checkov())
        .env("HOME", home.path())
        .args(["--directory", ".", "--framework", "terraform", "--output", "json"])
        .args(["--compact", "--skip-download", "--var-file"])
        .arg(&values)
        .current_dir(room.path())
        .output()
        .unwrap();
    let report: Value = serde_json::from_str(&well(&output)).unwrap();
    assert_eq!(report["summary"]["failed"], 0, "{}", report["results"]["failed_checks"]);
    assert_eq!(report["summary"]["parsing_errors"], 0);
    assert!(report["summary"]["passed"].as_u64().unwrap() >= 38, "{}", report["summary"]);
    let skipped = report["results"]["skipped_checks"].as_array().unwrap();
    for check in skipped {
        let reason = check["check_result"]["suppress_comment"].as_str().unwrap();
        assert!(reason.len() >= 10, "{check}");
    }
    let ids: BTreeSet<_> = skipped.iter().map(|it| it["check_id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from(["CKV2_AWS_73", "CKV_AWS_273"]));
}
