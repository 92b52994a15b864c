//! What a change does to the lists of things that a project is built from.

use std::collections::BTreeSet;

/// Names of manifests, in lower case.
pub(super) fn is_manifest(name: &str) -> bool {
    const NAMES: [&str; 19] = [
        "cargo.toml",
        "package.json",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "pipfile",
        "environment.yml",
        "go.mod",
        "gemfile",
        "composer.json",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "libs.versions.toml",
        "mix.exs",
        "pubspec.yaml",
        "package.swift",
        "packages.config",
        "conanfile.txt",
    ];
    NAMES.contains(&name)
        || (name.starts_with("requirements") && name.ends_with(".txt"))
        || name.ends_with(".csproj")
        || name.ends_with(".gemspec")
}

/// The dependencies that are new, and those that are gone, as far as they can be read cheaply.
pub(super) fn changed(name: &str, old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let (old, new) = (dependencies(name, old), dependencies(name, new));
    (new.difference(&old).cloned().collect(), old.difference(&new).cloned().collect())
}

/// Whether the commands that `package.json` runs by itself or by name are others now.
pub(super) fn scripts_changed(old: &str, new: &str) -> bool {
    let scripts = |text: &str| {
        let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        value.get("scripts").cloned()
    };
    scripts(old) != scripts(new)
}

fn dependencies(name: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match name {
        "package.json" | "composer.json" => {
            let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            for (section, inner) in value.as_object().into_iter().flatten() {
                if section.to_ascii_lowercase().contains("dependencies")
                    || section.starts_with("require")
                {
                    found.extend(inner.as_object().into_iter().flatten().map(|it| it.0.clone()));
                }
            }
        }
        "go.mod" => found.extend(text.lines().filter_map(|line| {
            let line = line.trim().trim_start_matches("require ").trim();
            let (module, version) = line.split_once(' ')?;
            (version.starts_with('v') && module.contains('.')).then(|| module.to_owned())
        })),
        "gemfile" => found.extend(text.lines().filter_map(|line| {
            let rest = line.trim().strip_prefix("gem ")?.trim_start();
            rest.split(['"', '\'']).nth(1).map(str::to_owned)
        })),
        "pom.xml" => {
            found.extend(text.split("<artifactId>").skip(1).filter_map(|rest| {
                rest.split("</artifactId>").next().map(|it| it.trim().to_owned())
            }))
        }
        name if name.starts_with("requirements") => {
            found.extend(text.lines().filter_map(requirement));
        }
        name if name.ends_with(".toml") || name == "pipfile" => in_tables(text, &mut found),
        _ => {}
    }
    found.retain(|it| !it.is_empty() && it.len() <= 100);
    found
}

/// The name in a line such as `requests[socks]>=2.0 ; python_version > "3"`.
fn requirement(line: &str) -> Option<String> {
    let line = line.split('#').next().unwrap_or(line).trim();
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(line.len());
    let starts_well = line.starts_with(|c: char| c.is_ascii_alphanumeric());
    starts_well.then(|| line[..end].to_ascii_lowercase())
}

/// Keys of TOML's tables of dependencies, and texts of its lists of them.
fn in_tables(text: &str, found: &mut BTreeSet<String>) {
    let (mut table, mut list) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[').filter(|_| !list) {
            table = header.trim_start_matches('[').split(']').next().unwrap_or_default().to_owned();
            // `[dependencies.serde]`
            if let Some((_, name)) = table.rsplit_once("dependencies.") {
                found.insert(name.trim_matches(['"', '\'']).to_owned());
            }
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let key = key.trim().trim_matches(['"', '\'']);
        if !list && value.trim_start().starts_with('[') {
            list = key.contains("dependencies") || key == "requires" || table.contains("dependenc");
        } else if !list && (table.ends_with("dependencies") || table.ends_with("packages")) {
            let name = key.split('.').next().unwrap_or(key);
            if !name.is_empty() && !name.starts_with('#') && !value.is_empty() {
                found.insert(name.to_owned());
            }
            continue;
        }
        if list {
            found.extend(line.split(['"', '\'']).skip(1).step_by(2).filter_map(requirement));
            list = !line.ends_with(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_dependencies_are_named_in_each_kind_of_manifest() {
        for (name, old, new, expected) in [
            (
                "cargo.toml",
                "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\n",
                "[package]\nname = \"y\"\n[dependencies]\nserde.workspace = true\nevil = { version = \"1\" }\n\n[target.'cfg(unix)'.dev-dependencies]\nnix = \"1\"\n[dependencies.big]\nversion = \"1\"\n",
                "big evil nix",
            ),
            (
                "package.json",
                "{\"dependencies\": {\"a\": \"1\"}}",
                "{\"name\": \"x\", \"dependencies\": {\"a\": \"2\"}, \"devDependencies\": {\"@x/b\": \"1\"}}",
                "@x/b",
            ),
            (
                "pyproject.toml",
                "[project]\ndependencies = [\"requests>=2\"]\n",
                "[project]\ndependencies = [\n  \"requests[socks]>=2\",\n  'Flask',\n]\n[tool.poetry.dependencies]\npython = \"^3\"\n[tool.ruff]\nselect = [\"E\"]\n",
                "flask python",
            ),
            ("requirements-dev.txt", "a==1\n", "# x\na==2\nB_c>=1 # why\n-r other.txt\n", "b_c"),
            (
                "go.mod",
                "module x.y/z\n\ngo 1.22\n",
                "module x.y/z\n\ngo 1.22\n\nrequire (\n\tgithub.com/a/b v1.2.3 // indirect\n)\nrequire c.d/e v0.1.0\n",
                "c.d/e github.com/a/b",
            ),
            ("gemfile", "gem 'rails'\n", "gem 'rails'\n  gem \"evil\", '~> 1'\n", "evil"),
            (
                "pom.xml",
                "<artifactId>a</artifactId>",
                "<artifactId>a</artifactId><artifactId> b </artifactId>",
                "b",
            ),
            ("composer.json", "{}", "{\"require\": {\"x/y\": \"1\"}}", "x/y"),
        ] {
            assert!(is_manifest(name), "{name}");
            let (added, gone) = changed(name, old, new);
            assert_eq!((added.join(" ").as_str(), gone.len()), (expected, 0), "{name}");
            assert_eq!(changed(name, new, old).1, added, "{name}");
        }
    }

    #[test]
    fn scripts_are_compared_whatever_surrounds_them() {
        let old = "{\"scripts\": {\"test\": \"jest\"}, \"version\": \"1\"}";
        assert!(!scripts_changed(old, "{\"version\":\"2\",\"scripts\":{\"test\":\"jest\"}}"));
        assert!(scripts_changed(
            old,
            "{\"scripts\": {\"test\": \"jest\", \"postinstall\": \"x\"}}"
        ));
        assert!(scripts_changed("", old));
    }

    #[test]
    fn broken_manifests_are_read_as_far_as_they_go() {
        for name in ["cargo.toml", "package.json", "go.mod", "pom.xml", "requirements.txt"] {
            for text in ["", "[", "{", "[dependencies\n=", "<artifactId>", "= [\"", "[[x]]\na=["] {
                let _ = changed(name, text, "x");
            }
        }
    }
}
