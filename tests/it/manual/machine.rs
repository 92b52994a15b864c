//! A stranger's machine: an empty home, a clone of this project, and stand-ins for what comes from
//! elsewhere (package managers, the service manager, AWS behind Terraform).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::binary::world::{PATH, World};
use crate::infra::planned;
use crate::infra::tools;
use crate::service::commands::{JOURNALCTL, LAUNCHCTL, SYSTEMCTL};
use crate::setup;

/// Puts the program that was built where `cargo install` does.
const CARGO: &str = r#"#!/bin/sh
[ "$*" = "install --locked --path ." ] && [ -f Cargo.toml ] || exit 101
mkdir -p "$HOME/.cargo/bin" && cp "@PROGRAM@" "$HOME/.cargo/bin/codingworker"
"#;

const UV: &str = r#"#!/bin/sh
[ "$1 $2 $3" = "tool install aider-chat==0.86.2" ] || exit 2
mkdir -p "$HOME/.local/bin" && ln -s "@AIDER@" "$HOME/.local/bin/aider"
"#;

/// What is typed into an editor was written down before, by the file's name.
const EDITOR: &str = r#"#!/bin/sh
for file; do cat "@EDITS@/${file##*/}" > "$file" || exit 1; done
"#;

/// The real one, but for the bucket that keeps the state, and the account.
const TERRAFORM: &str = r#"#!/bin/sh
export TF_CLI_CONFIG_FILE="@SETTINGS@" TF_IN_AUTOMATION=1
case $1 in
    init)
        [ "$2" = -backend-config=backend.s3.tfbackend ] && grep -q '^bucket' "${2#*=}" || exit 1
        printf 'terraform {\n  backend "local" {}\n}\n' > here_override.tf
        exec "@TERRAFORM@" init -input=false -no-color ;;
    apply) exec "@TERRAFORM@" plan -input=false -no-color -lock=false ;;
esac
exit 1
"#;

const QUIET: &str = "#!/bin/sh\n";

pub(super) struct Machine {
    root: PathBuf,
    pub(super) home: PathBuf,
    /// The clone of this project.
    pub(super) clone: PathBuf,
    pub(super) editor: PathBuf,
}

impl Machine {
    pub(super) fn of(world: &World) -> Self {
        let root = world.path().join("machine");
        let home = world.path().join("home");
        for folder in ["bin", "state", "edits"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let agents =
            if cfg!(target_os = "macos") { "Library/LaunchAgents" } else { ".config/systemd/user" };
        std::os::unix::fs::symlink(home.join(agents), root.join("unit")).unwrap();
        let (origin, clone) = (world.path().join("origin"), world.path().join("clone"));
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        for folder in ["infra", "configs"] {
            fs::create_dir_all(origin.join(folder)).unwrap();
            tools::copy_into(&sources.join(folder), &origin.join(folder));
        }
        fs::copy(sources.join("Cargo.toml"), origin.join("Cargo.toml")).unwrap();
        let at = origin.to_str().unwrap();
        world.git(&["init", "-q", "-b", "main", at]);
        world.git(&["-C", at, "add", "-A"]);
        world.git(&["-C", at, "commit", "-q", "-m", "All of it"]);
        world.git(&["clone", "-q", at, clone.to_str().unwrap()]);
        let it = Self { editor: root.join("bin/editor"), root, home, clone };
        let mirror = it.root.join("mirror");
        let settings = planned::install(&mirror);
        let terraform = which(tools::found());
        it.has("cargo", CARGO, "@PROGRAM@", env!("CARGO_BIN_EXE_codingworker"));
        it.has("uv", UV, "@AIDER@", setup::aider().to_str().unwrap());
        it.has("editor", EDITOR, "@EDITS@", it.root.join("edits").to_str().unwrap());
        let text = TERRAFORM.replace("@TERRAFORM@", terraform.to_str().unwrap());
        it.has("terraform", &text, "@SETTINGS@", settings.to_str().unwrap());
        for (name, text) in [
            ("systemctl", SYSTEMCTL),
            ("journalctl", JOURNALCTL),
            ("launchctl", LAUNCHCTL),
            ("ollama", QUIET),
            ("sudo", QUIET),
        ] {
            it.has(name, text, "@", "@");
        }
        it
    }

    fn has(&self, name: &str, text: &str, hole: &str, filled: &str) {
        let file = self.root.join("bin").join(name);
        fs::write(&file, text.replace(hole, filled)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What will be in a file of this name when it was edited.
    pub(super) fn edit(&self, name: &str, text: &str) {
        fs::write(self.root.join("edits").join(name), text).unwrap();
    }

    /// A file in the home.
    pub(super) fn file(&self, path: &str) -> String {
        let file = self.home.join(path);
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// The `PATH` of a person who has installed things before.
    pub(super) fn path(&self) -> String {
        let (own, home) = (self.root.join("bin"), self.home.display());
        format!("{}:{home}/.local/bin:{home}/.cargo/bin:{PATH}", own.display())
    }
}

#[expect(clippy::disallowed_methods, reason = "the stand-in needs the whole path of the real one")]
fn which(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    let mut all = std::env::split_paths(&path).map(|it| it.join(name));
    all.find(|it| it.is_file()).unwrap()
}
