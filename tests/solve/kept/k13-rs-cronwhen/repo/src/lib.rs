//! Cron schedules without a daemon.

pub mod crontab;
pub mod date;
pub mod field;
pub mod schedule;
