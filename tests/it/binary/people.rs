//! What people do to repositories and issues, and what they find there afterwards.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use codingworker::domain::job::{Event, Outcome, Record};

use super::world::{MAINTAINER, World};
use crate::github_double::LOGIN;

impl World {
    /// Makes a bare repository without a commit, whose default branch is to be `branch`.
    pub(super) fn unborn(&self, name: &str, branch: &str) {
        self.git(&["init", "-q", "--bare", "-b", branch, self.bare(name).to_str().unwrap()]);
        self.github.repository(name);
        self.github.role(name, MAINTAINER, Some("write"));
    }

    /// A person's working tree of a repository: its next commit.
    pub(super) fn tree_of(&self, name: &str) -> PathBuf {
        let tree = self.path().join("person").join(name);
        if !tree.join(".git").exists() {
            self.git(&["init", "-q", "-b", "work", tree.to_str().unwrap()]);
        }
        tree
    }

    /// A person commits the working tree with these files, and pushes it.
    pub(super) fn push(&self, name: &str, branch: &str, files: &[(&str, &str)]) {
        let (tree, bare) = (self.tree_of(name), self.bare(name));
        for (path, text) in files {
            write(&tree.join(path), text);
        }
        let tree = tree.to_str().unwrap();
        self.git(&["-C", tree, "add", "-A", "-f"]);
        self.git(&["-C", tree, "commit", "-q", "--allow-empty", "-m", "By a person"]);
        let to = format!("HEAD:refs/heads/{branch}");
        self.git(&["-C", tree, "push", "-q", bare.to_str().unwrap(), &to]);
    }

    /// A hook of the host's, which sees each push first.
    pub(super) fn hook(&self, name: &str, script: &str) {
        let hook = self.bare(name).join("hooks/pre-receive");
        write(&hook, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Somebody writes an issue, the maintainer labels it, and it is queued.
    pub(super) async fn ask(&self, name: &str, title: &str, body: &str) -> u64 {
        let number = self.issue(name, title, body);
        self.submit(name, number, "delivery").await;
        number
    }

    /// The journal of the one job on this issue.
    pub(super) async fn records(&self, name: &str, issue: u64) -> Vec<Record> {
        let mut jobs = self.jobs().await;
        jobs.retain(|(it, _)| it.task.repository.to_string() == name && it.task.thread() == issue);
        assert_eq!(jobs.len(), 1, "jobs for {name}#{issue}");
        jobs.remove(0).1
    }

    /// How the job on this issue ended.
    pub(super) async fn outcome(&self, name: &str, issue: u64) -> Outcome {
        let records = self.records(name, issue).await;
        let ended = records.iter().rev().find_map(|it| match &it.event {
            Event::Ended(outcome) => Some(outcome.clone()),
            _ => None,
        });
        ended.unwrap_or_else(|| panic!("{name}#{issue} has not ended: {records:#?}"))
    }

    /// With which sentence a fault ended the job on this issue.
    pub(super) async fn broke(&self, name: &str, issue: u64) -> String {
        match self.outcome(name, issue).await {
            Outcome::Broke(failure) => failure.message,
            other => panic!("{name}#{issue} ended otherwise: {other:?}"),
        }
    }

    /// What the worker's one comment on an issue says; empty when there is none.
    pub(super) fn comment(&self, name: &str, issue: u64) -> String {
        let all = self.github.issue_state(name, issue).comments;
        let ours = all.into_iter().filter(|it| it.author.login == LOGIN).collect::<Vec<_>>();
        assert!(ours.len() <= 1, "{name}#{issue}: {ours:#?}");
        ours.into_iter().map(|it| it.body).collect()
    }

    pub(super) fn labels(&self, name: &str, issue: u64) -> Vec<String> {
        self.github.issue_state(name, issue).labels
    }

    /// What a branch at the host holds: files with their contents.
    pub(super) fn files(&self, name: &str, branch: &str) -> BTreeMap<String, String> {
        let bare = self.bare(name);
        let git = |args: &[&str]| self.git(&[&["-C", bare.to_str().unwrap()], args].concat());
        let rows = git(&["ls-tree", "-r", branch]);
        let rows = rows.lines().filter_map(|it| it.split_once('\t'));
        let files = rows.filter(|(row, _)| row.starts_with("100"));
        files
            .map(|(row, path)| {
                let blob = row.rsplit(' ').next().unwrap();
                (path.to_owned(), git(&["cat-file", "-p", blob]))
            })
            .collect()
    }
}

pub(super) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
