//! Which operations were asked for.

use std::collections::BTreeSet;

use super::GitHubDouble;
use super::description::DESCRIPTION;

impl GitHubDouble {
    /// Every operation that was asked for and changes something, oldest first.
    pub(crate) fn changes(&self) -> Vec<String> {
        let changing = DESCRIPTION.operations.iter().filter(|it| it.changes());
        let changing: BTreeSet<&str> = changing.map(|it| it.id.as_str()).collect();
        let world = self.world();
        world.asked.iter().filter(|it| changing.contains(it.as_str())).cloned().collect()
    }

    /// Every operation that was asked for.
    pub(crate) fn covered(&self) -> BTreeSet<String> {
        self.world().asked.iter().cloned().collect()
    }
}
