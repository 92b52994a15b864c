//! The whole binary against issues, repositories and a model that mean harm.

mod repository;
mod words;
