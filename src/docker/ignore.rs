//! `.dockerignore`: what of a build's context is not sent. The classic API leaves this to the
//! client.

/// Nobody writes more; each is held against each path.
const MAX_LINES: usize = 1_000;

/// The patterns of one file, in order: the last that matches decides.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    takes_back: bool,
    segments: Vec<String>,
}

impl Ignore {
    /// Reads the file's text as `docker` does: a line is a pattern, blank lines and those that
    /// begin with `#` are none, and `!` takes back what an earlier one left out.
    pub(super) fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().filter(|line| !line.starts_with('#')).map(str::trim);
        let patterns = lines.take(MAX_LINES).filter_map(|line| {
            let (takes_back, line) = match line.strip_prefix('!') {
                Some(line) => (true, line.trim()),
                None => (false, line),
            };
            let segments = clean(line);
            (!segments.is_empty()).then_some(Pattern { takes_back, segments })
        });
        Self { patterns: patterns.collect() }
    }

    /// Whether the file or folder at this path of the context is left out: by itself, or with a
    /// folder that it lies in.
    pub(super) fn leaves_out(&self, path: &str) -> bool {
        let path: Vec<&str> = path.split('/').collect();
        self.patterns.iter().fold(false, |out, pattern| {
            if out != pattern.takes_back {
                return out;
            }
            let matches = covers(&pattern.segments, &path);
            if matches { !pattern.takes_back } else { out }
        })
    }

    /// Whether something below a folder that is left out could be taken back.
    pub(super) fn takes_back(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.takes_back)
    }
}

/// The segments of a pattern, without `.`, `..` and empty ones.
fn clean(pattern: &str) -> Vec<String> {
    let mut segments: Vec<String> = Vec::new();
    for segment in pattern.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            // Two in a row say the same as one, and cost twice.
            "**" if segments.last().is_some_and(|last| last == "**") => {}
            segment => segments.push(segment.to_owned()),
        }
    }
    segments
}

/// Whether the pattern is this path, or a folder that it lies in.
fn covers(pattern: &[String], path: &[&str]) -> bool {
    // Which beginnings of the path the pattern's segments so far can stand for. No backtracking:
    // the file may be made to be slow.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for (index, segment) in pattern.iter().enumerate() {
        let mut next = vec![false; path.len() + 1];
        if segment == "**" {
            // At the end it stands for what is inside of a folder, not for the folder.
            let at_least = usize::from(index + 1 == pattern.len());
            if let Some(first) = reached.iter().position(|it| *it) {
                next.iter_mut().skip(first + at_least).for_each(|it| *it = true);
            }
        } else {
            let segment: Vec<char> = segment.chars().collect();
            for (at, name) in path.iter().enumerate().filter(|(at, _)| reached[*at]) {
                next[at + 1] = glob(&segment, &name.chars().collect::<Vec<_>>());
            }
        }
        reached = next;
    }
    reached.contains(&true)
}

/// `*` and `**`: any letters; `?`: one; `[a-z]`, `[^a-z]`: one of these, one of the others; `\`:
/// the next letter as it is. Goes back to the last `*` only, so it takes no more than the product
/// of both lengths.
fn glob(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
            continue;
        }
        if let Some(length) = one(&pattern[p.min(pattern.len())..], name[n]) {
            p += length;
            n += 1;
            continue;
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        p = at + 1;
        n = from + 1;
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// How much of the pattern stands for this one letter; `None`: it is another letter.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', next, ..] => (*next == letter).then_some(2),
        ['[', rest @ ..] => class(rest, letter).map(|length| length + 1),
        [first, ..] => (*first == letter).then_some(1),
        [] => None,
    }
}

/// A class, its `[` being read already. One that is never closed is no class, and matches nothing.
fn class(pattern: &[char], letter: char) -> Option<usize> {
    let not = pattern.first() == Some(&'^');
    let mut at = usize::from(not);
    let mut found = false;
    let begin = at;
    loop {
        let low = match pattern.get(at)? {
            ']' if at > begin => break,
            '\\' => {
                at += 1;
                *pattern.get(at)?
            }
            c => *c,
        };
        at += 1;
        let high = match (pattern.get(at), pattern.get(at + 1)) {
            (Some('-'), Some(high)) if *high != ']' => {
                at += 2;
                *high
            }
            _ => low,
        };
        found |= (low..=high).contains(&letter);
    }
    (found != not).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pattern_leaves_out_what_docker_says() {
        let table: [(&str, &[&str], &[&str]); 17] = [
            ("target", &["target", "target/a/b"], &["a/target", "targets"]),
            ("/target/", &["target/x"], &["a/target"]),
            ("./a/../b", &["b", "b/c"], &["a"]),
            ("*.log", &["x.log", ".log"], &["a/x.log", "x.logs"]),
            ("*/temp*", &["a/temp", "a/temporary/x"], &["temp", "a/b/temp"]),
            ("temp?", &["tempa"], &["temp", "tempab"]),
            ("**/node_modules", &["node_modules", "a/b/node_modules/x"], &["a/node_modules2"]),
            ("**/*.pyc", &["x.pyc", "a/b/x.pyc"], &["x.py"]),
            ("docs/**", &["docs/a", "docs/a/b"], &["docs", "doc"]),
            ("a/**/z", &["a/z", "a/b/z", "a/b/c/z"], &["a/zz", "b/a/z"]),
            ("**", &["a", "a/b"], &[]),
            ("[a-c]*", &["b", "cat"], &["d", "A"]),
            ("[^a-c]x", &["dx"], &["ax", "x"]),
            ("\\*", &["*"], &["a"]),
            ("*.md\n!README.md", &["a.md"], &["README.md", "b/a.md"]),
            ("*\n!src\n!Cargo.*\nsrc/*.rs", &["x", "src/a.rs"], &["src/a.c", "Cargo.toml"]),
            ("# x\n\n  a  \r\n! b \nb", &["a", "b"], &["# x", "x"]),
        ];
        for (text, out, kept) in table {
            let ignore = Ignore::parse(text);
            out.iter().for_each(|path| assert!(ignore.leaves_out(path), "{text:?} and {path}"));
            kept.iter().for_each(|path| assert!(!ignore.leaves_out(path), "{text:?} and {path}"));
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let ignore = Ignore::parse(&format!("{}b\n{}x", "*a".repeat(50), "**/a/".repeat(400)));
        let started = std::time::Instant::now();
        assert!(!ignore.leaves_out(&"a".repeat(255)));
        assert!(!ignore.leaves_out(&["a"; 200].join("/")));
        assert!(started.elapsed() < std::time::Duration::from_secs(20));
    }
}
