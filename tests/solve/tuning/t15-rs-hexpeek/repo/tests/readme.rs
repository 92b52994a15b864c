/// The release checklist: the README names the version that is being released.
#[test]
fn the_readme_has_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let short = version.rsplit_once('.').unwrap().0;
    let readme = include_str!("../README.md");
    assert!(
        readme.starts_with(&format!("# hexpeek {short}\n")),
        "the README is not for {short}"
    );
}
