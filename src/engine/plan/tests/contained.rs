//! Plans where there is a container engine.

use super::*;

const GO: (&str, &str) = ("go.mod", "module a");
const DOCKERFILE: (&str, &str) = ("Dockerfile", "FROM golang:1.24");
const TESTED: &str = "services:\n  test:\n    build: .\n  db:\n    image: postgres:16\n";
const SERVED: &str = "services:\n  db:\n    image: postgres:16\n";

/// The repository's own file, key by key.
fn file(keys: &[(&str, &str)]) -> ProjectFile {
    let mut file = ProjectFile::default();
    for (key, value) in keys {
        let text = Some((*value).to_owned());
        match *key {
            "build" => file.build = text,
            "lint" => file.lint = text,
            "test" => file.test = text,
            "format" => file.format = text,
            "image" => file.image = text,
            "dockerfile" => file.dockerfile = text,
            "prepare" => {
                file.prepare = text.map(|command| Prepare { command, ..Prepare::default() });
            }
            "lint.docker" => file.docker.lint = Some(*value == "true"),
            "test.docker" => file.docker.test = Some(*value == "true"),
            _ => unreachable!("{key}"),
        }
    }
    file
}

fn own(keys: &[(&str, &str)], files: &[(&str, &str)]) -> String {
    shown(&made(Some(&file(keys)), files, true))
}

#[test]
fn a_dockerfile_is_built_and_the_tests_run_in_the_image() {
    let makefile = ("Makefile", "test:\n\tgo test ./...\nlint:\n\tgo vet ./...\n");
    insta::assert_snapshot!(contained(&[DOCKERFILE, GO, makefile]), @r"
    Dockerfile
    prepare image (docker): docker build -t codingworker-api-7 .
    build (docker): docker build -t codingworker-api-7 .
    lint (docker): docker run --rm codingworker-api-7 make lint
    test (docker): docker run --rm codingworker-api-7 make test
    ");
}

#[test]
fn without_a_target_in_a_makefile_the_languages_own_tests_run_in_the_image() {
    insta::assert_snapshot!(contained(&[DOCKERFILE, GO]), @r"
    Dockerfile, go.mod
    prepare image (docker): docker build -t codingworker-api-7 .
    build (docker): docker build -t codingworker-api-7 .
    test (docker): docker run --rm codingworker-api-7 go test ./...
    ");
    let package = r#"{"scripts": {"test": "vitest run"}}"#;
    for (files, expected) in [
        (&[("package.json", package)][..], "make_free: npm test"),
        (&[("package.json", package), ("pnpm-lock.yaml", "")], "make_free: pnpm test"),
        (&[("package.json", package), ("Makefile", "all:\n")], "make_free: npm test"),
        (&[("package.json", package), ("Makefile", "test:\n")], "make test"),
        (&[("Cargo.toml", "")], "make_free: cargo test --no-fail-fast"),
        (&[("pytest.ini", "")], "make_free: python3 -m pytest -v"),
        (&[("Makefile", "check:\n")], "make_free: make check"),
        (&[("package.json", "{}")], "make test"),
        (&[], "make test"),
    ] {
        let mut all = vec![DOCKERFILE];
        all.extend(files);
        let command = expected.trim_start_matches("make_free: ");
        let plan = contained(&all);
        let line = format!("test (docker): docker run --rm codingworker-api-7 {command}");
        assert!(plan.ends_with(&line), "{files:?}: {plan}");
    }
}

#[test]
fn a_compose_file_is_built_and_its_service_test_runs() {
    for name in ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"] {
        assert!(contained(&[(name, TESTED)]).starts_with(&format!("{name}\nprepare")));
    }
    insta::assert_snapshot!(contained(&[("compose.yaml", TESTED), GO]), @r"
    compose.yaml
    prepare image (docker): docker compose build
    prepare services (docker): docker compose pull --ignore-buildable --policy missing
    build (docker): docker compose build
    test (docker): docker compose run --rm test
    ");
    let profile = "services:\n  test:\n    build: .\n    profiles: [ci]\n";
    insta::assert_snapshot!(contained(&[("compose.yaml", profile)]), @r"
    compose.yaml
    prepare image (docker): docker compose build && docker compose build test
    prepare services (docker): docker compose pull --ignore-buildable --policy missing
    build (docker): docker compose build && docker compose build test
    test (docker): docker compose run --rm test
    ");
}

#[test]
fn of_dockerfile_and_compose_file_the_one_that_says_how_to_test_wins() {
    let first = |files: &[(&str, &str)]| contained(files).lines().next().unwrap().to_owned();
    for (compose, expected) in [
        (TESTED, "compose.yaml"),
        (SERVED, "Dockerfile, go.mod"),
        ("include: [a.yaml]\n", "Dockerfile, go.mod"),
        ("", "Dockerfile, go.mod"),
        ("not: yaml: [", "Dockerfile, go.mod"),
    ] {
        assert_eq!(first(&[DOCKERFILE, GO, ("compose.yaml", compose)]), expected, "{compose}");
    }
    let laid_over = ("compose.override.yml", TESTED);
    assert_eq!(first(&[DOCKERFILE, ("compose.yaml", SERVED), laid_over]), "compose.yaml");
}

#[test]
fn a_compose_file_of_databases_alone_says_nothing_about_tests() {
    insta::assert_snapshot!(contained(&[("compose.yaml", SERVED), GO]), @r"
    go.mod (compose.yaml is left alone: it has no service `test`)
    build: go build ./...
    lint: go vet ./...
    test: go test ./...
    format: gofmt -w .
    ");
    // Where nothing else is found, the convention is all there is.
    assert!(contained(&[("compose.yaml", SERVED)]).contains("docker compose run --rm test"));
    assert!(contained(&[("compose.yaml", "")]).starts_with("compose.yaml\nprepare image"));
}

#[test]
fn a_devcontainer_is_where_the_languages_commands_run_when_nothing_else_says_so() {
    let node = ("package.json", r#"{"scripts": {"test": "node --test"}}"#);
    let image = r#"{"image": "node:22", "features": {"x": {}}, "postCreateCommand": "npm ci"}"#;
    let devcontainer = (".devcontainer/devcontainer.json", image);
    insta::assert_snapshot!(contained(&[devcontainer, node]), @r"
    .devcontainer/devcontainer.json (without its features, postCreateCommand), package.json
    in node:22
    test: npm test
    ");
    let built = r#"{"build": {"dockerfile": "Dockerfile", "context": ".."}} // here"#;
    let built = (".devcontainer/devcontainer.json", built);
    let dockerfile = (".devcontainer/Dockerfile", "FROM node:22");
    insta::assert_snapshot!(contained(&[built, dockerfile, node]), @r"
    .devcontainer/devcontainer.json, package.json
    in .devcontainer/Dockerfile of ``
    test: npm test
    ");
    assert!(contained(&[devcontainer, node, DOCKERFILE]).starts_with("Dockerfile, package.json\n"));
    assert!(
        contained(&[devcontainer, node, ("compose.yaml", TESTED)]).starts_with("compose.yaml\n")
    );
    assert!(contained(&[devcontainer, node, ("compose.yaml", SERVED)]).contains("\nin node:22\n"));
    assert_eq!(contained(&[devcontainer]), "nothing found");
    let unknown = (".devcontainer.json", r#"{"image": "${localEnv:IMAGE}"}"#);
    assert_eq!(
        contained(&[unknown, node]),
        "package.json (.devcontainer.json is left alone: it needs a variable)\ntest: npm test"
    );
}

#[test]
fn without_an_engine_the_languages_commands_run_and_what_is_left_alone_is_said() {
    let plan = planned(&[DOCKERFILE, GO]);
    let note = "left alone: no container engine is used";
    assert!(plan.starts_with(&format!("go.mod (Dockerfile is {note})\nbuild: go")), "{plan}");
    assert!(!plan.contains("docker "), "{plan}");
    let compose = planned(&[("compose.yaml", TESTED)]);
    assert_eq!(compose, format!("nothing found (compose.yaml is {note})"));
    let devcontainer = planned(&[(".devcontainer.json", r#"{"image": "node:22"}"#), GO]);
    assert!(devcontainer.starts_with(&format!("go.mod (.devcontainer.json is {note})\nbuild")));
}

#[test]
fn the_repositorys_own_image_or_dockerfile_is_around_its_plain_commands() {
    insta::assert_snapshot!(
        own(&[("image", "node:22"), ("build", "npm ci"), ("test", "npm test")], &[DOCKERFILE]), @r"
    .codingworker.yml
    in node:22
    build: npm ci
    test: npm test
    ");
    insta::assert_snapshot!(
        own(&[("dockerfile", "ci/Dockerfile"), ("test", "docker/run.sh ${IMAGE_NAME}")], &[]), @r"
    .codingworker.yml
    in ci/Dockerfile of ``
    test: docker/run.sh codingworker-api-7
    ");
    // Whatever there is on this machine: the runner refuses it, the plan does not change.
    let file = file(&[("image", "node:22"), ("test", "npm test")]);
    assert!(matches!(made(Some(&file), &[GO], false).place, Place::Image { .. }));
}

#[test]
fn its_own_docker_commands_are_told_by_their_words_or_by_docker_true() {
    insta::assert_snapshot!(own(
        &[
            ("build", "docker build -t ${IMAGE_NAME} ${WORK_DIR}/app"),
            ("lint", "make lint"),
            ("lint.docker", "true"),
            ("test", "echo docker"),
            ("test.docker", "false"),
        ],
        &[]), @r"
    .codingworker.yml
    prepare image (docker): docker build -t codingworker-api-7 ${WORK_DIR}/app
    build (docker): docker build -t codingworker-api-7 /w/app
    lint (docker): make lint
    test: echo docker
    ");
}

#[test]
fn its_own_prepare_takes_the_place_of_what_is_found() {
    insta::assert_snapshot!(own(
        &[("image", "node:22"), ("prepare", "make deps ${IMAGE_NAME}"), ("test", "make test")],
        &[("package-lock.json", "{}")]), @r"
    .codingworker.yml
    in node:22
    prepare own: make deps codingworker-api-7
    test: make test
    ");
    // The engine's own layers are fetched all the same, unless it does that itself.
    let with = |prepare: &str, containers| {
        let steps = [("build", "docker build ."), ("test", "make test"), ("prepare", prepare)];
        made(Some(&file(&steps)), &[], containers)
    };
    assert!(shown(&with("make deps", true)).contains("\nprepare image (docker): docker build .\n"));
    assert_eq!(with("docker pull node:22", true).preparations.len(), 1);
    assert_eq!(with("make deps", false).preparations.len(), 1);
}

#[test]
fn a_file_without_commands_leaves_them_to_be_found() {
    insta::assert_snapshot!(own(&[("image", "golang:1.24")], &[GO, DOCKERFILE]), @r"
    .codingworker.yml, go.mod
    in golang:1.24
    build: go build ./...
    lint: go vet ./...
    test: go test ./...
    format: gofmt -w .
    ");
    assert!(own(&[], &[GO]).starts_with(".codingworker.yml, go.mod\nbuild"));
    assert!(own(&[], &[DOCKERFILE]).starts_with(".codingworker.yml, Dockerfile\nprepare image"));
    let format = own(&[("format", "make fmt")], &[GO]);
    assert!(format.ends_with("format: make fmt"), "{format}");
    assert_eq!(own(&[("image", "node:22")], &[]), ".codingworker.yml, nothing found");
}

#[test]
fn nothing_is_prepared_for_a_plan_without_steps() {
    assert!(made(Some(&file(&[("prepare", "x")])), &[], true).preparations.is_empty());
    assert!(made(None, &[("package-lock.json", "{}")], true).preparations.is_empty());
}

proptest! {
    #[test]
    fn a_plan_never_quotes_a_file_and_never_has_a_check_twice(
        text in "\\PC{0,80}", which in prop::sample::subsequence(
            vec!["Dockerfile", "compose.yaml", ".devcontainer.json", "package.json", "Makefile", "go.mod"], 0..6),
        containers in any::<bool>(),
    ) {
        let files: Vec<(&str, &str)> = which.iter().map(|it| (*it, text.as_str())).collect();
        let plan = made(None, &files, containers);
        prop_assert!(plan.source.is_ascii());
        let mut checks: Vec<Check> = plan.steps.iter().map(|it| it.check).collect();
        checks.dedup();
        prop_assert_eq!(checks.len(), plan.steps.len());
        prop_assert!(containers || plan.steps.iter().all(|it| !it.docker));
    }
}
