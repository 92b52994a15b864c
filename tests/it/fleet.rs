//! infra/fleet: what it says is what the program, the image and each other take.

use std::path::{Path, PathBuf};

use codingworker::config::{Config, KEYS, LoadOptions, variable};
use codingworker::postgres::SslMode;
use serde::Deserialize;
use serde_yaml::Value;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The documents of a file of Kubernetes.
fn documents(path: &str) -> Vec<Value> {
    let text = text(path);
    let documents = serde_yaml::Deserializer::from_str(&text);
    documents.map(|it| Value::deserialize(it).unwrap_or_else(|e| panic!("{path}: {e}"))).collect()
}

fn of_kind<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    documents.iter().find(|it| it["kind"] == kind).unwrap_or_else(|| panic!("there is no {kind}"))
}

/// A configuration of the fleet, its secrets in files that are there.
fn configuration(path: &str, secrets: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    for name in ["store-password", "github-token"] {
        let file = folder.path().join(name);
        std::fs::write(&file, "a secret of some length").unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, private).unwrap();
    }
    let text = text(path).replace(secrets, folder.path().to_str().unwrap());
    let mut options = LoadOptions::of_this_process(None);
    options.env.clear();
    Config::parse(&text, &options).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_configurations_are_taken_without_a_warning_and_speak_to_a_verified_server() {
    for (path, secrets) in [
        ("infra/fleet/kubernetes/config.yaml", "/run/secrets/codingworker"),
        ("infra/fleet/hosts/config.yaml", "/etc/codingworker"),
    ] {
        let config = configuration(path, secrets);
        let about_us = |it: &&String| !it.contains("ollama");
        assert_eq!(config.warnings.iter().filter(about_us).collect::<Vec<_>>(), [""; 0], "{path}");
        assert_eq!(config.store.address.unwrap().mode(), SslMode::VerifyFull, "{path}");
        assert!(config.sqs.queue_url.is_some() && config.github.token.is_some());
    }
}

#[test]
fn every_variable_is_one_that_the_program_reads() {
    let known: Vec<String> = KEYS.iter().map(|it| variable(it.name)).collect();
    let mut seen = 0;
    for path in ["infra/fleet/kubernetes/workers.yaml", "infra/fleet/ecs/task-definition.json"] {
        let text = text(path);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|it| it.starts_with("CODINGWORKER__")) {
            assert!(known.iter().any(|it| it == name), "{path}: {name} is no key");
            seen += 1;
        }
    }
    assert!(seen > 5);
}

#[test]
fn the_pods_are_what_the_image_is_and_what_is_scaled() {
    let kustomization = documents("infra/fleet/kubernetes/kustomization.yaml").remove(0);
    let folder = Path::new("infra/fleet/kubernetes");
    let mut all = Vec::new();
    for name in kustomization["resources"].as_sequence().unwrap() {
        all.extend(documents(folder.join(name.as_str().unwrap()).to_str().unwrap()));
    }
    for file in kustomization["configMapGenerator"][0]["files"].as_sequence().unwrap() {
        assert!(root().join(folder).join(file.as_str().unwrap()).is_file());
    }
    let workers = of_kind(&all, "StatefulSet");
    let pod = &workers["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["image"], kustomization["images"][0]["name"]);
    assert_eq!(container["args"][0], "serve");
    let dockerfile = text("Dockerfile");
    let user = pod["securityContext"]["runAsUser"].as_u64().unwrap();
    assert!(dockerfile.contains(&format!("USER {user}:{user}")), "the image's user");
    let mounts = container["volumeMounts"].as_sequence().unwrap();
    let state = mounts.iter().find(|it| it["name"] == "state").unwrap()["mountPath"].as_str();
    let state = format!("CODINGWORKER__WORKER__STATE_DIR={}", state.unwrap());
    assert!(dockerfile.contains(&state), "the image's state folder");
    for mount in mounts {
        let volumes = pod["volumes"].as_sequence().unwrap().iter().map(|it| &it["name"]);
        let claims = workers["spec"]["volumeClaimTemplates"].as_sequence().unwrap();
        let claims = claims.iter().map(|it| &it["metadata"]["name"]);
        assert!(volumes.chain(claims).any(|it| *it == mount["name"]), "{mount:?}");
    }
    let labels = &workers["spec"]["template"]["metadata"]["labels"];
    for selecting in [workers, of_kind(&all, "PodDisruptionBudget")] {
        assert_eq!(&selecting["spec"]["selector"]["matchLabels"], labels);
    }
    let scaled = of_kind(&all, "ScaledObject");
    assert_eq!(scaled["spec"]["scaleTargetRef"]["kind"], "StatefulSet");
    assert_eq!(scaled["spec"]["scaleTargetRef"]["name"], workers["metadata"]["name"]);
    let trigger = &scaled["spec"]["triggers"][0];
    let config = configuration("infra/fleet/kubernetes/config.yaml", "/run/secrets/codingworker");
    assert_eq!(trigger["metadata"]["queueURL"].as_str(), config.sqs.queue_url.as_deref());
    let who = of_kind(&all, "TriggerAuthentication");
    assert_eq!(trigger["authenticationRef"]["name"], who["metadata"]["name"]);
}

#[test]
fn the_task_of_ecs_is_what_the_image_is() {
    let task: serde_json::Value =
        serde_json::from_str(&text("infra/fleet/ecs/task-definition.json")).unwrap();
    let service: serde_json::Value =
        serde_json::from_str(&text("infra/fleet/ecs/service.json")).unwrap();
    assert_eq!(service["taskDefinition"], task["family"]);
    let container = &task["containerDefinitions"][0];
    assert_eq!(container["command"][0], "serve");
    let user = format!("USER {}", container["user"].as_str().unwrap());
    assert!(text("Dockerfile").contains(&user));
    // What Fargate allows.
    assert!(container["stopTimeout"].as_u64().unwrap() <= 120);
    assert!((21..=200).contains(&task["ephemeralStorage"]["sizeInGiB"].as_u64().unwrap()));
    let variables = container["environment"].as_array().unwrap();
    let set = variables.iter().map(|it| {
        let value = |key: &str| it[key].as_str().unwrap().to_owned();
        (value("name"), value("value"))
    });
    let mut options = LoadOptions::of_this_process(None);
    options.env = set.collect();
    for secret in container["secrets"].as_array().unwrap() {
        let name = secret["name"].as_str().unwrap().to_owned();
        options.env.insert(name, "a secret of some length".to_owned());
    }
    let config = Config::parse("", &options).unwrap();
    assert_eq!(config.store.address.unwrap().mode(), SslMode::VerifyFull);
    assert!(config.sqs.queue_url.is_some() && config.github.token.is_some());
}
