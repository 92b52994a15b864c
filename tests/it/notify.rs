//! Notifications, from a happening to what a service gets of it.

mod binary;
mod channels;
mod outbox;
mod sinks;
