//! Floor 3, the hands: one delivery becomes one driven job, and stays ours until it is done.

pub mod board;
pub mod crew;
pub mod drive;
pub mod fates;
pub mod hands;
pub mod journal;
pub mod lanes;
pub mod lease;
pub mod lifecycle;
pub mod line;
pub mod live;
pub mod models;
pub mod pulse;
pub mod scene;
pub mod shift;
pub mod slots;
pub mod watch;
