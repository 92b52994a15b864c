//! A repository's `.codingworker.yml`, which strangers can write: `project_file`.

use codingworker::domain::project::ProjectFile;
use codingworker::project_file::{MOST_BYTES, parse};

pub(crate) const WORDS: &[&str] = &[
    "build: {command: make}\n",
    "test: {command: make test, docker: true}\n",
    "lint:\n  command: x\n",
    "format: {command: fmt}\n",
    "image: node:22\n",
    "image: x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
    "dockerfile: a/Dockerfile\n",
    "gate: {max_files: 1, protect: ['**/x']}\n",
    "prepare: {command: c, files: [a], env: {A: '${DEPS_DIR}'}}\n",
    "LD_PRELOAD: x",
    "../",
    "/",
    "**",
    "{a,b}",
    "[!a]",
    "&a [*a,*a]",
    "*a",
    "!!str ",
    "!tag ",
    "? ",
    "'",
    "\"",
    "\0",
    "\u{feff}",
    ": ",
    "- ",
    "|\n",
    "{",
    "}",
];

/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = parse(&text);
    assert_eq!(found, parse(&text), "the same file means two things");
    match found {
        Ok(file) => {
            assert!(text.len() <= MOST_BYTES);
            is_sound(&file);
            assert_eq!(parse(&written(&file)).as_ref(), Ok(&file), "it cannot be said again");
        }
        Err(error) => {
            let why = error.to_string();
            assert!(why.starts_with(".codingworker.yml"), "{why}");
            assert!(why.len() < 4_000, "{} bytes of words", why.len());
        }
    }
}

fn is_sound(file: &ProjectFile) {
    let commands = [&file.build, &file.lint, &file.test, &file.format];
    let prepare = file.prepare.iter().map(|it| &it.command);
    for command in commands.into_iter().flatten().chain(prepare) {
        assert!(!command.trim().is_empty() && command.len() <= 8_192 && !command.contains('\0'));
    }
    assert!(file.image.is_none() || file.dockerfile.is_none());
    let files = file.prepare.iter().flat_map(|it| &it.files);
    for path in files.chain(&file.dockerfile) {
        let leads_out = path.starts_with('/') || path.split('/').any(|it| it == "..");
        assert!(!leads_out && !path.contains(['\\', '\0', '\n']), "{path:?}");
    }
    for (name, _) in file.prepare.iter().flat_map(|it| &it.env) {
        let loads = ["LD_", "DYLD_", "GIT_", "DOCKER_"].iter().any(|it| name.starts_with(it));
        assert!(!loads && !matches!(name.as_str(), "PATH" | "HOME" | "BASH_ENV"), "{name}");
    }
    assert!(file.gate.protect.len() <= 200);
}

/// The same file in other words: JSON is YAML too.
fn written(file: &ProjectFile) -> String {
    let step = |command: &Option<String>, docker: Option<bool>| {
        let command = command.as_ref()?;
        Some(match docker {
            Some(docker) => serde_json::json!({"command": command, "docker": docker}),
            None => serde_json::json!({"command": command}),
        })
    };
    let docker = &file.docker;
    let mut text = serde_json::json!({
        "build": step(&file.build, docker.build),
        "lint": step(&file.lint, docker.lint),
        "test": step(&file.test, docker.test),
        "format": step(&file.format, None),
        "image": file.image,
        "dockerfile": file.dockerfile,
        "gate": file.gate,
    });
    if let Some(prepare) = &file.prepare {
        let env: serde_json::Map<_, _> =
            prepare.env.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        text["prepare"] = serde_json::json!({
            "command": prepare.command, "files": prepare.files, "env": env,
        });
    }
    text.to_string()
}
