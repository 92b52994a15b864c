use proptest::prelude::*;

use super::*;

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn each_step_has_a_command_and_may_be_left_out() {
    let file = parse("build: {command: \"make ${IMAGE_NAME}\"}\ntest:\n  command: >\n    make\n    test\nlint:\n").unwrap();
    assert_eq!(file.build.as_deref(), Some("make ${IMAGE_NAME}"));
    assert_eq!(file.test.as_deref(), Some("make test"));
    assert_eq!((file.lint, file.format), (None, None));
    assert_eq!(parse("# nothing yet\n").unwrap(), ProjectFile::default());
}

#[test]
fn an_unknown_key_is_an_error_that_names_its_line_and_the_nearest_known_one() {
    assert_eq!(
        refusal("build: {command: make}\ntests: {command: make test}\n"),
        ".codingworker.yml, line 2: unknown key `tests`; did you mean `test`?"
    );
    assert_eq!(
        refusal("test:\n  comand: make test\n"),
        ".codingworker.yml, line 2: unknown key `test.comand`; did you mean `command`?"
    );
    assert_eq!(refusal("zzz: 1"), ".codingworker.yml, line 1: unknown key `zzz`");
}

#[test]
fn the_gate_may_be_narrowed_and_what_would_widen_it_is_no_word_here() {
    let file = parse("gate: {max_files: 5, protect: ['docs/**', Makefile]}").unwrap();
    assert_eq!((file.gate.max_files, file.gate.max_lines), (Some(5), None));
    assert_eq!(file.gate.protect, ["docs/**", "Makefile"]);
    assert_eq!(parse("gate:").unwrap().gate, Narrowing::default());
    assert_eq!(
        refusal("gate:\n  allow: ['**']\n"),
        ".codingworker.yml, line 2: unknown key `gate.allow`"
    );
    for (given, expected) in [
        ("gate: 5", "`gate`: expected limits"),
        ("gate: {max_files: -1}", "`gate.max_files`: expected a whole number"),
        ("gate: {max_lines: many}", "`gate.max_lines`: expected a whole number"),
        ("gate: {protect: docs}", "`gate.protect`: expected a list"),
        ("gate: {protect: [1]}", "`gate.protect`: a pattern is a text"),
        ("gate: {protect: ['/etc']}", "`gate.protect`: `/etc`"),
    ] {
        assert!(refusal(given).contains(expected), "{given}: {}", refusal(given));
    }
}

#[test]
fn what_is_no_step_is_refused_with_the_form_that_is_expected() {
    assert_eq!(
        refusal("test: make test"),
        ".codingworker.yml, line 1: `test` should look like `test: {command: \"…\"}`, and is something else"
    );
    for bad in ["test: {}", "test: {command: }", "test: {command: ' '}", "test: {command: 5}"] {
        assert!(refusal(bad).contains("should look like"), "{bad}");
    }
    for bad in [
        "- build",
        "just text",
        "build: [",
        "a: 1\na: 2",
        "build: {command: x}\nbuild: {command: y}",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_huge_file_and_one_that_unfolds_to_a_huge_one_are_refused() {
    assert_eq!(parse(&"#".repeat(70_000)), Err(ProjectFileError::TooLarge(70_000)));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..30 {
        let below = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [below.as_str(); 10].join(", ")));
    }
    assert!(parse(&bomb).is_err());
    assert!(parse(&"[".repeat(60_000)).is_err());
}

#[test]
fn a_step_may_say_whether_it_talks_to_the_engine() {
    let file = parse(
        "build: {command: make, docker: true}\nlint: {command: x}\ntest:\n  docker: false\n  command: docker ps\n",
    )
    .unwrap();
    let expected = DockerSteps { build: Some(true), lint: None, test: Some(false) };
    assert_eq!(file.docker, expected);
    assert_eq!(
        refusal("test: {command: make, docker: maybe}"),
        ".codingworker.yml, line 1: `test.docker`: expected `true` or `false`"
    );
    assert_eq!(
        refusal("format:\n  command: x\n  docker: true\n"),
        ".codingworker.yml, line 3: unknown key `format.docker`"
    );
    assert_eq!(
        refusal("test: {comand: make, docker: true}"),
        ".codingworker.yml, line 1: unknown key `test.comand`; did you mean `command`?"
    );
    assert!(refusal("test: {docker: true}").contains("and has no command"));
    assert!(refusal(&format!("test: {{command: '{}'}}", "x".repeat(9000))).contains("8192 bytes"));
}

#[test]
fn the_commands_may_have_an_image_or_a_dockerfile_around_them() {
    let file = parse("image: node:22\ntest: {command: npm test}\n").unwrap();
    assert_eq!((file.image.as_deref(), file.dockerfile), (Some("node:22"), None));
    let file = parse("dockerfile: docker/ci.Dockerfile\n").unwrap();
    assert_eq!((file.image, file.dockerfile.as_deref()), (None, Some("docker/ci.Dockerfile")));
    assert_eq!(parse("image:\ndockerfile: ~\n").unwrap(), ProjectFile::default());
    for (given, expected) in [
        (
            "image: node:22\ndockerfile: Dockerfile\n",
            "line 2: `dockerfile`: there is an `image` too",
        ),
        ("image: 22", "line 1: `image`: expected a text, such as `image: node:22`"),
        ("image: [node]", "`image`: expected a text"),
        ("image: ''", "`image`: `` is no image's name"),
        ("image: node 22", "`image`: `node 22` is no image's name"),
        ("image: ${BASE}", "`image`: `${BASE}` is no image's name"),
        ("image: node:22 --privileged", "`image`: `node:22 --privileged` has a tag"),
        ("image: codingworker-other-7", "the worker's own"),
        ("dockerfile: /etc/x", "`dockerfile`: `/etc/x` begins with `/`"),
        ("dockerfile: ../x", "`dockerfile`: `../x` leads out of the repository"),
        ("dockerfile: a/../../x", "leads out of the repository"),
        ("dockerfile: ''", "`` is no path"),
        ("dockerfile: {path: x}", "`dockerfile`: expected a text, such as"),
        ("images: node", "unknown key `images`; did you mean `image`?"),
        ("Dockerfile: x", "unknown key `Dockerfile`; did you mean `dockerfile`?"),
    ] {
        assert!(refusal(given).contains(expected), "{given}: {}", refusal(given));
    }
}

#[test]
fn what_the_checks_need_may_be_brought_in_by_a_command_of_its_own() {
    let file = parse(
        "prepare:\n  command: ./deps.sh\n  files: [deps.sh, a/deps.lock]\n  env:\n    \
         PYTHONPATH: ${DEPS_DIR}/lib\n    RETRIES: 3\n    npm_config_offline: true\n",
    )
    .unwrap();
    let prepare = file.prepare.unwrap();
    assert_eq!(prepare.command, "./deps.sh");
    assert_eq!(prepare.files, ["deps.sh", "a/deps.lock"]);
    let env = [("PYTHONPATH", "${DEPS_DIR}/lib"), ("RETRIES", "3"), ("npm_config_offline", "true")];
    assert_eq!(prepare.env, env.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let bare = parse("prepare: {command: make deps}").unwrap().prepare.unwrap();
    assert_eq!((bare.files.len(), bare.env.len()), (0, 0));
    assert_eq!(parse("prepare:").unwrap().prepare, None);
}

#[test]
fn what_nobody_may_prepare_is_refused_with_its_line() {
    for (given, expected) in [
        ("prepare: make", "line 1: `prepare`: expected a table, such as"),
        ("prepare: {}", "`prepare`: expected a command, such as"),
        ("prepare: {command: ''}", "and its command is empty"),
        ("prepare: {comand: x}", "line 1: unknown key `prepare.comand`; did you mean `command`?"),
        (
            "prepare:\n  command: x\n  file: [a]",
            "line 3: unknown key `prepare.file`; did you mean `files`?",
        ),
        ("prepare: {command: x, files: a}", "`prepare.files`: expected a list"),
        ("prepare: {command: x, files: [1]}", "`prepare.files`: a file is named by a text"),
        ("prepare: {command: x, files: ['../a']}", "`../a` leads out"),
        ("prepare: {command: x, files: ['/a']}", "`/a` begins with `/`"),
        ("prepare: {command: x, files: ['*.lock']}", "`*.lock` is a pattern"),
        ("prepare: {command: x, files: [.git/config]}", "not written plainly"),
        ("prepare: {command: x, env: [A]}", "`prepare.env`: expected names and values"),
        ("prepare: {command: x, env: {A-B: c}}", "`prepare.env.A-B`: is not the name"),
        ("prepare: {command: x, env: {1A: c}}", "is not the name of a variable"),
        ("prepare: {command: x, env: {1: c}}", "is not the name of a variable"),
        ("prepare: {command: x, env: {A: [b]}}", "`prepare.env.A`: expected a text"),
        ("prepare: {command: x, env: {A: \"b\\nc\"}}", "has more than one line"),
        (
            "prepare:\n  command: x\n  env:\n    LD_PRELOAD: /x.so",
            "line 4: `prepare.env.LD_PRELOAD`: may not be set",
        ),
        ("prepare: {command: x, env: {ld_library_path: x}}", "may not be set here"),
        ("prepare: {command: x, env: {DYLD_INSERT_LIBRARIES: x}}", "may not be set here"),
        ("prepare: {command: x, env: {NODE_OPTIONS: x}}", "may not be set here"),
        ("prepare: {command: x, env: {BASH_ENV: x}}", "may not be set here"),
        ("prepare: {command: x, env: {DOCKER_HOST: x}}", "may not be set here"),
        ("prepare: {command: x, env: {GIT_SSH_COMMAND: x}}", "may not be set here"),
        ("prepare: {command: x, env: {HOME: x}}", "may not be set here"),
        ("prepare: {command: x, env: {DEPS_DIR: x}}", "may not be set here"),
        ("prepare: {command: x, env: {NPM_TOKEN: x}}", "looks like a secret"),
        ("prepare: {command: x, env: {api_key: x}}", "looks like a secret"),
        ("prepare: {command: x, env: {DB_PASSWORD: x}}", "looks like a secret"),
    ] {
        assert!(refusal(given).contains(expected), "{given}: {}", refusal(given));
    }
    let many = |count, one: &str| vec![one; count].join(", ");
    let files = format!("prepare: {{command: x, files: [{}]}}", many(101, "a"));
    assert!(refusal(&files).contains("over 100 files"));
    let env: Vec<String> = (0..51).map(|it| format!("A{it}: b")).collect();
    let env = format!("prepare: {{command: x, env: {{{}}}}}", env.join(", "));
    assert!(refusal(&env).contains("over 50 variables"));
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_mixture_of_known_words_is_answered(
        text in "(image|dockerfile|prepare|test|command|docker|files|env|: |\n|  |[{}\\[\\],'\"a/.$-]){0,40}"
    ) {
        let _ = parse(&text);
    }
}
