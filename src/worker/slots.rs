//! How many jobs may run at once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places for jobs. Clones are the same places. Their number can change while they are taken:
/// a place that is too many goes when its job is over.
#[derive(Clone)]
pub struct Slots {
    free: Arc<Semaphore>,
    all: Arc<Mutex<usize>>,
}

impl Slots {
    /// So many, all free.
    pub fn new(number: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(number)), all: Arc::new(Mutex::new(number)) }
    }

    /// Waits for a place. `None` never comes: nobody closes them.
    pub async fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().acquire_owned().await.ok()
    }

    /// A place that is free right now.
    pub fn try_take(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }

    /// How many there are, free or not.
    pub fn number(&self) -> usize {
        *self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.number().saturating_sub(self.free.available_permits())
    }

    /// From here on there are so many. Must be called inside a tokio runtime.
    pub fn resize(&self, number: usize) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *all, number);
        drop(all);
        if number > before {
            self.free.add_permits(number - before);
        }
        for _ in number..before {
            let places = self.clone();
            // It waits in line like everybody else.
            tokio::spawn(async move {
                if let Some(place) = places.take().await {
                    place.forget();
                }
            });
        }
    }
}

impl From<usize> for Slots {
    fn from(number: usize) -> Self {
        Self::new(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_places_are_there_at_once_and_fewer_when_the_jobs_are_over() {
        let slots = Slots::new(1);
        let first = slots.take().await.unwrap();
        slots.resize(2);
        let second = slots.take().await.unwrap();
        assert!(slots.try_take().is_none());
        slots.resize(1);
        drop(first);
        tokio::task::yield_now().await;
        assert!(slots.try_take().is_none(), "the place that was too many came back");
        drop(second);
        assert!(slots.take().await.is_some());
        assert_eq!(slots.number(), 1);
    }
}
