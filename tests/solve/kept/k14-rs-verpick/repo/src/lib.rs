//! Version numbers and their order.

mod version;

pub use version::{ParseError, Version};

/// Sorts from old to new; equal versions keep their order.
pub fn sort(versions: &mut [Version]) {
    versions.sort();
}

/// The newest version; pre-releases count only with `pre`. Of equal ones the last.
pub fn latest(versions: &[Version], pre: bool) -> Option<&Version> {
    versions
        .iter()
        .filter(|version| pre || !version.is_pre())
        .max()
}
