//! The GitHub token is in one file of the operator's, and nowhere else.

use std::path::Path;

use super::world::World;
use crate::github_double::TOKEN;

/// The token as it could show: as it is, and as HTTP's basic authentication writes it.
pub(super) fn secrets() -> Vec<String> {
    let basic = crate::workspace::http::basic("x-access-token", TOKEN);
    Vec::from([TOKEN.to_owned(), basic.trim_start_matches("Basic ").to_owned()])
}

impl World {
    /// Fails where the token lies: on disk, in a commit, in a prompt, or in words on GitHub.
    pub(crate) fn assert_no_token(&self) {
        let mut found = Vec::new();
        search(self.path(), &self.path().join("token"), &mut found);
        let names = self
            .github
            .look(|it| it.repositories.iter().map(|it| it.full_name()).collect::<Vec<_>>());
        let mut texts = Vec::new();
        for name in &names {
            let bare = self.bare(name);
            let all = ["cat-file", "--batch-all-objects", "--batch", "--unordered"];
            let mut args = vec!["-C", bare.to_str().unwrap()];
            args.extend(all);
            texts.push((format!("an object of {name}"), self.git(&args)));
            self.github.look(|it| {
                let repository = it.repository(name);
                let issues = repository.issues.iter().flat_map(|it| &it.comments);
                texts.push(("a comment".to_owned(), issues.map(|it| it.body.clone()).collect()));
                let pulls = repository.pulls.iter().map(|it| it.body.clone());
                texts.push(("a pull request".to_owned(), pulls.collect()));
            });
        }
        let prompts = self.ollama.chats().iter().map(ToString::to_string).collect();
        texts.push(("a prompt".to_owned(), prompts));
        for (place, text) in texts {
            if holds(text.as_bytes()) {
                found.push(place);
            }
        }
        assert!(found.is_empty(), "the token is in {found:?}");
    }
}

fn search(folder: &Path, but: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            search(&path, but, found);
        } else if kind.is_file()
            && path != but
            && std::fs::read(&path).is_ok_and(|bytes| holds(&bytes))
        {
            found.push(path.display().to_string());
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    secrets().iter().any(|it| text.contains(it.as_str()))
}

/// The control: what is planted is found.
#[tokio::test]
async fn a_planted_token_is_found() {
    let world = World::empty(|_, _| crate::scripted_ollama::Reply::Close).await;
    world.assert_no_token();
    std::fs::create_dir_all(world.state_dir()).unwrap();
    std::fs::write(world.state_dir().join("a"), [b"\xff\0 ", TOKEN.as_bytes()].concat()).unwrap();
    let mut found = Vec::new();
    search(world.path(), &world.path().join("token"), &mut found);
    assert_eq!(found.len(), 1);
    world.repository("acme/leak", &[("a.txt", TOKEN)]);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.assert_no_token()));
    let said = *caught.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("an object of acme/leak"), "{said}");
}
