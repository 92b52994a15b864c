//! Where the worker looks first: over folders of tasks (tests/solve/README.md), the rank of the
//! first definition that lies in a file which a solution touches. No model is asked.
//!
//! Takes the folders as its arguments; without one, the half of our tasks that is there to tune on.

use std::path::{Path, PathBuf};

use codingworker::engine::aim;
use codingworker::engine::focus::SourceFile;
use serde_json::Value;

/// What one task says.
struct Task {
    name: String,
    issue: String,
    files: Vec<(String, String)>,
    touched: Vec<String>,
}

fn main() {
    let given: Vec<PathBuf> =
        std::env::args().skip(1).filter(|it| !it.starts_with("--")).map(PathBuf::from).collect();
    let own = || vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solve/tuning")];
    let folders = if given.is_empty() { own() } else { given };
    let mut ranks = Vec::new();
    println!("{:<22} {:>5} {:>6}  the best place", "task", "files", "rank");
    for folder in folders {
        for task in tasks(&folder) {
            let files = task.files.iter().map(|(path, text)| SourceFile { path, text });
            let places = aim::aims(&task.issue, &files.collect::<Vec<_>>()).places;
            let rank =
                places.iter().position(|it| task.touched.contains(&it.path)).map(|at| at + 1);
            let best = places.first().map(|it| format!("{} of {}", it.name, it.path));
            println!(
                "{:<22} {:>5} {:>6}  {}",
                task.name,
                task.files.len(),
                rank.map_or("-".to_owned(), |it| it.to_string()),
                best.unwrap_or_default()
            );
            ranks.push(rank);
        }
    }
    for most in [1, 2, 3, 12] {
        let many = ranks.iter().filter(|it| it.is_some_and(|it| it <= most)).count();
        println!("within the first {most}: {many} of {}", ranks.len());
    }
}

fn tasks(folder: &Path) -> Vec<Task> {
    let listed = std::fs::read_dir(folder).expect("a folder of tasks");
    let mut folders: Vec<PathBuf> = listed.filter_map(|it| Some(it.ok()?.path())).collect();
    folders.retain(|it| it.join("issue.json").is_file());
    folders.sort();
    folders.iter().map(|it| task(it)).collect()
}

fn task(folder: &Path) -> Task {
    let json = |name: &str| -> Value {
        let text = std::fs::read_to_string(folder.join(name)).expect("a task's file");
        serde_json::from_str(&text).expect("JSON")
    };
    let (issue, meta) = (json("issue.json"), json("meta.json"));
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let touched = meta["files_to_touch"].as_array().into_iter().flatten().map(text).collect();
    let mut files = Vec::new();
    sources(&folder.join("repo"), "", &mut files);
    Task {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        issue: format!("{}\n{}", text(&issue["title"]), text(&issue["body"])),
        files,
        touched,
    }
}

fn sources(root: &Path, below: &str, found: &mut Vec<(String, String)>) {
    let folder = root.join(below);
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        match entry.file_type() {
            Ok(it) if it.is_dir() => sources(root, &path, found),
            Ok(it) if it.is_file() => {
                found.extend(std::fs::read_to_string(root.join(&path)).ok().map(|it| (path, it)));
            }
            _ => {}
        }
    }
    found.sort();
}
