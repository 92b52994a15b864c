//! The gate before every push: what the model makes of it, and what a person finds then.
//!
//! The model does what the tag in the title says; what the checks do to the tree is the
//! repository's own formatter.

use std::process::Stdio;

use base64::Engine;
use codingworker::domain::job::{JobState, Outcome};
use serde_json::json;

use super::authority::comments::{pull, submit};
use super::authority::{answers_of, audit_of, jobs_of, last};
use super::serving::program;
use super::world::{BODY, MAINTAINER, OLD_TESTS, PROJECT, RIGHT, TITLE, World};
use crate::github_double::TOKEN;
use crate::scripted_ollama::Reply;

const WORKFLOW: &str = ".github/workflows/ci.yml";
const TEMPLATE: &str = ".github/ISSUE_TEMPLATE/bug.md";
const BIDI: char = '\u{202e}';

/// What the model writes, besides what is asked for.
fn made(tag: &str) -> Vec<(String, String)> {
    let one = |path: &str, text: String| Vec::from([(path.to_owned(), text)]);
    match tag {
        "workflow" => one(WORKFLOW, "on: push\njobs: {}\n".to_owned()),
        "template" => one(TEMPLATE, "Tell what happened.\n".to_owned()),
        "token" => {
            let hidden = base64::engine::general_purpose::STANDARD.encode(TOKEN);
            one("settings.py", format!("VALUE = \"{hidden}\"\n"))
        }
        "aws" => one("settings.py", format!("VALUE = \"AKIA{}\"\n", "Z7QW3RTYPLKJHGF2")),
        "bidi" => one("settings.py", format!("VALUE = \"a{BIDI}b\"\n")),
        "files" => {
            let file = |nth| (format!("parts/part{nth}.py"), format!("PART = {nth}\n"));
            (1..=50).map(file).collect()
        }
        "deletions" => {
            (1..=21).map(|nth| (format!("old/{nth}.txt"), "GONE\n".to_owned())).collect()
        }
        "narrowed" => one("docs/a.md", "Adds.\n".to_owned()),
        "notes" => {
            let requirements = ("requirements.txt".to_owned(), "left-pad==1.3.0\n".to_owned());
            let tool = ("tool.py".to_owned(), "print(1)\n".to_owned());
            Vec::from([requirements, tool])
        }
        other => panic!("no such tag: {other}"),
    }
}

fn obeys(prompt: &str) -> Reply {
    let tag = prompt.split("[tag ").nth(1).and_then(|it| it.split(']').next()).unwrap_or("aws");
    let mut files = made(tag);
    files.insert(0, ("calc.py".to_owned(), RIGHT.to_owned()));
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    Reply::files(&files.collect::<Vec<_>>())
}

/// A repository whose formatter takes files away and lets files be run, as its own file says.
fn repository(world: &World, tag: &str) -> String {
    let name = format!("acme/{tag}");
    let gate = match tag {
        "narrowed" => "gate: {max_files: 1, protect: [\"docs/**\"]}\n",
        // Wider than the operator's: that has no effect.
        _ => "gate: {max_files: 500, max_deletions: 500}\n",
    };
    let formatter = "for it in old/*.txt; do if grep -qx GONE $it; then rm $it; fi; done; \
                     if test -f tool.py; then chmod +x tool.py; fi";
    let own = format!(
        "format: {{command: \"{formatter}\"}}\ntest: {{command: \"python3 -m unittest -v\"}}\n{gate}"
    );
    let old = (1..=21).map(|nth| (format!("old/{nth}.txt"), format!("old {nth}\n")));
    let mut files = Vec::from_iter(old);
    files.push(("calc.py".to_owned(), PROJECT[0].1.to_owned()));
    files.push(("tests/__init__.py".to_owned(), String::new()));
    files.push(("tests/test_calc.py".to_owned(), OLD_TESTS.to_owned()));
    files.push((".codingworker.yml".to_owned(), own));
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    world.repository(&name, &files.collect::<Vec<_>>());
    name
}

/// What the command prints that `codingworker job` shows, when a person types it.
fn kept(world: &World, job: &str) -> String {
    let page = world.says(&["job", job]);
    let line = page.lines().find_map(|it| it.find("git --git-dir=").map(|at| it[at..].trim()));
    let line = line.unwrap_or_else(|| panic!("no command in {page}"));
    let mut sh = program("sh", &world.path().join("home"));
    let output = sh.args(["-c", line]).current_dir("/").stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_not_leave_is_kept_and_shown_and_what_may_leave_does() {
    let mut world = World::empty(|prompt, _| obeys(prompt)).await;
    world.config["worker"]["slots"] = json!(2);
    world.config["gate"] = json!({"allow": [".github/ISSUE_TEMPLATE/**"]});
    let stopped = [
        ("workflow", WORKFLOW, "on: push"),
        ("token", "a secret of this worker", "VALUE"),
        ("aws", "settings.py, line 1, looks like a secret", "AKIA"),
        ("bidi", "settings.py, line 1, would get the character", "VALUE"),
        ("files", "51 files change; the limit is 50", "PART = 50"),
        ("deletions", "21 files are removed; the limit is 20", "-old 21"),
        ("narrowed", "docs/a.md is protected", "+Adds."),
    ];
    let passed = ["template", "notes"];
    for tag in stopped.iter().map(|it| it.0).chain(passed) {
        let name = repository(&world, tag);
        world.ask(&name, &format!("{TITLE} [tag {tag}]"), BODY).await;
    }
    world.serve_until_empty().await;

    let mut jobs = Vec::new();
    for (tag, words, work) in stopped {
        let name = format!("acme/{tag}");
        let outcome = last(&world, &name, 1).await;
        assert!(matches!(outcome, Outcome::Stopped(_)), "{tag}: {outcome:?}");
        let bare = world.bare(&name);
        let all = ["-C", bare.to_str().unwrap(), "for-each-ref", "--format=%(refname:short)"];
        assert_eq!(world.git(&all), "main", "{tag}");
        assert!(world.github.pulls(&name).is_empty(), "{tag}");
        let comment = world.comment(&name, 1);
        assert!(comment.contains("Stopped before the push"), "{tag}: {comment}");
        assert!(comment.replace('`', "").contains(words), "{tag}: {comment}");
        let (job, _) = jobs_of(&world, &name, 1).await.remove(0);
        assert!(comment.contains(&format!("`codingworker job {}`", job.id)), "{tag}: {comment}");
        let hidden = base64::engine::general_purpose::STANDARD.encode(TOKEN);
        assert!(!comment.contains(&hidden) && !comment.contains(BIDI), "{tag}: {comment}");
        assert_eq!(world.labels(&name, 1), ["ai-task-failed"], "{tag}");
        let rows = audit_of(&world, &name);
        assert_eq!(
            (&rows[0]["decision"], &rows[1]["decision"]),
            (&json!("allowed"), &json!("stopped"))
        );
        let why = rows[1]["why"].as_str().unwrap().replace('`', "");
        assert!(why.contains(words), "{rows:#?}");
        assert!(kept(&world, &job.id.0).contains(work), "{tag}: {}", kept(&world, &job.id.0));
        jobs.push((job.id.0, work));
    }
    let narrowed = world.comment("acme/narrowed", 1);
    assert!(narrowed.contains("2 files change; the limit is 1"), "{narrowed}");

    // The controls: what the operator allows, and what is only worth a look.
    for tag in passed {
        let (job, _) = jobs_of(&world, &format!("acme/{tag}"), 1).await.remove(0);
        assert_eq!(
            job.state,
            JobState::Done,
            "{tag}: {:?}",
            last(&world, &format!("acme/{tag}"), 1).await
        );
        assert!(!world.state_dir().join("workspaces").join(&job.id.0).exists(), "{tag}");
    }
    assert!(world.files("acme/template", "ai/issue-1").contains_key(TEMPLATE));
    let body = world.github.pulls("acme/notes").remove(0).body;
    let place = |words: &str| body.find(words).unwrap_or_else(|| panic!("no {words} in {body}"));
    let first = place("left-pad").max(place("`tool.py` is new and may be run (executable)"));
    assert!(body.starts_with("Closes #1\n\n> [!IMPORTANT]"), "{body}");
    assert!(first < place("python3 -m unittest"), "{body}");

    // A worker that starts anew sweeps, and not over this.
    world.serve_until_empty().await;
    for (job, work) in jobs {
        assert!(kept(&world, &job).contains(work), "{job}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_on_a_pull_request_goes_through_the_same_gate() {
    let world = World::empty(|prompt, _| obeys(prompt)).await;
    let mut asked = Vec::new();
    for tag in ["workflow", "notes"] {
        let name = format!("acme/{tag}");
        let number = pull(&world, &name);
        let words = format!("@ai-fix make add() in calc.py add [tag {tag}]");
        let comment = world.github.comment(&name, number, &words, MAINTAINER);
        submit(&world, &name, number, comment).await;
        asked.push((name, number));
    }
    let tip = |name: &str| world.github.look(|it| it.branch(name, "feature").unwrap());
    let before = tip("acme/workflow");
    world.serve_until_empty().await;

    let (name, number) = &asked[0];
    let outcome = last(&world, name, *number).await;
    assert!(matches!(outcome, Outcome::Stopped(_)), "{outcome:?}");
    assert_eq!(tip(name), before, "something was pushed");
    let said = answers_of(&world, name, *number);
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(said[0].contains("Stopped before the push"), "{said:#?}");
    assert!(said[0].contains(WORKFLOW), "{said:#?}");
    let (job, _) = jobs_of(&world, name, *number).await.remove(0);
    assert!(kept(&world, &job.id.0).contains("on: push"));
    world.serve_until_empty().await;
    assert!(kept(&world, &job.id.0).contains("on: push"));

    let (name, number) = &asked[1];
    let said = answers_of(&world, name, *number);
    assert!(said[0].contains("Done in"), "{said:#?}");
    let place = |words: &str| said[0].find(words).unwrap_or_else(|| panic!("{words}: {said:#?}"));
    assert!(place("left-pad") < place("python3 -m unittest"), "{said:#?}");
    assert!(world.files(name, "feature").contains_key("requirements.txt"));
}
