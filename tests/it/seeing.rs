//! How a worker lets itself be seen: the real binary, asked over HTTP.

mod collector;
mod dashboard;
mod endpoints;
mod job;
mod listening;
mod parser;
mod wire;
