//! Commands that talk to the container engine: what tells them, what they are where nobody wrote
//! them down, and what is brought in for them while there is a network.

use crate::domain::verification::{PlannedStep, Preparation};

use super::compose::{self, Testing};
use super::{Found, Project, language};

/// The Dockerfile that stands for `docker build`.
pub(super) const DOCKERFILE: &str = "Dockerfile";
/// In the order in which compose itself looks for them, each with what it lays over it.
const COMPOSE: [(&str, &[&str]); 4] = [
    ("compose.yaml", &["compose.override.yml", "compose.override.yaml"]),
    ("compose.yml", &["compose.override.yml", "compose.override.yaml"]),
    ("docker-compose.yml", &["docker-compose.override.yml", "docker-compose.override.yaml"]),
    ("docker-compose.yaml", &["docker-compose.override.yml", "docker-compose.override.yaml"]),
];
/// Programs that talk to an engine.
const PROGRAMS: [&str; 4] = ["docker", "docker-compose", "podman", "podman-compose"];

/// Whether `command` names a program that talks to the container engine, as a word of its own:
/// `docker build .`, not `dockerize` nor `./docker/run.sh`.
pub(super) fn says_docker(command: &str) -> bool {
    words(command).any(|word| PROGRAMS.contains(&word))
}

fn words(command: &str) -> impl Iterator<Item = &str> {
    command.split(|c: char| c.is_whitespace() || ";|&()<>{}`\"'".contains(c))
}

/// The compose file, if there is one, and what it says about tests.
pub(super) fn compose_file(project: Project<'_>) -> Option<(&'static str, Testing)> {
    let (file, over) = COMPOSE.into_iter().find(|(file, _)| project.has(file))?;
    let own = compose::testing(&project.text(file));
    let laid = over.iter().find(|path| project.has(path));
    let laid = laid.map(|path| compose::testing(&project.text(path)));
    let testing = match (own, laid) {
        (Testing::Missing, Some(laid @ (Testing::Service { .. } | Testing::Unknown))) => laid,
        (own, _) => own,
    };
    Some((file, testing))
}

/// Builds what is to be built, and runs the service `test`.
pub(super) fn composed(testing: Testing) -> Found {
    let build = match testing {
        // Or an image from before the change would be tested.
        Testing::Service { in_profile: true } => {
            format!("docker compose build && docker compose build {}", compose::SERVICE)
        }
        _ => "docker compose build".to_owned(),
    };
    Found {
        build: Some(build),
        test: Some(format!("docker compose run --rm {}", compose::SERVICE)),
        ..Found::default()
    }
}

/// Builds the image, and runs the project's own test command in it. Says what told the command.
pub(super) fn dockerfile(project: Project<'_>) -> (Option<&'static str>, Found) {
    let inside = |command: &str| match command.contains(['&', '|', ';', '$', '<', '>', '\'', '"']) {
        true => {
            format!("docker run --rm ${{IMAGE_NAME}} sh -c '{}'", command.replace('\'', r"'\''"))
        }
        false => format!("docker run --rm ${{IMAGE_NAME}} {command}"),
    };
    let make = language::make(project).map(|(_, found)| found).unwrap_or_default();
    let targets = language::targets(project);
    let has = |name: &str| targets.iter().any(|it| it == name);
    let (marker, test) = match language::find(project) {
        _ if has("test") => (None, "make test".to_owned()),
        Some((marker, Found { test: Some(test), .. })) => (Some(marker), test),
        _ => (None, make.test.unwrap_or_else(|| "make test".to_owned())),
    };
    let found = Found {
        build: Some("docker build -t ${IMAGE_NAME} .".to_owned()),
        lint: has("lint").then(|| inside("make lint")),
        test: Some(inside(&test)),
        format: None,
    };
    (marker, found)
}

/// What is fetched for `steps` while there is a network, from the default branch: base images and
/// layers by the builds that they do themselves, and the images that compose runs as they are.
pub(super) fn preparations(steps: &[PlannedStep]) -> Vec<Preparation> {
    let docker = || steps.iter().filter(|it| it.docker).map(|it| it.command.as_str());
    let mut commands: Vec<(&str, String)> = Vec::new();
    for command in docker().filter(|it| builds(it)) {
        commands.push(("image", command.to_owned()));
    }
    if let Some((compose, _)) = docker().find_map(compose_words) {
        if !docker().any(|it| builds(it) && compose_words(it).is_some()) {
            commands.push(("image", format!("{compose} build")));
        }
        // An image that is here is used: what the checks would do without a network.
        let pull = format!("{compose} pull --ignore-buildable --policy missing");
        commands.push(("services", pull));
    }
    commands.dedup();
    let preparation = |(name, command): (&str, String)| Preparation {
        name: name.to_owned(),
        command,
        docker: true,
        ..Preparation::default()
    };
    commands.into_iter().map(preparation).collect()
}

/// Whether it makes an image: `docker build`, `docker buildx build`, `docker compose -f x build`.
fn builds(command: &str) -> bool {
    let words: Vec<&str> = words(command).filter(|it| !it.is_empty()).collect();
    let makes = |at: usize| match words.get(at) {
        Some(&("image" | "buildx")) => words.get(at + 1) == Some(&"build"),
        word => word == Some(&"build"),
    };
    let by_engine =
        words.iter().enumerate().any(|(at, word)| PROGRAMS.contains(word) && makes(at + 1));
    by_engine || compose_words(command).is_some_and(|(_, verb)| verb == "build")
}

/// The words of a command that say which compose project is meant, `docker compose -f ci.yaml`,
/// and the word after them.
fn compose_words(command: &str) -> Option<(String, &str)> {
    let all: Vec<&str> = command.split_whitespace().collect();
    let (at, program) = all.iter().enumerate().find_map(|(at, word)| match *word {
        "docker-compose" | "podman-compose" => Some((at + 1, (*word).to_owned())),
        "docker" | "podman" if all.get(at + 1) == Some(&"compose") => {
            Some((at + 2, format!("{word} compose")))
        }
        _ => None,
    })?;
    let mut words = match all[..at] {
        ["cd", folder, "&&", ..] if is_plain(folder) => vec!["cd", folder, "&&", &program],
        _ => vec![program.as_str()],
    };
    let (bare, mut next) = (words.join(" "), at);
    while let Some(option) = all.get(next).filter(|it| it.starts_with('-')) {
        let takes_value = matches!(
            *option,
            "-f" | "--file"
                | "-p"
                | "--project-name"
                | "--profile"
                | "--env-file"
                | "--project-directory"
        );
        let taken = all.get(next..=next + usize::from(takes_value)).unwrap_or_default();
        if taken.is_empty() || !taken.iter().all(|it| is_plain(it)) {
            return Some((bare, ""));
        }
        words.extend(taken);
        next += taken.len();
    }
    Some((words.join(" "), all.get(next).copied().unwrap_or_default()))
}

/// Whether a shell would leave it as it is, but for a value that it knows.
fn is_plain(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=${}".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::verification::Check;

    #[test]
    fn a_command_talks_to_the_engine_when_it_names_it_as_a_word() {
        for (command, expected) in [
            ("docker build -t x .", true),
            ("DOCKER_BUILDKIT=0 docker build .", true),
            ("cd app && docker compose run --rm test", true),
            ("make;docker-compose up", true),
            ("echo $(docker ps -q)", true),
            ("sh -c 'docker run x'", true),
            ("exec \"podman\" build .", true),
            ("make\ndocker ps", true),
            ("dockerize -wait tcp://db", false),
            ("./docker/run.sh", false),
            ("docker/run.sh", false),
            ("make docker-image", false),
            ("go test ./docker", false),
            ("cat Dockerfile", false),
            ("my-docker build", false),
            ("docker.sh", false),
            ("", false),
        ] {
            assert_eq!(says_docker(command), expected, "{command}");
        }
    }

    fn prepared(steps: &[(&str, bool)]) -> Vec<String> {
        let step = |(command, docker): &(&str, bool)| PlannedStep {
            check: Check::Build,
            command: (*command).to_owned(),
            docker: *docker,
        };
        let steps: Vec<PlannedStep> = steps.iter().map(step).collect();
        let preparations = preparations(&steps);
        assert!(preparations.iter().all(|it| it.docker && it.files.is_empty()));
        preparations.into_iter().map(|it| format!("{}: {}", it.name, it.command)).collect()
    }

    #[test]
    fn what_the_engine_needs_is_fetched_by_the_builds_themselves() {
        let pull = "pull --ignore-buildable --policy missing";
        type Case<'a> = (&'a [(&'a str, bool)], Vec<String>);
        let cases: [Case<'_>; 9] = [
            (
                &[("docker build -t x .", true), ("docker run --rm x make test", true)],
                vec!["image: docker build -t x .".into()],
            ),
            (
                &[("docker build -t x .", true), ("docker build --target test .", true)],
                vec![
                    "image: docker build -t x .".into(),
                    "image: docker build --target test .".into(),
                ],
            ),
            (
                &[("docker compose build", true), ("docker compose run --rm test", true)],
                vec![
                    "image: docker compose build".into(),
                    format!("services: docker compose {pull}"),
                ],
            ),
            (
                &[("docker compose -f ci.yaml --profile ci run test", true)],
                vec![
                    "image: docker compose -f ci.yaml --profile ci build".into(),
                    format!("services: docker compose -f ci.yaml --profile ci {pull}"),
                ],
            ),
            (
                &[("docker build -t x .", true), ("cd a && docker-compose run t", true)],
                vec![
                    "image: docker build -t x .".into(),
                    "image: cd a && docker-compose build".into(),
                    format!("services: cd a && docker-compose {pull}"),
                ],
            ),
            (&[("docker run --rm node:22 npm run build", true)], vec![]),
            (
                &[("docker compose run --rm app npm run build", true)],
                vec![
                    "image: docker compose build".into(),
                    format!("services: docker compose {pull}"),
                ],
            ),
            (&[("docker build .", false), ("make test", false)], vec![]),
            (&[], vec![]),
        ];
        for (steps, expected) in cases {
            assert_eq!(prepared(steps), expected, "{steps:?}");
        }
    }

    #[test]
    fn only_plain_words_of_a_compose_command_are_taken_over() {
        for (command, expected) in [
            ("docker compose run test", Some(("docker compose", "run"))),
            (
                "A=1 docker compose --file=a.yaml -p $X up",
                Some(("docker compose --file=a.yaml -p $X", "up")),
            ),
            ("docker compose -f \"a b.yaml\" up", Some(("docker compose", ""))),
            ("docker compose -f $(id) up", Some(("docker compose", ""))),
            ("docker compose -f", Some(("docker compose", ""))),
            ("docker compose", Some(("docker compose", ""))),
            ("cd a && docker compose build", Some(("cd a && docker compose", "build"))),
            ("docker build .", None),
            ("compose up", None),
        ] {
            let found = compose_words(command);
            assert_eq!(
                found.as_ref().map(|(words, verb)| (words.as_str(), *verb)),
                expected,
                "{command}"
            );
        }
    }

    #[test]
    fn a_build_is_told_from_a_run_of_something_called_build() {
        for (command, expected) in [
            ("docker build .", true),
            ("docker buildx build .", true),
            ("docker image build .", true),
            ("docker compose -f a.yaml build app", true),
            ("make && podman build .", true),
            ("docker run x make build", false),
            ("docker compose run app npm run build", false),
            ("make build", false),
        ] {
            assert_eq!(builds(command), expected, "{command}");
        }
    }

    proptest! {
        #[test]
        fn any_command_is_answered(command in "(docker|compose|build|-f| |;|\\PC){0,30}") {
            let _ = says_docker(&command);
            prepared(&[(&command, true)]);
        }
    }
}
