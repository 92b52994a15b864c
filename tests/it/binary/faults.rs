//! The whole binary while something around it is down, slow, lost, refused or broken.

mod checks;
mod git;
mod github;
mod model;

use super::world::World;

/// How often the model was asked.
fn model_calls(world: &World) -> usize {
    world.ollama.chats().len()
}
