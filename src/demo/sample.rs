//! The sample repository and its issue.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::code_host::HostError;
use crate::code_host::folder::Folder;
use crate::demo::DemoError;
use crate::demo::install::run;
use crate::domain::job::Person;
use crate::domain::task::Repository;

pub(super) const TITLE: &str = "median() is wrong for an even number of values";
pub(super) const BODY: &str = include_str!("issue.md");

const FILES: [(&str, &str); 5] = [
    ("stats.py", include_str!("sample/stats.py")),
    ("tests/test_stats.py", include_str!("sample/tests/test_stats.py")),
    ("tests/__init__.py", ""),
    ("README.md", include_str!("sample/README.md")),
    (".codingworker.yml", include_str!("sample/codingworker.yml")),
];

/// A bare repository with one commit in `{host_dir}/demo/stats.git`.
pub(super) async fn repository(
    host_dir: &Path,
    path: &str,
    stop: &CancellationToken,
) -> Result<Repository, DemoError> {
    let repository: Repository = "demo/stats"
        .parse()
        .map_err(|error| DemoError::Failed(format!("the sample's name: {error}")))?;
    let (tree, bare) = (host_dir.join("tree"), host_dir.join(format!("{repository}.git")));
    for (name, text) in FILES {
        let file = tree.join(name);
        let folder = file.parent().unwrap_or(&tree).to_owned();
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, text));
        written.map_err(|source| DemoError::Folder { path: file, source })?;
    }
    let (tree, bare) = (tree.to_string_lossy(), bare.to_string_lossy());
    let git = |args: &[&str]| {
        let own = ["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false", "-c"];
        let name = ["user.name=CodingWorker demo", "-c", "user.email=demo@noreply.invalid"];
        own.iter().chain(&name).chain(args).map(|it| (*it).to_owned()).collect::<Vec<_>>()
    };
    for args in [
        git(&["init", "-q", "-b", "main", &tree]),
        git(&["-C", &tree, "add", "-A"]),
        git(&["-C", &tree, "commit", "-q", "-m", "Small statistics"]),
        git(&["clone", "-q", "--bare", &tree, &bare]),
    ] {
        run("git", &args.iter().map(String::as_str).collect::<Vec<_>>(), path, stop).await?;
    }
    Ok(repository)
}

/// The issue, with its label.
pub(super) async fn issue(folder: &Folder, repository: &Repository) -> Result<u64, HostError> {
    let you = Person { id: 2, login: "you".to_owned() };
    folder.create_issue(repository, TITLE, BODY, &you, &["ai-task"]).await
}
