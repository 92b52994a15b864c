//! What a repository says about how its people work is kept to.

use super::world::{BODY, PROJECT, TITLE, World};
use crate::scripted_ollama::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn its_formatter_its_conventions_and_its_template_are_used() {
    let untidy = "def add(a, b):   \n    return a + b\n";
    let world = World::empty(move |_, _| Reply::files(&[("calc.py", untidy)])).await;
    let name = "acme/customs";
    let checks = "format: {command: \"sed -i 's/ *$//' calc.py other.py\"}\n\
                  lint: {command: \"! grep -n ' $' calc.py\"}\n\
                  test: {command: \"python3 -m unittest -v\"}\n";
    world.repository(
        name,
        &[
            ("calc.py", PROJECT[0].1),
            ("other.py", "OLD = 1   \n"),
            ("tests/__init__.py", ""),
            ("tests/test_calc.py", PROJECT[2].1),
            (".codingworker.yml", checks),
            ("AGENTS.md", "Our rule: the word is marmalade.\n"),
            (".github/pull_request_template.md", "## Checklist\n\n- [ ] marzipan\n"),
        ],
    );
    world.ask(name, TITLE, BODY).await;
    world.serve_until_empty().await;

    let pull = world.github.pulls(name).remove(0);
    assert!(!pull.draft, "{}", pull.body);
    assert!(pull.body.contains("- [ ] marzipan"), "{}", pull.body);
    assert!(world.ollama.prompts().concat().contains("the word is marmalade"));
    let bare = world.bare(name);
    let bare = bare.to_str().unwrap();
    let text = world.git(&["-C", bare, "show", "ai/issue-1:calc.py"]);
    assert!(text.starts_with("def add(a, b):\n"), "{text:?}");
    let changed = world.git(&["-C", bare, "diff", "--name-only", "main", "ai/issue-1"]);
    assert_eq!(changed, "calc.py", "what the formatter does elsewhere is not the job's");
}
