//! A value that can be replaced while others use it.

use std::sync::{Arc, PoisonError, RwLock};

/// Whoever takes it keeps what it was then; whoever comes later gets the new one. A job takes its
/// settings when it begins, so no job sees half of two configurations. Clones are the same value.
pub struct Live<T>(Arc<RwLock<Arc<T>>>);

impl<T> Live<T> {
    /// A value that nobody has replaced yet.
    pub fn new(value: T) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(value))))
    }

    /// What it is now.
    pub fn now(&self) -> Arc<T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on it is this.
    pub fn replace(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> From<T> for Live<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_taken_it_keeps_it_and_who_comes_later_gets_the_new_one() {
        let live = Live::new("old");
        let (taken, clone) = (live.now(), live.clone());
        live.replace("new");
        assert_eq!((*taken, *clone.now()), ("old", "new"));
    }
}
