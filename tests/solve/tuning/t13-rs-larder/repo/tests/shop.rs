use std::process::{Command, Output};

fn larder(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_larder"))
        .args(args)
        .output()
        .unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = larder(args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_recipes_are_added_up() {
    let list = stdout(&["shop", "recipes/lentil-soup.txt", "recipes/pancakes.txt"]);
    assert!(list.contains("olive oil: 2 tbsp\n"), "{list}");
    assert!(list.contains("salt: 1 pinch\n"), "{list}");
    assert!(
        list.starts_with("carrots: 2\neggs: 2\nflour: 200 g\n"),
        "{list}"
    );
}

#[test]
fn by_aisle() {
    let list = stdout(&[
        "shop",
        "--aisles",
        "recipes/aisles.conf",
        "--serves",
        "2",
        "recipes/lentil-soup.txt",
    ]);
    assert_eq!(
        list,
        "Vegetables:\n  carrots: 1\n\nDry goods:\n  red lentils: 125 g\n  salt\n\nOther:\n  olive oil: 1 1/2 tsp\n  water: 750 ml\n"
    );
}

#[test]
fn lists_and_tags() {
    assert_eq!(
        stdout(&["list", "recipes", "--tag", "Vegan"]),
        "Lentil soup (lentil-soup.txt)\n"
    );
    assert!(stdout(&["tags", "recipes"]).contains("   1 breakfast\n"));
}

#[test]
fn wrong_usage() {
    for args in [
        &["shop"][..],
        &["list", "recipes", "--format", "html"],
        &["shop", "--serves"],
        &[],
    ] {
        assert_eq!(larder(args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(larder(&["show", "recipes/none.txt"]).status.code(), Some(1));
}
