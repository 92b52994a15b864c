//! The Terraform in infra/terraform: its form, its own tests, what it makes of its variables, and
//! whom its policies let in. Without AWS, and without Terraform's registry.

mod claims;
mod form;
mod judge;
pub(crate) mod planned;
mod resources;
pub(crate) mod tools;
