//! The proxy before the engine's socket, in front of a real engine.
//!
//! What must not get through is first shown to be accepted by the engine itself.

mod builds;
mod escapes;
mod everyday;
mod network;
mod world;
