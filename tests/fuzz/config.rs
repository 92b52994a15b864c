//! The operator's configuration: `config`.

use std::collections::{BTreeMap, BTreeSet};

use codingworker::config::{Config, ConfigError, KEYS, LoadOptions};

/// Stands in the environment, where nothing of a text can reach it but the two keys it is for.
const SECRET: &str = "hush-4f1c7d-not-to-be-seen";

pub(crate) const WORDS: &[&str] = &[
    "worker:\n",
    "  slots: 2\n",
    "  worker_id: x\n",
    "github:\n",
    "  token: ${NAME}\n",
    "aider:\n",
    "  models: []\n",
    "  env: {A: b}\n",
    "notify:\n",
    "  - {type: slack}\n",
    "&a [*a, *a]",
    "*a",
    "!!binary x",
    "? x\n",
    "${NAME:-${NAME}}",
    "${",
    "~",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "\t",
    ": ",
    "- ",
    "|\n",
    "---\n",
    "<<: *a",
    ".inf",
    "\u{85}",
    "\0",
];

/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let env = [
        ("NAME", "value"),
        ("CODINGWORKER__GITHUB__TOKEN", SECRET),
        ("CODINGWORKER_AIDER_ENV__KEY", SECRET),
        ("CODINGWORKER__AIDER__ENV__KEY", SECRET),
    ];
    let known = |name: &str| !name.contains("AIDER") || name.contains("AIDER__ENV__");
    let options = LoadOptions {
        explicit: None,
        env: BTreeMap::from_iter(
            env.into_iter().filter(|it| known(it.0)).map(|(a, b)| (a.into(), b.into())),
        ),
        cwd: "/nowhere".into(),
        home: "/nowhere/home".into(),
        etc: "/nowhere/etc".into(),
        host_name: "host".to_owned(),
    };
    match Config::parse(&text, &options) {
        Ok(config) => {
            let shown = serde_json::to_string(config.origins()).unwrap();
            let all = format!("{shown}\n{:?}\n{}", config, config.warnings.join("\n"));
            assert!(!all.contains(SECRET), "a secret is shown");
            let keys: Vec<&str> = config.origins().iter().map(|it| it.key).collect();
            let once: BTreeSet<&str> = keys.iter().copied().collect();
            assert_eq!(once.len(), keys.len(), "a key is set twice");
            assert_eq!(once, KEYS.iter().map(|it| it.name).collect(), "a key is not settled");
            assert!(config.worker.slots > 0 && !config.aider.models.is_empty());
            assert!(config.worker.state_dir.is_absolute());
            assert!(!config.github.api_url.ends_with('/') && !config.github.git_url.ends_with('/'));
        }
        Err(ConfigError::Invalid { problems }) => {
            assert!(!problems.is_empty(), "refused for nothing");
            for problem in &problems {
                assert!(!problem.trim().is_empty() && !problem.contains(SECRET), "{problem}");
            }
            let length: usize = problems.iter().map(String::len).sum();
            assert!(length <= 20_000 + 4 * text.len(), "{length} bytes of problems");
        }
        Err(other) => assert!(!other.to_string().is_empty()),
    }
}
