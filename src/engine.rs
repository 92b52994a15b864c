//! Floor 1: every decision. Pure functions over the nouns: no I/O, no clock, no randomness.

pub mod authority;
pub mod closing;
pub mod cooldown;
pub mod decide;
pub mod dockerfile;
pub mod fates;
pub mod focus;
pub mod gate;
pub mod guard;
pub mod intake;
pub mod judge;
pub mod line;
pub mod normalise;
pub mod notice;
pub mod offline;
pub mod onboarding;
pub mod plan;
pub mod preparation;
pub mod prompt;
pub mod report;
pub mod request;
pub mod socket;
pub mod stats;
pub mod symbols;
pub mod testlog;
pub mod watch;
