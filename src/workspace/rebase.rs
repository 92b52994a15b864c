//! Our work on what others pushed meanwhile: a three-way merge of trees in our own git directory.
//!
//! It runs nothing: drivers are named by attributes but defined by configuration, and ours has
//! none. What git can do by itself (`union`, `binary`, "do not merge") it does as the new tip's
//! attributes say, as for anybody who pulls. What comes out is looked at like any snapshot.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use super::checkout::is_attributes;
use super::difference::{MOST_DIFFERENCES, Raw};
use super::git::{fields, is_object, object};
use super::mirror::Mirror;
use super::{CheckedOut, EntryKind, Rebased, Workspace, WorkspaceError, Workspaces, disk, rules};
use crate::domain::change::ObjectId;

/// A link's target is a path.
const LONGEST_TARGET: u64 = 8_192;

enum Merged {
    Clean(ObjectId),
    Conflict(Vec<String>),
}

impl Workspaces {
    /// Fetches `branch` anew and puts our work, what changed from the base to the tree `work`, on
    /// its tip. Where that goes well, the same folder stands on the new base.
    ///
    /// The workspace on the old base stays good, too: whoever was killed before this was written
    /// down may `reopen` the old base and come here again.
    ///
    /// # Errors
    /// `BranchGone` as it says; `Unsafe` when what comes out must not reach a commit; otherwise
    /// the remote is away or refuses us, or git or the disk fail.
    pub async fn rebase(
        &self,
        workspace: &Workspace,
        branch: &str,
        work: &ObjectId,
        stop: &CancellationToken,
    ) -> Result<Rebased, WorkspaceError> {
        rules::branch(branch)?;
        workspace.intact()?;
        if !is_object(work) {
            return Err(WorkspaceError::Unusable(format!("`{work}` is no name of an object")));
        }
        let (base, base_tree) = self.bring(workspace, branch, stop).await?;
        let tree = match workspace.merge(&base_tree, work, stop).await? {
            Merged::Clean(tree) => tree,
            Merged::Conflict(files) => return Ok(Rebased::Conflict { tip: base, files }),
        };
        workspace.judge(&base_tree, &tree).await?;
        let moved = Workspace { base, base_tree, ..workspace.clone() };
        let notes = match moved.ready() {
            Some(ready) => ready.notes,
            None => moved.settle(workspace).await?,
        };
        let out = CheckedOut { base: moved.base.clone(), tree: moved.base_tree.clone(), notes };
        Ok(Rebased::Clean { workspace: moved, out, tree })
    }

    /// The tip of `branch`, its objects in this workspace. Only adds to what is there.
    async fn bring(
        &self,
        workspace: &Workspace,
        branch: &str,
        stop: &CancellationToken,
    ) -> Result<(ObjectId, ObjectId), WorkspaceError> {
        let mirror = Mirror::of(&self.git, &self.state_dir, &workspace.repository);
        let _held = mirror.hold(stop).await?;
        let fresh = mirror.prepare()?;
        let mut found = mirror.fetch(branch, stop).await;
        if let Err(WorkspaceError::Git { command, message }) = &found
            && !fresh
        {
            let repository = &workspace.repository;
            tracing::warn!(%repository, command, message, "the mirror is damaged: made anew");
            mirror.destroy()?;
            mirror.prepare()?;
            found = mirror.fetch(branch, stop).await;
        }
        let found = found.map_err(|error| match error {
            WorkspaceError::BranchMissing { branch, .. } => WorkspaceError::BranchGone(branch),
            WorkspaceError::Empty(_) => WorkspaceError::BranchGone(branch.to_owned()),
            other => other,
        })?;
        let (from, to) = (mirror.folder.clone(), workspace.git_dir());
        disk::aside(move || disk::take_packs(&from, &to)).await?;
        Ok(found)
    }
}

impl Workspace {
    /// The commits that git knows have no common past here, as we fetch without history, and a
    /// person may have rewritten it anyway. So we make up three that have: the old base, and on
    /// it their tree and ours.
    async fn merge(
        &self,
        theirs: &ObjectId,
        ours: &ObjectId,
        stop: &CancellationToken,
    ) -> Result<Merged, WorkspaceError> {
        let base = self.private_commit(&self.base_tree, None, "base").await?;
        let there = self.private_commit(theirs, Some(&base), "theirs").await?;
        let here = self.private_commit(ours, Some(&base), "ours").await?;
        let call = self.local("merge-tree").env("GIT_ATTR_SOURCE", &theirs.0);
        let call = call.args(["--write-tree", "-z", "--name-only", "--no-messages"]);
        let call = ["merge.renames=true", "merge.directoryRenames=conflict"]
            .iter()
            .fold(call, |call, setting| call.config(setting))
            .config("merge.renormalize=false")
            .args(["--end-of-options", &there.0, &here.0]);
        let answer = self.git.run(call, stop).await?;
        if answer.code != 1 || answer.stdout.is_empty() {
            let listed = answer.success(&self.repository)?;
            return Ok(Merged::Clean(object(fields(&listed).next().unwrap_or_default())));
        }
        // A file that is in the way of a folder is listed with the name of its commit added.
        let sides = [format!("~{there}"), format!("~{here}")];
        let name = |path: &[u8]| {
            let path = String::from_utf8_lossy(path).into_owned();
            let plain = sides.iter().find_map(|side| path.strip_suffix(side.as_str()));
            plain.map(str::to_owned).unwrap_or(path)
        };
        let mut files: Vec<String> = fields(&answer.stdout).skip(1).map(name).collect();
        files.sort();
        files.dedup();
        Ok(Merged::Conflict(files))
    }

    /// Two good trees may make a bad one: a link that goes along when its folder is renamed, two
    /// names that differ in case only. What a snapshot would refuse is refused here.
    async fn judge(&self, tip: &ObjectId, merged: &ObjectId) -> Result<(), WorkspaceError> {
        let rows = self.raw(tip, merged, MOST_DIFFERENCES).await?;
        for row in rows.iter().filter(|row| row.old.is_none()) {
            rules::new_path(&row.path)?;
        }
        self.links_stay(&rows).await?;
        if rows.iter().any(|row| row.old.is_none()) {
            let mut names: BTreeMap<String, usize> = BTreeMap::new();
            let lower = |path: &[u8]| String::from_utf8_lossy(path).to_lowercase();
            for row in self.rows(merged).await? {
                *names.entry(lower(&row.path)).or_default() += 1;
            }
            let is_twice = |path: &[u8]| names.get(&lower(path)).is_some_and(|&n| n > 1);
            if let Some(row) = rows.iter().find(|row| row.old.is_none() && is_twice(&row.path)) {
                let why = "its name differs from another's in case only";
                return Err(WorkspaceError::unsafe_path(&row.path, why));
            }
        }
        Ok(())
    }

    async fn links_stay(&self, rows: &[Raw]) -> Result<(), WorkspaceError> {
        let new = |row: &Raw| row.new.clone().filter(|it| it.kind == EntryKind::Link);
        let links: Vec<_> =
            rows.iter().filter_map(|row| Some((&row.path, new(row)?.oid))).collect();
        let oids: Vec<String> = links.iter().map(|(_, oid)| oid.clone()).collect();
        let targets = self.blobs(oids.iter(), LONGEST_TARGET * oids.len() as u64).await?;
        for (path, oid) in links {
            if !targets.get(&oid).is_some_and(|target| rules::link_stays(path, target)) {
                let why = "it is a symbolic link that points out of the repository";
                return Err(WorkspaceError::unsafe_path(path, why));
            }
        }
        Ok(())
    }

    /// Makes the disk equal to our base, coming from another, and writes down what belongs to it.
    /// What a process that was killed here left is begun again.
    async fn settle(&self, before: &Workspace) -> Result<Vec<String>, WorkspaceError> {
        let (folder, index) = (self.base_folder(), self.base_index());
        disk::remove(&folder).map_err(WorkspaceError::disk(&folder))?;
        disk::make(&folder)?;
        // What did not change keeps its time stamp, and builds stay warm.
        std::fs::hard_link(before.base_index(), &index).map_err(WorkspaceError::disk(&index))?;
        let left_out = std::fs::read(before.left_out()).unwrap_or_default();
        if !left_out.is_empty() {
            let call = self.local("update-index").on(&self.tree, &index, &self.base);
            let call = call.args(["-z", "--no-skip-worktree", "--stdin"]).stdin(left_out);
            self.done(call).await?;
        }
        self.lay_out(&self.base_tree, &index).await?;
        let changed = self.raw(&before.base_tree, &self.base_tree, usize::MAX).await?;
        if changed.iter().any(|row| is_attributes(&row.path)) {
            // Files that did not change may look different on disk now.
            std::fs::remove_file(&index).map_err(WorkspaceError::disk(&index))?;
            self.lay_out(&self.base_tree, &index).await?;
        }
        let notes = self.survey().await?;
        self.declare_ready(&notes)?;
        Ok(notes)
    }
}
