use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const PESTO: &str = "# Pesto
serves: 2
tags: sauce

- 1 bunch basil
- ? 20 g pine nuts, toasted
- 50 g parmesan
- ?   chilli
- ? 10 g parmesan, to serve

Blend.
";

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

fn larder(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_larder")).args(args).output().unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = larder(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn shown_in_every_format() {
    let path = file("show.txt", PESTO);
    let path = path.to_str().unwrap();
    let text = stdout(&["show", path]);
    assert!(text.contains("  20 g  pine nuts (toasted) (optional)\n"), "{text}");
    assert!(text.contains("        chilli (optional)\n"), "{text}");
    assert!(text.contains("  50 g  parmesan\n"), "{text}");
    let markdown = stdout(&["show", path, "--format", "markdown"]);
    assert!(markdown.contains("- **20 g** pine nuts, toasted (optional)\n"), "{markdown}");
    assert!(markdown.contains("- chilli (optional)\n"), "{markdown}");
    assert!(markdown.contains("- **50 g** parmesan\n"), "{markdown}");
    let html = stdout(&["show", path, "--format", "html"]);
    assert!(html.contains("<li>20 g pine nuts, toasted (optional)</li>\n"), "{html}");
    assert!(html.contains("<li>50 g parmesan</li>\n"), "{html}");
}

#[test]
fn scaling_keeps_the_mark() {
    let path = file("scale.txt", PESTO);
    let text = stdout(&["show", path.to_str().unwrap(), "--serves", "4"]);
    assert!(text.contains("   40 g  pine nuts (toasted) (optional)\n"), "{text}");
    assert!(text.contains("  100 g  parmesan\n"), "{text}");
}

#[test]
fn fmt_keeps_the_mark() {
    let path = file("fmt.txt", PESTO);
    let tidy = stdout(&["fmt", path.to_str().unwrap()]);
    assert_eq!(tidy, PESTO.replace("?   chilli", "? chilli"));
}

#[test]
fn shop_leaves_them_out_or_adds_them() {
    let path = file("shop.txt", PESTO);
    let path = path.to_str().unwrap();
    assert_eq!(stdout(&["shop", path]), "bunch basil: 1\nparmesan: 50 g\n");
    assert_eq!(
        stdout(&["shop", "--with-optional", path]),
        "bunch basil: 1\nchilli\nparmesan: 60 g\npine nuts: 20 g\n"
    );
    assert_eq!(
        stdout(&["shop", "--serves", "4", path, "--with-optional"]),
        "bunch basil: 2\nchilli\nparmesan: 120 g\npine nuts: 40 g\n"
    );
    assert_eq!(stdout(&["shop", "--serves", "4", path]), "bunch basil: 2\nparmesan: 100 g\n");
    let aisles = file("aisles.conf", "[Nuts]\npine nuts\n");
    let aisles = aisles.to_str().unwrap();
    assert_eq!(
        stdout(&["shop", "--aisles", aisles, path]),
        "Other:\n  bunch basil: 1\n  parmesan: 50 g\n"
    );
    assert!(stdout(&["shop", "--aisles", aisles, "--with-optional", path])
        .starts_with("Nuts:\n  pine nuts: 20 g\n"));
}

#[test]
fn only_for_shop() {
    let path = file("only.txt", PESTO);
    assert_eq!(larder(&["show", path.to_str().unwrap(), "--with-optional"]).status.code(), Some(2));
    assert_eq!(larder(&["shop", "--with-optional"]).status.code(), Some(2));
}
