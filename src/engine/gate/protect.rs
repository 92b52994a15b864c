//! Paths that no push may touch: what steers builds, tools and agents, and what holds keys.

use super::glob;
use super::name::{folded, forms};

/// Patterns, folded, and what is wrong with touching them.
const PROTECTED: &[(&str, &[&str])] = &[
    (
        "it steers what runs on the code host",
        &[
            "**/.github/**",
            ".gitlab-ci*",
            "**/.gitlab/**",
            "**/.circleci/**",
            "azure-pipelines*",
            "**/.azure-pipelines/**",
            "**/.azure/pipelines/**",
            "jenkinsfile*",
            "**/.buildkite/**",
            ".travis.y*ml",
            "appveyor.y*ml",
            ".appveyor.y*ml",
            "bitbucket-pipelines.y*ml",
            ".drone*",
            ".woodpecker*",
            "**/.woodpecker/**",
            "**/.forgejo/**",
            "**/.gitea/**",
            "**/.teamcity/**",
            "**/.semaphore/**",
            ".cirrus*",
            "cloudbuild.y*ml",
            "buildspec.y*ml",
            "renovate.json*",
            ".renovaterc*",
            "dependabot.y*ml",
            ".mergify.y*ml",
        ],
    ),
    ("it says how this work is checked", &[".codingworker.y*ml"]),
    ("it says who must agree to a change", &["codeowners"]),
    (
        "it steers git",
        &[
            ".git*",
            "**/.githooks/**",
            "**/.git-hooks/**",
            "**/.husky/**",
            ".huskyrc*",
            ".pre-commit-config*",
            ".pre-commit-hooks*",
            "lefthook*",
            ".lefthook*",
            "**/.lefthook/**",
            "**/hooks/pre-commit",
            "**/hooks/pre-push",
            "**/hooks/pre-receive",
            "**/hooks/pre-rebase",
            "**/hooks/prepare-commit-msg",
            "**/hooks/commit-msg",
            "**/hooks/post-checkout",
            "**/hooks/post-commit",
            "**/hooks/post-merge",
            "**/hooks/post-receive",
            "**/hooks/post-rewrite",
            "**/hooks/update",
        ],
    ),
    (
        "it steers a package manager",
        &[
            ".npmrc",
            ".yarnrc*",
            "**/.yarn/releases/**",
            "**/.yarn/plugins/**",
            ".pnpmfile.*",
            "bunfig.toml",
            "pip.conf",
            "pip.ini",
            ".pypirc",
            ".gemrc",
            "**/.bundle/config",
            "**/.cargo/config*",
            "**/.cargo/credentials*",
            "nuget.config",
            "**/.mvn/**",
            "**/gradle/wrapper/**",
        ],
    ),
    (
        "it steers an editor, which runs commands",
        &[
            "**/.vscode/**",
            "**/.idea/**",
            "**/.devcontainer/**",
            ".devcontainer.json",
            "*.code-workspace",
            "**/.zed/**",
            "**/.vs/**",
        ],
    ),
    (
        "it tells agents what to do",
        &[
            "**/.claude/**",
            "claude.md",
            "claude.local.md",
            ".mcp.json",
            "agents.md",
            "agents.override.md",
            "agent.md",
            "gemini.md",
            "**/.gemini/**",
            "**/.codex/**",
            "**/.agents/**",
            ".cursor*",
            "**/.cursor*/**",
            ".windsurf*",
            "**/.windsurf*/**",
            ".aider*",
            "conventions.md",
            "copilot-instructions.md",
            ".clinerules*",
            "**/.clinerules/**",
            ".roomodes",
            ".roorules*",
            "**/.roo/**",
            "**/.kiro/**",
            "**/.junie/**",
            "**/.continue/**",
            "**/.amazonq/**",
        ],
    ),
    (
        "such files hold keys or settings of one machine",
        &[
            ".env*",
            ".netrc",
            "_netrc",
            "*.pem",
            "*.key",
            "*.p12",
            "*.pfx",
            "*.jks",
            "*.keystore",
            "*.ppk",
            "*.kdbx",
            "id_rsa",
            "id_dsa",
            "id_ecdsa*",
            "id_ed25519*",
            "**/.ssh/**",
            "**/.aws/**",
            "**/.gnupg/**",
            "**/.kube/**",
            "**/.docker/config.json",
            ".dockercfg",
            ".htpasswd",
            ".git-credentials",
        ],
    ),
];

/// Files that a pattern above catches by mistake.
const HARMLESS: [&str; 4] = [".gitignore", ".gitkeep", "id_ed25519.pub", "id_ecdsa.pub"];

/// Patterns of settings that are made to be shared: worth a look, no more.
const SAMPLES: [&str; 6] = [
    ".env*.example",
    ".env*.sample",
    ".env*.template",
    ".env*.dist",
    ".env.defaults",
    ".envrc.example",
];

/// What is protected in one repository.
pub(super) struct Protected {
    /// Lifts what is protected anyway.
    allow: Vec<String>,
    /// Is protected beside that, and cannot be lifted.
    more: Vec<String>,
}

impl Protected {
    pub(super) fn new(allow: &[String], more: &[String]) -> Self {
        let fold = |all: &[String]| all.iter().map(|it| fold_pattern(it)).collect();
        Self { allow: fold(allow), more: fold(more) }
    }

    /// Why nobody may touch this path, as the end of a sentence. A link stands for a folder and
    /// all that is in it.
    pub(super) fn why(&self, path: &[u8], link: bool) -> Option<&'static str> {
        forms(path).iter().find_map(|path| self.why_folded(path, link))
    }

    fn why_folded(&self, path: &[String], link: bool) -> Option<&'static str> {
        let is =
            |pattern: &str| glob::matches(pattern, path) || (link && glob::leads_to(pattern, path));
        if self.more.iter().any(|it| is(it)) {
            return Some("it is protected by the settings for this repository");
        }
        let name = path.last()?.as_str();
        let harmless = HARMLESS.contains(&name) || is_sample_name(name);
        let by_name = |pattern: &&&str| harmless && !pattern.contains('/');
        let (why, _) = PROTECTED
            .iter()
            .find(|(_, patterns)| patterns.iter().filter(|it| !by_name(it)).any(|it| is(it)))?;
        (!self.allow.iter().any(|it| glob::matches(it, path))).then_some(why)
    }
}

/// Whether this is a sample of settings: `.env.example` and its like.
pub(super) fn is_sample(path: &[u8]) -> bool {
    forms(path).iter().any(|it| it.last().is_some_and(|name| is_sample_name(name)))
}

fn is_sample_name(name: &str) -> bool {
    SAMPLES.iter().any(|it| glob::name_matches(it, name))
}

fn fold_pattern(pattern: &str) -> String {
    let folder = if pattern.ends_with('/') { "/" } else { "" };
    let parts: Vec<String> = pattern.trim_end_matches('/').split('/').map(folded).collect();
    format!("{}{folder}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_of_the_operator_lifts_what_is_usual_and_never_what_is_asked_for() {
        let why = |allow: &[&str], more: &[&str], path: &str| {
            let owned = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
            Protected::new(&owned(allow), &owned(more)).why(path.as_bytes(), path == "docs")
        };
        let template = ".github/ISSUE_TEMPLATE/bug.md";
        assert!(why(&[], &[], template).is_some());
        assert!(why(&[".GitHub/issue_template/**"], &[], template).is_none());
        assert!(why(&[".github/ISSUE_TEMPLATE/**"], &[], ".github/workflows/x.yml").is_some());
        assert!(why(&["**"], &[], ".npmrc").is_none());
        assert!(why(&["**"], &["Docs/"], "docs/a.md").is_some());
        assert!(why(&[], &["docs/**"], "docs").is_some());
        assert!(why(&[], &[], "docs/a.md").is_none());
    }

    #[test]
    fn neighbours_of_what_is_protected_are_free() {
        let protected = Protected::new(&[], &[]);
        for free in [
            ".gitignore",
            "a/.gitkeep",
            "src/hooks/useThing.ts",
            "hooks/update.py",
            "src/agents.py",
            "docs/conventions-old.md",
            "env.py",
            ".env.example",
            ".env.local.sample",
            "src/key.rs",
            "keys/public.pub",
            "id_ed25519.pub",
            "cargo/config.toml",
            "github/workflows/x.yml",
            "gradle/libs.versions.toml",
            "package.json",
            "src/env/mod.rs",
            ".editorconfig",
            ".prettierrc",
            ".eslintrc.json",
            "renovate/readme.md",
        ] {
            assert_eq!(protected.why(free.as_bytes(), false), None, "{free}");
        }
        assert!(is_sample(b"web/.env.EXAMPLE") && !is_sample(b".env.production"));
        assert!(protected.why(b".github/.gitkeep", false).is_some());
    }
}
