//! The gate as a whole. Each attack is shown to be one: a harmless neighbour passes.

mod seeded;

use proptest::prelude::*;

use super::*;

fn blob(kind: Kind, bytes: &[u8]) -> Option<Blob<'_>> {
    Some(Blob { kind, size: bytes.len() as u64, bytes: Some(bytes) })
}

fn entry<'a>(path: &'a str, old: Option<&'a str>, new: Option<&'a str>) -> Entry<'a> {
    let file = |it: Option<&'a str>| it.and_then(|it| blob(Kind::File, it.as_bytes()));
    Entry { path: path.as_bytes(), old: file(old), new: file(new) }
}

fn stops(entries: &[Entry<'_>]) -> Vec<String> {
    inspect(entries, &Limits::default(), &[]).stops
}

#[track_caller]
fn stopped(entry: Entry<'_>, word: &str) {
    let stops = stops(&[entry]);
    let path = String::from_utf8_lossy(entry.path);
    assert!(stops.iter().any(|it| it.contains(word)), "{path:?}: {stops:?}");
}

/// A path of each protected pattern, and a harmless neighbour of it.
const PROTECTED: [(&str, &str); 58] = [
    (".github/workflows/ci.yml", "github/workflows/ci.yml"),
    ("sub/.github/actions/a/action.yml", "sub/actions/a/action.yml"),
    (".gitlab-ci.yml", "gitlab-ci.md"),
    (".circleci/config.yml", "circleci/config.yml"),
    ("azure-pipelines.yml", "pipelines.yml"),
    ("Jenkinsfile", "jenkins.md"),
    (".buildkite/pipeline.yml", "buildkite/pipeline.yml"),
    (".travis.yml", "travis.md"),
    ("appveyor.yml", "surveyor.yml"),
    ("bitbucket-pipelines.yml", "bitbucket.md"),
    (".drone.yml", "drone.py"),
    ("renovate.json", "renovate.py"),
    (".github/dependabot.yml", "dependabot.md"),
    (".codingworker.yml", "codingworker.md"),
    (".codingworker.yaml", "worker.yaml"),
    ("CODEOWNERS", "OWNERS.md"),
    ("docs/CODEOWNERS", "docs/OWNERS"),
    (".gitmodules", ".gitignore"),
    ("a/.gitattributes", "a/attributes"),
    (".gitconfig", ".gitkeep"),
    (".husky/pre-commit", "husky/readme.md"),
    (".githooks/pre-push", "src/hooks/useThing.ts"),
    ("hooks/pre-commit", "hooks/index.ts"),
    (".pre-commit-config.yaml", "pre-commit.md"),
    ("web/.npmrc", "web/npm.md"),
    (".yarnrc.yml", "yarn.md"),
    (".pnpmfile.cjs", "pnpm.cjs"),
    ("bunfig.toml", "bun.toml"),
    ("pip.conf", "pip.md"),
    (".pypirc", "pypi.md"),
    (".netrc", "net.rc"),
    (".cargo/config.toml", "cargo/config.toml"),
    (".cargo/config", "config"),
    (".vscode/tasks.json", "vscode/tasks.json"),
    (".idea/workspace.xml", "idea/workspace.xml"),
    (".devcontainer/devcontainer.json", "devcontainer/readme.md"),
    (".claude/settings.json", "claude/settings.json"),
    ("CLAUDE.md", "claude.py"),
    ("docs/AGENTS.md", "docs/agents.py"),
    ("GEMINI.md", "gemini.py"),
    (".cursorrules", "cursor.ts"),
    (".cursor/rules/a.mdc", "cursor/rules/a.md"),
    (".windsurfrules", "windsurf.md"),
    (".aider.conf.yml", "aider.md"),
    ("CONVENTIONS.md", "conventions.py"),
    (".github/copilot-instructions.md", "copilot.md"),
    (".env", "env.py"),
    ("web/.env.production", "web/.env.example"),
    (".envrc", "envrc.md"),
    ("certs/server.pem", "certs/readme.md"),
    ("server.key", "key.rs"),
    ("a.p12", "a.p1"),
    ("a.pfx", "a.px"),
    ("release.jks", "release.jk"),
    ("id_rsa", "rsa.rs"),
    (".ssh/authorized_keys", "ssh/keys.rs"),
    (".mcp.json", "mcp.json"),
    ("gradle/wrapper/gradle-wrapper.properties", "gradle/libs.properties"),
];

fn fullwidth(path: &str) -> String {
    let wide = |c: char| match c {
        '!'..='~' if c != '/' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        c => c,
    };
    path.chars().map(wide).collect()
}

#[test]
fn every_protected_path_is_refused_in_every_case_unicode_form_rename_and_link() {
    let (a, b) = (Some("a\n"), Some("b\n"));
    for (path, free) in PROTECTED {
        let mixed: String = path
            .chars()
            .enumerate()
            .map(|(at, c)| if at % 2 == 0 { c.to_ascii_uppercase() } else { c })
            .collect();
        let forms = [
            path.to_owned(),
            path.to_uppercase(),
            mixed,
            fullwidth(path),
            path.replace('i', "ı").replace('k', "\u{212a}").replace('s', "ſ"),
            path.replacen('e', "e\u{200d}", 1),
            format!("{path}\u{feff}"),
            format!("{}. ", path.replace('/', " ./")),
            format!("{path}::$DATA"),
            path.replace('/', "\\"),
        ];
        for form in &forms {
            // Changed, renamed away or removed, renamed to or new.
            for (old, new) in [(a, b), (a, None), (None, b)] {
                stopped(entry(form, old, new), "is protected");
            }
            let link = blob(Kind::Link, b"readme.md");
            stopped(Entry { path: form.as_bytes(), old: None, new: link }, "is protected");
            let target = blob(Kind::Link, form.as_bytes());
            stopped(
                Entry { path: b"innocent", old: None, new: target },
                "is a link that points at",
            );
            let up = format!("../../{form}");
            let target = blob(Kind::Link, up.as_bytes());
            stopped(Entry { path: b"a/b/c", old: None, new: target }, "is a link that points at");
        }
        let run = Entry {
            path: path.as_bytes(),
            old: blob(Kind::File, b"a"),
            new: blob(Kind::Executable, b"a"),
        };
        stopped(run, "is protected");
        if let Some((folder, _)) = path.split_once('/').filter(|it| it.0.starts_with('.')) {
            let link = blob(Kind::Link, b"elsewhere");
            stopped(Entry { path: folder.as_bytes(), old: None, new: link }, "is protected");
            let target = blob(Kind::Link, folder.as_bytes());
            stopped(Entry { path: b"innocent", old: None, new: target }, "what is protected");
        }
        // The same push with a harmless name, and with the protection lifted.
        let link = Entry { path: b"l", old: None, new: blob(Kind::Link, free.as_bytes()) };
        for harmless in [entry(free, a, b), entry(free, a, None), entry(free, None, b), link] {
            assert_eq!(stops(&[harmless]), [""; 0], "{free}");
        }
        let lifted = Limits { allow: vec!["**".to_owned()], ..Limits::default() };
        assert_eq!(inspect(&[entry(path, a, b)], &lifted, &[]).stops, [""; 0], "{path}");
    }
}

#[test]
fn nothing_lifts_what_is_no_file_of_this_repository() {
    let lifted = Limits { allow: vec!["**".to_owned()], ..Limits::default() };
    let submodule = Some(Blob { kind: Kind::Submodule, size: 0, bytes: None });
    let text = blob(Kind::File, b"a\n");
    for (path, old, new, why) in [
        ("a/.git/hooks/x", None, text, ".git"),
        ("GIT~1/config", None, text, ".git"),
        ("vendor/x", None, submodule, "submodule"),
        ("vendor/x", submodule, submodule, "submodule"),
        ("vendor/x", submodule, None, "submodule"),
        ("x", None, Some(Blob { kind: Kind::Other, size: 0, bytes: Some(b"") }), "neither"),
        ("x", text, blob(Kind::Link, b"/etc/passwd"), "absolute"),
        ("x", None, blob(Kind::Link, b"../x"), "out of the repository"),
        ("x", None, Some(Blob { kind: Kind::Link, size: 9, bytes: None }), "cannot be read"),
        ("a\nb", None, text, "control characters"),
        ("a\u{202e}b", None, text, "invisible characters"),
    ] {
        let entry = Entry { path: path.as_bytes(), old, new };
        let stops = inspect(&[entry], &lifted, &[]).stops;
        assert!(stops.iter().any(|it| it.contains(why)), "{path:?}: {stops:?}");
    }
    let twice = [entry("Read.me", None, Some("a")), entry("read.ME", None, Some("b"))];
    assert!(stops(&twice)[0].contains("one file where case is ignored"));
    let renamed = [entry("Read.me", Some("a"), None), entry("read.me", None, Some("a"))];
    assert_eq!(stops(&renamed), [""; 0]);
}

#[test]
fn each_limit_is_reached_without_a_stop_and_passed_with_one() {
    let limits = Limits {
        max_files: 3,
        max_lines: 5,
        max_bytes: 40,
        max_file_bytes: 30,
        max_deletions: 1,
        ..Limits::default()
    };
    let judge = |entries: &[Entry<'_>]| inspect(entries, &limits, &[]).stops;
    let new = |path, text| entry(path, None, Some(text));
    let full = [
        new("a", "1\n2\n3\n"),
        entry("b", Some("x\n"), None),
        entry("c", Some("1\n2\n"), Some("1\ny\n")),
    ];
    assert_eq!(judge(&full[..2]), [""; 0]);
    for (entries, key) in [
        (vec![full[0], new("d", "4\n"), new("e", "5\n"), new("f", "")], "max_files"),
        (full.to_vec(), "max_lines"),
        (vec![new("a", &"x".repeat(21)), new("b", &"x".repeat(20))], "max_bytes"),
        (vec![new("a", &"x".repeat(31))], "max_file_bytes"),
        (vec![full[1], entry("g", Some(""), None)], "max_deletions"),
    ] {
        let stops = judge(&entries);
        assert!(
            stops.len() == 1 && stops[0].contains(&format!("`gate.{key}`")),
            "{key}: {stops:?}"
        );
    }
    let unread = Blob { kind: Kind::File, size: 9 << 20, bytes: None };
    assert!(judge(&[Entry { path: b"a", old: None, new: Some(unread) }])[0].contains("too large"));
    // An edit of a large file is as large as the edit.
    let old = "line\n".repeat(100);
    assert_eq!(judge(&[entry("a", Some(&old), Some(&format!("{old}more\n")))]), [""; 0]);
}

#[test]
fn what_is_no_text_may_be_small_and_is_told() {
    let (icon, film) = (vec![0; 64 << 10], vec![0; (64 << 10) + 1]);
    let new = |bytes| [Entry { path: b"a.png", old: None, new: blob(Kind::File, bytes) }];
    let report = inspect(&new(&icon), &Limits::default(), &[]);
    assert_eq!((report.stops.len(), report.notes.len()), (0, 1));
    assert!(inspect(&new(&film), &Limits::default(), &[]).stops[0].contains("65536"));
    // Text that is made to look like none is hidden from reviewers.
    assert!(stops(&[entry("notes", Some("a\n"), Some("a\0\n"))])[0].contains("NUL"));
    assert!(stops(&[entry("a.py", None, Some("a\0\n"))])[0].contains("NUL"));
}

#[test]
fn characters_that_hide_or_turn_code_must_not_be_added_and_may_stay() {
    let bad = "x = 1 # \u{202e}kcehc\u{2066}\ny = 2\n";
    assert!(
        stops(&[entry("a.py", None, Some(bad))])[0]
            .contains("line 1, would get the character U+202E")
    );
    // It was there, is moved, or goes.
    let more = format!("z = 3\n    {bad}");
    assert_eq!(stops(&[entry("a.py", Some(bad), Some(&more))]), [""; 0]);
    assert_eq!(stops(&[entry("a.py", Some(bad), Some("y = 2\n"))]), [""; 0]);
    let bom = "\u{feff}using System;\n";
    assert_eq!(stops(&[entry("a.cs", Some(bom), Some("\u{feff}using X;\n"))]), [""; 0]);
    assert_eq!(stops(&[entry("a.cs", None, Some(bom))]).len(), 1);
    let good = "# 👩\u{200d}💻 می\u{200c}خواهم 葛\u{e0100} café\r\n";
    assert_eq!(stops(&[entry("a.py", None, Some(good))]), [""; 0]);
}

#[test]
fn what_a_reviewer_should_see_first_is_noted_and_stops_nothing() {
    let entries = [
        entry("Cargo.toml", Some("[dependencies]\n"), Some("[dependencies]\nleft-pad = \"1\"\n")),
        entry("Cargo.lock", Some("a"), Some("b")),
        entry("package.json", Some("{}"), Some("{\"scripts\": {\"test\": \"x\"}}")),
        entry("Dockerfile.dev", None, Some("FROM x\n")),
        entry("Makefile", None, Some("all:\n")),
        entry("infra/main.tf", None, Some("\n")),
        entry(".env.example", None, Some("TOKEN=\n")),
        Entry { path: b"run", old: blob(Kind::File, b"x"), new: blob(Kind::Executable, b"x") },
        Entry { path: b"d/l", old: None, new: blob(Kind::Link, b"../src/a") },
        entry("a.py", None, Some("p\u{430}ssword = 1\n")),
        entry("src/a.rs", None, Some("fn a() {}\n")),
    ];
    let report = inspect(&entries, &Limits::default(), &[]);
    assert_eq!(report.stops, [""; 0]);
    insta::assert_snapshot!(report.notes.join("\n"), @r"
    `Cargo.toml`: new dependencies: `left-pad`.
    `Cargo.lock` is a lock file: it decides which code is installed.
    `package.json` says what the project is built from.
    `package.json`: the commands in `scripts` change.
    `Dockerfile.dev` says what is built into a container, or runs in one.
    `Makefile` runs when the project is built or tested.
    `infra/main.tf` describes machines that run.
    `.env.example` is a sample of settings: no real value belongs in it.
    `run` may be run now (executable).
    `d/l` is a link to `../src/a`.
    `a.py`, line 1, has Cyrillic letters in a Latin word.
    ");
}

#[test]
fn a_report_is_short_harmless_and_quotes_no_secret() {
    let own = "zq81-Kd02mXw9-Lp47vRt6";
    let path = format!("x/{own}`\n\u{202e}.env");
    let text = format!("password = \"{own}\"\n");
    let mut entries =
        vec![Entry { path: path.as_bytes(), old: None, new: blob(Kind::Link, own.as_bytes()) }];
    let names: Vec<String> = (0..500).map(|it| format!("d{it}/.env")).collect();
    entries.extend(names.iter().map(|it| entry(it, None, Some(&text))));
    let report = inspect(&entries, &Limits::default(), &[own]);
    assert_eq!(report.stops.len(), MOST + 1);
    assert!(report.stops[MOST].starts_with("And "));
    let most = Limits { max_files: 3, ..Limits::default() };
    let cut = inspect(&entries, &most, &[own]).stops;
    assert!(cut[0].starts_with("501 files change; the limit is 3") && cut.len() < 20, "{cut:?}");
    for line in report.stops.iter().chain(&report.notes).chain(&cut) {
        assert!(!line.contains(own) && !line.chars().any(char::is_control), "{line}");
        assert!(line.len() < 600 && !line.contains('\u{202e}'), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn a_repository_never_widens_what_the_operator_allows(
        own in proptest::array::uniform5(0_u64..1_000),
        theirs in proptest::array::uniform5(proptest::option::of(0_u64..2_000)),
        protect in proptest::collection::vec("[a-z*/]{1,6}", 0..4),
        more in proptest::collection::vec("[a-z*/]{1,6}", 0..4),
    ) {
        let limits = Limits {
            max_files: own[0], max_lines: own[1], max_bytes: own[2], max_file_bytes: own[3],
            max_deletions: own[4], allow: vec!["x".to_owned()], protect,
        };
        let by = Narrowing {
            max_files: theirs[0], max_lines: theirs[1], max_bytes: theirs[2],
            max_file_bytes: theirs[3], max_deletions: theirs[4], protect: more,
        };
        let narrow = limits.narrowed(&by);
        prop_assert!(narrow.max_files <= own[0] && narrow.max_lines <= own[1]);
        prop_assert!(narrow.max_bytes <= own[2] && narrow.max_file_bytes <= own[3]);
        prop_assert!(narrow.max_deletions <= own[4] && narrow.allow == limits.allow);
        prop_assert!(limits.protect.iter().chain(&by.protect).all(|it| narrow.protect.contains(it)));
        prop_assert_eq!(narrow.narrowed(&by).max_files, narrow.max_files);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn any_bytes_are_answered_and_what_stops_a_push_also_stops_it_when_narrowed(
        path in prop_oneof!["\\PC{0,20}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..20)],
        old in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..80)),
        new in proptest::option::of(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "(ghp_|-----BEGIN |://|token|eyJ|\\PC|[ \n=:'\"@.é\u{200d}]){0,20}".prop_map(String::into_bytes),
        ]),
        kind in 0..5_usize,
        secret in "\\PC{0,12}",
        files in 0..3_u64,
    ) {
        let kinds = [Kind::File, Kind::Executable, Kind::Link, Kind::Submodule, Kind::Other];
        let of = |it: &Option<Vec<u8>>| it.as_ref().map(|it| it.len() as u64);
        let (old_size, new_size) = (of(&old), of(&new));
        let old = old_size.map(|size| Blob { kind: kinds[kind], size, bytes: old.as_deref() });
        let new = new_size.map(|size| Blob { kind: kinds[(kind + 1) % 5], size, bytes: new.as_deref() });
        let entries = [Entry { path: &path, old, new }];
        let wide = inspect(&entries, &Limits::default(), &[&secret]);
        let by = Narrowing { max_files: Some(files), protect: vec!["*a*".to_owned()], ..Narrowing::default() };
        let narrow = inspect(&entries, &Limits::default().narrowed(&by), &[&secret]);
        prop_assert!(wide.stops.is_empty() || !narrow.stops.is_empty());
    }
}
