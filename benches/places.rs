//! Where the worker looks first: over folders of tasks (tests/solve/README.md), the rank of the
//! first definition that lies in a file which a solution touches, and of the first that has a line
//! which it changes, where the task says which (scripts/bench/history.py); and the rank of the first
//! such file, tests left out, for models that write files. No model is asked.
//!
//! Takes the folders as its arguments; without one, the half of our tasks that is there to tune on.

use std::path::{Path, PathBuf};

use codingworker::engine::aim::{self, Place};
use codingworker::engine::guard::is_test_file;
use codingworker::engine::source::{SourceFile, is_code};
use serde_json::Value;

/// What one task says.
struct Task {
    name: String,
    issue: String,
    files: Vec<(String, String)>,
    touched: Vec<String>,
    lines: Vec<Lines>,
}

/// Lines that a solution changes, from 1.
struct Lines {
    path: String,
    first: usize,
    last: usize,
}

fn main() {
    let given: Vec<PathBuf> =
        std::env::args().skip(1).filter(|it| !it.starts_with("--")).map(PathBuf::from).collect();
    let own = || vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solve/tuning")];
    let folders = if given.is_empty() { own() } else { given };
    let (mut files, mut definitions, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
    println!(
        "{:<22} {:>5} {:>6} {:>6} {:>10}  the best place",
        "task", "files", "file", "rank", "definition"
    );
    for folder in folders {
        for task in tasks(&folder) {
            let sources = task.files.iter().map(|(path, text)| SourceFile { path, text });
            let sources: Vec<SourceFile<'_>> = sources.collect();
            let places = aim::aims(&task.issue, &sources).places;
            let ranked = aim::files(&task.issue, &sources).into_iter().map(|it| it.1.path);
            let mut ranked = ranked.filter(|it| !is_test_file(it) && is_code(it));
            let whole = ranked.position(|it| task.touched.iter().any(|other| other == it));
            let whole = whole.map(|at| at + 1);
            let file = rank(&places, |it| task.touched.contains(&it.path));
            let definition = rank(&places, |it| task.changes(it));
            let shown = |it: Option<usize>| it.map_or("-".to_owned(), |it| it.to_string());
            let best = places.first().map(|it| format!("{} of {}", it.name, it.path));
            println!(
                "{:<22} {:>5} {:>6} {:>6} {:>10}  {}",
                task.name,
                task.files.len(),
                shown(whole),
                shown(file),
                shown(definition),
                best.unwrap_or_default()
            );
            files.push(file);
            wholes.push(whole);
            definitions.extend((!task.lines.is_empty()).then_some(definition));
        }
    }
    for (what, ranks) in
        [("file", wholes), ("file of a definition", files), ("definition", definitions)]
    {
        for most in [1, 2, 3, 4, 12].into_iter().filter(|_| !ranks.is_empty()) {
            let many = ranks.iter().filter(|it| it.is_some_and(|it| it <= most)).count();
            println!("the right {what} within the first {most}: {many} of {}", ranks.len());
        }
    }
}

fn rank(places: &[Place], is_right: impl Fn(&Place) -> bool) -> Option<usize> {
    places.iter().position(is_right).map(|at| at + 1)
}

impl Task {
    /// Whether a solution changes a line of it.
    fn changes(&self, place: &Place) -> bool {
        let Some((_, text)) = self.files.iter().find(|(path, _)| *path == place.path) else {
            return false;
        };
        let line = |at: usize| 1 + text.bytes().take(at).filter(|it| *it == b'\n').count();
        let (first, last) = (line(place.bytes.start), line(place.bytes.end.saturating_sub(1)));
        let changes = |it: &Lines| it.path == place.path && it.first <= last && first <= it.last;
        self.lines.iter().any(changes)
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
    let number = |it: &Value| it.as_u64().and_then(|it| usize::try_from(it).ok()).unwrap_or(0);
    let lines = meta["lines_to_touch"].as_array().into_iter().flatten();
    let lines =
        lines.map(|it| Lines { path: text(&it[0]), first: number(&it[1]), last: number(&it[2]) });
    let mut files = Vec::new();
    sources(&folder.join("repo"), "", &mut files);
    Task {
        name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        issue: format!("{}\n{}", text(&issue["title"]), text(&issue["body"])),
        files,
        touched,
        lines: lines.collect(),
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
