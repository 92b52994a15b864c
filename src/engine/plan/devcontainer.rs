//! `devcontainer.json`: the image, or the Dockerfile, that people already develop in.
//!
//! That is all that is taken from it. Nothing in it is run, nothing is installed on top, and
//! no variable is filled in; the plan says what was passed over.

use serde_json::Value;

use crate::domain::verification::Place;

use super::reference::{checked_image, resolve};
use super::{Project, jsonc};

/// Where it lies. More than one below `.devcontainer/` is a choice that only a person can make.
const FILES: [&str; 2] = [".devcontainer/devcontainer.json", ".devcontainer.json"];
/// What a person who reads the plan may have counted on.
const PASSED_OVER: [&str; 10] = [
    "features",
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
    "containerEnv",
    "remoteEnv",
    "runArgs",
    "mounts",
];

/// What was made of the file.
#[derive(Debug, PartialEq)]
pub(super) struct Devcontainer {
    /// Where it lies.
    pub(super) file: &'static str,
    /// What it stands for, or why it does not.
    pub(super) place: Result<Place, String>,
    /// Its keys that have no effect here.
    pub(super) passed_over: Vec<String>,
}

/// Where it lies, if there is one.
pub(super) fn find(project: Project<'_>) -> Option<&'static str> {
    FILES.into_iter().find(|path| project.has(path))
}

/// Reads the one that there is.
pub(super) fn detect(project: Project<'_>) -> Option<Devcontainer> {
    let file = find(project)?;
    let Some(value) = jsonc::parse(&project.text(file)).filter(Value::is_object) else {
        let place = Err("it is not JSON".to_owned());
        return Some(Devcontainer { file, place, passed_over: Vec::new() });
    };
    let mut passed_over: Vec<String> =
        PASSED_OVER.into_iter().filter(|key| !is_empty(&value[*key])).map(str::to_owned).collect();
    let build = ["args", "target", "options", "cacheFrom"].into_iter();
    passed_over.extend(
        build.filter(|key| !is_empty(&value["build"][*key])).map(|key| format!("build.{key}")),
    );
    Some(Devcontainer { file, place: place(project, file, &value), passed_over })
}

fn place(project: Project<'_>, file: &str, value: &Value) -> Result<Place, String> {
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let dockerfile = text(&value["build"]["dockerfile"]).or_else(|| text(&value["dockerFile"]));
    if let Some(dockerfile) = dockerfile {
        let context = text(&value["build"]["context"]).or_else(|| text(&value["context"]));
        return built(project, file, &dockerfile, context.as_deref().unwrap_or("."));
    }
    if let Some(name) = text(&value["image"]) {
        plain(&name)?;
        // In our words: a plan's source quotes nobody.
        let no_name = |_| "its image has no name that one can pull".to_owned();
        return checked_image(&name).map_err(no_name).map(|()| Place::Image { name });
    }
    Err(match is_empty(&value["dockerComposeFile"]) {
        true => "it names neither an image nor a Dockerfile".to_owned(),
        false => "it names a compose file".to_owned(),
    })
}

fn built(project: Project<'_>, file: &str, path: &str, context: &str) -> Result<Place, String> {
    plain(path)?;
    plain(context)?;
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let outside = || "its Dockerfile or context is outside of the repository".to_owned();
    let path = resolve(folder, path).ok_or_else(outside)?;
    let context = resolve(folder, context).ok_or_else(outside)?;
    if !project.has(&path) {
        return Err("its Dockerfile is not there".to_owned());
    }
    // An engine is sent one folder, and finds the Dockerfile in it.
    if !context.is_empty() && !path.starts_with(&format!("{context}/")) {
        return Err("its Dockerfile is outside of its context".to_owned());
    }
    Ok(Place::Dockerfile { path, context })
}

fn plain(text: &str) -> Result<(), String> {
    match text.contains("${") {
        true => Err("it needs a variable".to_owned()),
        false => Ok(()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Object(it) => it.is_empty(),
        Value::Array(it) => it.is_empty(),
        Value::String(it) => it.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(file: &str, text: &str, more: &[&str]) -> Option<Devcontainer> {
        let mut files = vec![file];
        files.extend(more);
        let read = |path: &str| (path == file).then(|| text.to_owned());
        detect(Project { files: &files, read: &read, ..Project::default() })
    }

    /// The place, or why there is none.
    fn shown(text: &str) -> String {
        let more = ["Dockerfile", ".devcontainer/Dockerfile", "docker/dev"];
        match read(FILES[0], text, &more).unwrap().place {
            Ok(Place::Image { name }) => name,
            Ok(Place::Dockerfile { path, context }) => format!("{path} in `{context}`"),
            Ok(Place::Host) => "host".to_owned(),
            Err(why) => why,
        }
    }

    #[test]
    fn its_image_or_its_dockerfile_is_the_place() {
        for (text, expected) in [
            ("// For VS Code\n{\"image\": \"node:22\", /* now */ }", "node:22"),
            (
                r#"{"image": "mcr.microsoft.com/devcontainers/python:1-3.12-bookworm"}"#,
                "mcr.microsoft.com/devcontainers/python:1-3.12-bookworm",
            ),
            (
                r#"{"build": {"dockerfile": "Dockerfile"}}"#,
                ".devcontainer/Dockerfile in `.devcontainer`",
            ),
            (
                r#"{"build": {"dockerfile": "Dockerfile", "context": ".."}}"#,
                ".devcontainer/Dockerfile in ``",
            ),
            (r#"{"build": {"dockerfile": "../Dockerfile", "context": ".."}}"#, "Dockerfile in ``"),
            (
                r#"{"dockerFile": "../docker/dev", "context": "../docker"}"#,
                "docker/dev in `docker`",
            ),
            (
                r#"{"build": {"dockerfile": "../Dockerfile"}}"#,
                "its Dockerfile is outside of its context",
            ),
            (
                r#"{"build": {"dockerfile": "../../x", "context": ".."}}"#,
                "its Dockerfile or context is outside of the repository",
            ),
            (
                r#"{"build": {"dockerfile": "Dockerfile", "context": "../.."}}"#,
                "its Dockerfile or context is outside of the repository",
            ),
            (r#"{"build": {"dockerfile": "none"}}"#, "its Dockerfile is not there"),
            (r#"{"build": {"dockerfile": "${localEnv:FILE}"}}"#, "it needs a variable"),
            (r#"{"image": "${localEnv:IMAGE:node}"}"#, "it needs a variable"),
            (
                r#"{"dockerComposeFile": "compose.yaml", "service": "app"}"#,
                "it names a compose file",
            ),
            (r#"{"name": "x"}"#, "it names neither an image nor a Dockerfile"),
            (r#"{"image": 22}"#, "it names neither an image nor a Dockerfile"),
            ("[]", "it is not JSON"),
            ("{image: node}", "it is not JSON"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert!(shown(r#"{"image": "node --privileged"}"#).contains("no name that one can pull"));
    }

    #[test]
    fn what_has_no_effect_here_is_named() {
        let text = r#"{"image": "node:22", "features": {"ghcr.io/x/y:1": {}}, "mounts": [],
            "postCreateCommand": "npm ci", "build": {"args": {"A": "1"}, "target": "dev"}}"#;
        let found = read(FILES[1], text, &[]).unwrap();
        assert_eq!(found.file, ".devcontainer.json");
        assert_eq!(
            found.passed_over,
            ["features", "postCreateCommand", "build.args", "build.target"]
        );
        assert_eq!(read("devcontainer.json", text, &[]), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,100}", path in "[./a]{0,12}") {
            let _ = read(FILES[0], &text, &[]);
            let built = serde_json::json!({"build": {"dockerfile": path, "context": path}});
            let _ = read(FILES[0], &built.to_string(), &["a", "a/a"]);
        }
    }
}
