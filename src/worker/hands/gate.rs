//! The gate before every push, where the token is: may what was made leave this machine?

use secrecy::ExposeSecret;

use crate::audit::Decision;
use crate::domain::change::ObjectId;
use crate::domain::job::{Event, Failure, Story};
use crate::engine::gate::{self, Blob, Entry, Kind};
use crate::worker::hands::Hands;
use crate::worker::hands::verify::checkout;
use crate::workspace::{Difference, EntryKind, Side};

/// How much of one file is read, and of all together. What is larger is never pushed.
const MOST_FILE: u64 = 4 << 20;
const MOST_BYTES: u64 = 64 << 20;

impl Hands {
    pub(super) async fn gate(&mut self, tree: ObjectId, story: &Story) -> Result<Event, Failure> {
        let checkout = checkout(story)?;
        let (base, limits) = (checkout.tree.clone(), self.tools.gate.narrowed(&checkout.narrowing));
        let workspace = self.workspace(story).await?;
        let differences = workspace.differences(&base, &tree, MOST_FILE, MOST_BYTES).await?;
        let entries = differences.iter().map(entry).collect::<Vec<_>>();
        let secrets = self.tools.secrets.iter().map(|it| it.expose_secret()).collect::<Vec<_>>();
        let report = gate::inspect(&entries, &limits, &secrets);
        let kept = match report.stops.is_empty() {
            true => None,
            false => Some(self.workspace(story).await?.keep(&tree).await?),
        };
        if kept.is_some() {
            self.audit(story, Decision::Stopped, &tree.0, &report.stops.join(" ")).await?;
        }
        Ok(Event::Gated { tree, stops: report.stops, notes: report.notes, kept })
    }
}

fn entry(it: &Difference) -> Entry<'_> {
    Entry { path: &it.path, old: it.old.as_ref().map(blob), new: it.new.as_ref().map(blob) }
}

fn blob(side: &Side) -> Blob<'_> {
    let kind = match side.kind {
        EntryKind::File => Kind::File,
        EntryKind::Executable => Kind::Executable,
        EntryKind::Link => Kind::Link,
        EntryKind::Submodule => Kind::Submodule,
    };
    Blob { kind, size: side.size, bytes: side.bytes.as_deref() }
}
