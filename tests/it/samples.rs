//! The samples that strangers copy: each file is obeyed as it stands, and each plan is what its
//! comments say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use codingworker::domain::verification::{Place, Plan};
use codingworker::engine::dockerfile::{Reach, reaches};
use codingworker::engine::plan::{self, Project};
use codingworker::project_file;

const SAMPLES: [&str; 6] = ["compose", "go", "monorepo", "python", "rust", "typescript"];
const VARIANTS: [&str; 3] =
    [".codingworker.yml", ".codingworker.docker.yml", ".codingworker.image.yml"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/samples")
}

/// Every file below `root`, from there, with its text.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    found
}

/// The plan of a sample with this variant of its file; without, when that is `None`.
fn planned(sample: &str, variant: Option<&str>) -> Plan {
    let files = files(&folder().join(sample));
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    let own = variant.map(|it| project_file::parse(&files[it]).unwrap());
    plan::plan(Project {
        own: own.as_ref(),
        files: &paths,
        read: &|path| files.get(path).cloned(),
        image: "codingworker-sample-7",
        dir: "/w",
        containers: true,
    })
}

fn shown(plan: &Plan) -> String {
    let mut lines = vec![plan.source.clone()];
    match &plan.place {
        Place::Host => {}
        Place::Image { name } => lines.push(format!("in {name}")),
        Place::Dockerfile { path, .. } => lines.push(format!("in the image of {path}")),
    }
    for it in plan.preparations.iter().filter(|it| it.docker || it.name == "own") {
        lines.push(format!("prepare: {}", it.command));
        lines.extend(it.files.iter().map(|it| format!("  from {it}")));
        lines.extend(it.env.iter().map(|(name, value)| format!("  {name}={value}")));
    }
    let docker = |docker: bool| if docker { " (docker)" } else { "" };
    let steps = plan.steps.iter();
    lines.extend(
        steps.map(|it| format!("{}{}: {}", it.check.name(), docker(it.docker), it.command)),
    );
    lines.extend(plan.format.iter().map(|it| format!("format: {it}")));
    lines.join("\n")
}

#[test]
fn each_folder_is_a_sample_that_is_listed_and_has_a_commented_file_that_is_obeyed() {
    let listed = fs::read_to_string(folder().join("README.md")).unwrap();
    let mut found: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder()).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found.sort();
    assert_eq!(found, SAMPLES);
    for sample in SAMPLES {
        assert!(listed.contains(&format!("[{sample}]({sample})")), "{sample}");
        let files = files(&folder().join(sample));
        let variants: Vec<&&str> = VARIANTS.iter().filter(|it| files.contains_key(**it)).collect();
        assert!(variants.len() >= 2, "{sample} has one form only");
        for variant in variants {
            let text = &files[*variant];
            assert!(text.starts_with('#'), "{sample}/{variant} says nothing about itself");
            let file = project_file::parse(text);
            let file = file.unwrap_or_else(|error| panic!("{sample}/{variant}: {error}"));
            let named = file.prepare.iter().flat_map(|it| &it.files).chain(&file.dockerfile);
            for path in named {
                assert!(files.contains_key(path), "{sample}/{variant} names {path}");
            }
        }
    }
}

#[test]
fn the_plain_form_runs_in_an_image() {
    insta::assert_snapshot!(shown(&planned("go", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    in golang:1.24
    build: go build ./...
    lint: go vet ./...
    test: go test ./...
    format: gofmt -w .
    ");
    insta::assert_snapshot!(shown(&planned("typescript", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    in node:22
    build: pnpm install --frozen-lockfile && pnpm run build
    lint: pnpm run lint
    test: pnpm test
    format: pnpm run format
    ");
    insta::assert_snapshot!(shown(&planned("python", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    in python:3.12-slim
    build: python3 -m compileall -q slugs tests
    test: python3 -m unittest -v
    ");
    insta::assert_snapshot!(shown(&planned("rust", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    in the image of ci.Dockerfile
    build: cargo build --locked --all-targets
    lint: cargo clippy --locked --all-targets -- -D warnings
    test: cargo test --locked --no-fail-fast
    format: cargo fmt
    ");
    insta::assert_snapshot!(shown(&planned("compose", Some(VARIANTS[2]))), @r"
    .codingworker.yml
    in python:3.12-slim
    build: python3 -m compileall -q visits tests
    ");
}

#[test]
fn a_monorepo_prepares_what_is_not_at_its_root() {
    insta::assert_snapshot!(shown(&planned("monorepo", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    in the image of ci/Dockerfile
    prepare: make deps
      from Makefile
      from api/requirements.txt
      from web/package.json
      from web/package-lock.json
      PYTHONPATH=${DEPS_DIR}/python
      npm_config_cache=${DEPS_DIR}/npm
      npm_config_offline=true
    build: make build
    lint: make lint
    test: make test
    ");
}

#[test]
fn the_docker_form_talks_to_the_engine_and_is_built_with_the_network_once() {
    insta::assert_snapshot!(shown(&planned("go", Some(VARIANTS[1]))), @r"
    .codingworker.yml
    prepare: docker build -t codingworker-sample-7 .
    build (docker): docker build -t codingworker-sample-7 .
    lint (docker): docker run --rm codingworker-sample-7 go vet ./...
    test (docker): docker run --rm codingworker-sample-7 go test ./...
    ");
    insta::assert_snapshot!(shown(&planned("typescript", Some(VARIANTS[1]))), @r"
    .codingworker.yml
    prepare: docker build -t codingworker-sample-7 --target builder .
    build (docker): docker build -t codingworker-sample-7 --target builder .
    lint (docker): docker run --rm codingworker-sample-7 pnpm biome check .
    test (docker): docker run --rm codingworker-sample-7 pnpm test
    ");
    insta::assert_snapshot!(shown(&planned("python", Some(VARIANTS[1]))), @r"
    .codingworker.yml
    prepare: docker build -t codingworker-sample-7 .
    build (docker): docker build -t codingworker-sample-7 .
    test (docker): docker run --rm codingworker-sample-7 make test
    ");
    insta::assert_snapshot!(shown(&planned("rust", Some(VARIANTS[1]))), @r"
    .codingworker.yml
    prepare: docker build -t codingworker-sample-7 .
    build (docker): docker build -t codingworker-sample-7 .
    lint (docker): docker run --rm codingworker-sample-7 cargo clippy --locked --offline --all-targets
    test (docker): docker run --rm codingworker-sample-7 cargo test --locked --offline --no-fail-fast
    ");
    insta::assert_snapshot!(shown(&planned("compose", Some(VARIANTS[0]))), @r"
    .codingworker.yml
    prepare: docker compose build
    prepare: docker compose pull --ignore-buildable --policy missing
    build (docker): docker compose build
    test (docker): docker compose run --rm test
    ");
    insta::assert_snapshot!(shown(&planned("monorepo", Some(VARIANTS[1]))), @r"
    .codingworker.yml
    prepare: docker build -t codingworker-sample-7 -f api/Dockerfile api && docker build -t codingworker-sample-7:web -f web/Dockerfile web
    build (docker): docker build -t codingworker-sample-7 -f api/Dockerfile api && docker build -t codingworker-sample-7:web -f web/Dockerfile web
    test (docker): docker run --rm codingworker-sample-7 && docker run --rm codingworker-sample-7:web
    ");
}

#[test]
fn what_a_sample_says_happens_without_its_file_does_happen() {
    for (sample, variant) in [("python", VARIANTS[1]), ("compose", VARIANTS[0])] {
        let (with, without) = (planned(sample, Some(variant)), planned(sample, None));
        assert_eq!(with.steps, without.steps, "{sample}");
        assert_eq!(with.preparations, without.preparations, "{sample}");
    }
}

#[test]
fn the_dockerfiles_reach_for_images_and_for_nothing_else() {
    let mut seen = 0;
    for sample in SAMPLES {
        let files = files(&folder().join(sample));
        for (path, text) in files.iter().filter(|(path, _)| path.ends_with("Dockerfile")) {
            seen += 1;
            for reach in reaches(text, &[]) {
                assert!(matches!(&reach, Reach::Image(_)), "{sample}/{path}: {reach:?}");
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn the_base_images_of_two_samples_can_be_others() {
    for (sample, base) in [("python", "python:3.12"), ("compose", "python:3.12-slim")] {
        let text = fs::read_to_string(folder().join(sample).join("Dockerfile")).unwrap();
        assert!(text.contains(&format!("ARG BASE={base}\nFROM ${{BASE}}")), "{sample}");
    }
    let compose = fs::read_to_string(folder().join("compose/compose.yaml")).unwrap();
    for variable in ["${BASE:-python:3.12-slim}", "${DATABASE_IMAGE:-redis:7}"] {
        assert!(compose.contains(variable), "{variable}");
    }
}

#[test]
fn every_example_in_the_reference_is_obeyed() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/codingworker-yml.md");
    let text = fs::read_to_string(docs).unwrap();
    let examples: Vec<&str> =
        text.split("```yaml\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    assert!(examples.len() >= 6, "{}", examples.len());
    for example in examples {
        let file = project_file::parse(example);
        let file = file.unwrap_or_else(|error| panic!("{example}{error}"));
        assert!(file.build.is_some() && file.test.is_some(), "{example}");
    }
}
