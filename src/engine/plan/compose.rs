//! Whether a compose file has a service that runs the tests. Only the names below `services:` are
//! looked for, by indentation: what a file means is for compose to say, and a hostile one costs us
//! one pass over its lines.

/// The service that runs the tests, by agreement.
pub(super) const SERVICE: &str = "test";
/// A longer file is not looked through.
const MOST_BYTES: usize = 256 << 10;

/// What a compose file says about its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Testing {
    /// It has the service.
    Service {
        /// It belongs to a profile: `docker compose build` alone passes it over.
        in_profile: bool,
    },
    /// It has services, and this is none of them.
    Missing,
    /// That cannot be told from its own lines: it includes others, or is written in another way.
    Unknown,
}

/// Looks through the `text` of a compose file.
pub(super) fn testing(text: &str) -> Testing {
    if text.len() > MOST_BYTES {
        return Testing::Unknown;
    }
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().filter(|line| !is_blank(line)).peekable();
    let mut found = Testing::Unknown;
    let mut includes = false;
    while let Some(line) = lines.next() {
        match key(line) {
            Some((0, "services", "")) => {
                let mut block = Vec::new();
                while let Some(line) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                    block.push(line);
                }
                found = in_block(&block);
            }
            Some((0, "services", rest)) if rest.starts_with('{') => {
                let mut flow = rest.to_owned();
                while let Some(line) = lines.next_if(|line| line.starts_with([' ', '\t', '}'])) {
                    flow.push(' ');
                    flow.push_str(line);
                }
                found = in_flow(&flow);
            }
            Some((0, "include", _)) => includes = true,
            _ => {}
        }
    }
    match found {
        Testing::Missing if includes => Testing::Unknown,
        found => found,
    }
}

fn in_block(block: &[&str]) -> Testing {
    let Some(first) = block.first() else { return Testing::Unknown };
    let depth = indentation(first);
    if block.iter().any(|line| line[..indentation(line)].contains('\t')) {
        return Testing::Unknown;
    }
    let is_service = |line: &str| indentation(line) == depth;
    let is_ours = |line: &&str| key(line).is_some_and(|it| (it.0, it.1) == (depth, SERVICE));
    let Some(at) = block.iter().position(is_ours) else {
        // What is merged in may bring it along.
        let merges =
            block.iter().any(|line| is_service(line) && line.trim_start().starts_with("<<"));
        return if merges { Testing::Unknown } else { Testing::Missing };
    };
    let body = block[at + 1..].iter().take_while(|line| !is_service(line));
    let in_profile = block[at].contains("profiles")
        || body.clone().any(|line| key(line).is_some_and(|it| it.1 == "profiles"));
    Testing::Service { in_profile }
}

/// The keys of a table in braces, at its first level.
fn in_flow(flow: &str) -> Testing {
    let (mut depth, mut quote, mut word) = (0_usize, None, String::new());
    for c in flow.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => quote = Some(c),
            (None, '{' | '[') => {
                depth += 1;
                word.clear();
            }
            (None, '}' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
                word.clear();
            }
            (None, ',') => word.clear(),
            (None, ':') if depth == 1 && word.trim() == SERVICE => {
                return Testing::Service { in_profile: flow.contains("profiles") };
            }
            (None, c) => word.push(c),
        }
    }
    if depth == 0 && quote.is_none() { Testing::Missing } else { Testing::Unknown }
}

/// Indentation, name and what follows of `name: …`.
fn key(line: &str) -> Option<(usize, &str, &str)> {
    let (name, rest) = line.split_once(':')?;
    if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
        return None;
    }
    let depth = indentation(line);
    let name = name.trim();
    let bare = name.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let bare = bare.or_else(|| name.strip_prefix('\'').and_then(|it| it.strip_suffix('\'')));
    let rest = rest.trim();
    let rest = if rest.starts_with(['#', '&', '!']) && !rest.contains('{') { "" } else { rest };
    Some((depth, bare.unwrap_or(name), rest))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_blank(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FOUND: Testing = Testing::Service { in_profile: false };
    const IN_PROFILE: Testing = Testing::Service { in_profile: true };

    #[test]
    fn the_service_is_found_by_its_name_among_the_services_only() {
        for (text, expected) in [
            ("services:\n  test:\n    build: .\n", FOUND),
            (
                "version: '3'\nservices:\n  app: {build: .}\n\n  # tests\n  test: {build: .}\n",
                FOUND,
            ),
            ("services: # all of them\n    \"test\":\n        image: x\n", FOUND),
            ("services:\r\n  test:\r\n    image: x\r\n", FOUND),
            ("x-a: &a\n  test: 1\nservices: &s\n  'test':\n    <<: *a\nvolumes:\n  v:\n", FOUND),
            ("services: {app: {build: .}, test: {build: .}}\n", FOUND),
            ("services: {\n  app: {build: .},\n  \"test\": {build: .}\n}\n", FOUND),
            (
                "services:\n  test:\n    profiles: [ci]\n    build: .\n  app:\n    build: .\n",
                IN_PROFILE,
            ),
            ("services:\n  test: {build: ., profiles: [ci]}\n", IN_PROFILE),
            ("services:\n  test:\n    build: .\n  app:\n    profiles: [ci]\n", FOUND),
            ("services:\n  app:\n    build:\n      context: .\n      test: no\n", Testing::Missing),
            ("services:\n  tests:\n    build: .\n", Testing::Missing),
            ("services:\n  db:\n    command: |\n      test:\n        no\n", Testing::Missing),
            ("services:\n  db: {image: x}\nvolumes:\n  test:\n", Testing::Missing),
            ("services: {db: {test: {}}}\n", Testing::Missing),
            ("services: {db: 'test: no'}\n", Testing::Missing),
            ("include: [other.yaml]\nservices:\n  db: {image: x}\n", Testing::Unknown),
            ("services:\n  <<: *all\n", Testing::Unknown),
            ("services: *all\n", Testing::Unknown),
            ("services:\n\ttest:\n", Testing::Unknown),
            ("services: {db: {", Testing::Unknown),
            ("{\"services\": {\"test\": {}}}", Testing::Unknown),
            ("", Testing::Unknown),
            ("just text", Testing::Unknown),
        ] {
            assert_eq!(testing(text), expected, "{text}");
        }
        assert_eq!(testing(&"services:\n  test:\n".repeat(20_000)), Testing::Unknown);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "(services:|test:|\n|[ \t{}\\[\\]\"':,#a\u{e9}]){0,40}") {
            let _ = testing(&text);
        }
    }
}
