//! What the pages of the manual point to is there: links with their anchors, files, and keys of
//! the configuration. (`manual` puts every command line through the program's own parser.)

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use codingworker::config::KEYS;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What a page says.
#[derive(Default)]
struct Page {
    /// The names that its headings have on GitHub.
    anchors: BTreeSet<String>,
    /// Where links and pictures lead.
    links: Vec<String>,
    /// What is written as code: spans, and lines of blocks.
    code: Vec<String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Self::default();
        let (mut heading, mut in_block) = (None::<String>, false);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.name(&heading.take().unwrap_or_default()),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(_)) => in_block = true,
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Text(it) if in_block => {
                    page.code.extend(it.lines().map(|it| it.trim().to_owned()));
                }
                Event::Text(it) | Event::Code(it) if heading.is_some() => {
                    heading.iter_mut().for_each(|heading| heading.push_str(&it));
                }
                Event::Code(it) => page.code.push(it.into_string()),
                _ => {}
            }
        }
        page
    }

    /// A heading, by the name that GitHub gives it: the second of one name gets `-1`.
    fn name(&mut self, heading: &str) {
        let kept = heading.trim().chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
        let name: String = kept.map(|it| if it == ' ' { '-' } else { it }).collect();
        let name = name.to_lowercase();
        let mut names = (0_u32..).map(|at| match at {
            0 => name.clone(),
            _ => format!("{name}-{at}"),
        });
        let free = names.find(|it| !self.anchors.contains(it));
        self.anchors.extend(free);
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The pages that people read, by their paths from the root.
fn pages() -> Vec<String> {
    let mut pages: Vec<String> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(str::to_owned)
            .into();
    let mut folders = vec![root().join("docs"), root().join("infra"), root().join("configs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            if path.is_dir() && !name.contains("/.") {
                folders.push(path);
            } else if name.ends_with(".md") {
                pages.push(name);
            }
        }
    }
    pages.sort();
    pages
}

/// `link` of the page at `from`, as a path from the root and an anchor.
fn target(from: &str, link: &str) -> (PathBuf, Option<String>) {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor.to_owned())),
        None => (link, None),
    };
    if path.is_empty() {
        return (from.into(), anchor);
    }
    let mut whole = PathBuf::new();
    for part in Path::new(from).parent().unwrap_or(Path::new("")).join(path).components() {
        match part {
            Component::ParentDir => drop(whole.pop()),
            other => whole.push(other),
        }
    }
    (whole, anchor)
}

/// The links of a page that lead nowhere.
fn dead(from: &str, page: &Page) -> Vec<String> {
    let elsewhere = |it: &str| ["https://", "http://", "mailto:"].iter().any(|s| it.starts_with(s));
    let leads = |link: &String| {
        let (path, anchor) = target(from, link);
        let there = root().join(&path);
        match anchor {
            _ if link.starts_with('/') || !there.exists() => false,
            None => true,
            Some(it) if path == Path::new(from) => page.anchors.contains(&it),
            Some(it) => {
                fs::read_to_string(there).is_ok_and(|text| Page::parse(&text).anchors.contains(&it))
            }
        }
    };
    let links = page.links.iter().filter(|it| !elsewhere(it));
    links.filter(|it| !leads(it)).map(|it| format!("{from}: {it}")).collect()
}

#[test]
fn every_link_of_the_manual_leads_somewhere() {
    let dead: Vec<_> =
        pages().iter().flat_map(|name| dead(name, &Page::parse(&read(name)))).collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn a_link_that_leads_nowhere_is_caught() {
    let page = |text: &str| dead("docs/setup.md", &Page::parse(text)).len();
    for link in ["none.md", "operation.md#no-such-heading", "#none", "../docs", "/docs/setup.md"] {
        let expected = usize::from(link != "../docs");
        assert_eq!(page(&format!("# Set it up\n\nSee [this]({link}).")), expected, "{link}");
    }
    assert_eq!(page("![picture](none.svg)"), 1);
    assert_eq!(page("| a |\n|---|\n| [b](none.md) |\n"), 1);
    let fine = "# A `b.c`: *d*\n\n## Twice\n\n## Twice\n\n[a](#a-bc-d) [b](#twice-1) \
                [c](../README.md#try-it) [d](https://example.org/none) `[e](none.md)`";
    assert_eq!(page(fine), 0);
}

/// A path of this repository, if a word is one.
fn path(word: &str) -> Option<&str> {
    let word = word.trim_end_matches(['.', ',', ':', ';', ')']);
    let rooms = ["docs/", "infra/", "scripts/", "configs/", "src/", "tests/"];
    let plain = !word.contains(['*', '{', '<', '…', '$']);
    (plain && rooms.iter().any(|it| word.starts_with(it))).then_some(word)
}

#[test]
fn every_file_that_the_manual_names_is_there() {
    assert_eq!(path("docs/teapot.md,"), Some("docs/teapot.md"));
    assert_eq!(path("docs/*.md"), None);
    let mut gone = BTreeSet::new();
    // What those pages name belongs to somebody else's repository.
    for name in pages().iter().filter(|it| *it != "docs/codingworker-yml.md") {
        let code = Page::parse(&read(name)).code;
        let text = if name == "docs/troubleshooting.md" { read(name) } else { code.join("\n") };
        let named = text.split(|c: char| c.is_whitespace() || "`\"(".contains(c)).filter_map(path);
        let gone_here = named.filter(|it| !root().join(it.split('#').next().unwrap()).exists());
        gone.extend(gone_here.map(|it| format!("{name}: {it}")));
    }
    assert!(gone.is_empty(), "{gone:#?}");
}

/// Keys of the Go worker, which docs/migration.md is about.
const OF_THE_GO_WORKER: [&str; 3] = ["sqs.use_mock", "aider.model", "aider.timeout_seconds"];

/// The key that a text begins with, if it looks like one and there is none of that name.
fn unknown_key(code: &str) -> Option<&str> {
    let end = code.find(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c)));
    let key = code[..end.unwrap_or(code.len())].trim_end_matches('.');
    let (section, _) = key.split_once('.')?;
    let is_key = KEYS.iter().any(|it| it.name.split('.').next() == Some(section));
    // `gate.max_*` is several.
    let several = code[key.len()..].starts_with('*');
    let known = KEYS.iter().any(|it| it.name == key || several && it.name.starts_with(key));
    (is_key && !known && !OF_THE_GO_WORKER.contains(&key)).then_some(key)
}

#[test]
fn every_key_that_the_manual_names_is_one() {
    assert_eq!(unknown_key("worker.slotz: 2"), Some("worker.slotz"));
    for fine in ["worker.slots: 2", "gate.max_*", "kitchen.teapot", "sqs.use_mock"] {
        assert_eq!(unknown_key(fine), None, "{fine}");
    }
    let mut unknown = BTreeSet::new();
    for name in pages().iter().filter(|it| *it != "CHANGELOG.md" && *it != "ARCHITECTURE.md") {
        let code = Page::parse(&read(name)).code;
        unknown.extend(code.iter().filter_map(|it| Some(format!("{name}: {}", unknown_key(it)?))));
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}
