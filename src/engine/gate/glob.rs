//! Patterns of paths: `*` and `?` within a name, `**` over folders. Nothing else is special.
//!
//! A pattern without a slash is a name at any depth, as in `.gitignore`; one that ends in a slash
//! is a folder with all that is in it.

/// Whether `pattern` can be meant.
///
/// # Errors
/// With what is wrong with it.
pub fn checked_pattern(pattern: &str) -> Result<(), String> {
    let shown: String = pattern.chars().filter(|it| !it.is_control()).take(60).collect();
    let why = match pattern {
        "" => "an empty pattern matches nothing",
        it if it.len() > 300 => "a pattern has at most 300 bytes",
        it if it.chars().any(char::is_control) => "a pattern has no control characters",
        it if it.starts_with('/') => "a pattern begins at the repository's root: leave out the `/`",
        it if it.starts_with('!') => "a pattern cannot be turned round with `!`",
        it if it.contains('\\') => "folders are parted by `/`",
        it if it.split('/').any(|part| part == "." || part == "..") => "`.` and `..` match nothing",
        it if it.matches("**").count() > 4 => "a pattern has at most four `**`",
        _ => return Ok(()),
    };
    Err(format!("`{shown}`: {why}"))
}

/// Whether the path is what `pattern` says. Both are folded.
pub(super) fn matches(pattern: &str, path: &[String]) -> bool {
    if !pattern.contains('/') && pattern != "**" {
        return path.last().is_some_and(|it| name_matches(pattern, it));
    }
    row(&parts(pattern), path).last() == Some(&true)
}

/// Whether the path may be a folder on the way to what `pattern` says, by a name in the pattern:
/// a link there would stand in for all that is below.
pub(super) fn leads_to(pattern: &str, path: &[String]) -> bool {
    let wanted = parts(pattern);
    let ends = (1..wanted.len()).filter(|end| wanted[end - 1] != "**");
    ends.into_iter().any(|end| row(&wanted[..end], path).last() == Some(&true))
}

fn parts(pattern: &str) -> Vec<&str> {
    let folder = pattern.ends_with('/').then_some("**");
    let anywhere = (folder.is_some() && pattern.matches('/').count() == 1).then_some("**");
    let parts = pattern.split('/').filter(|it| !it.is_empty());
    anywhere.into_iter().chain(parts).chain(folder).collect()
}

/// Which beginnings of the path match the whole pattern. The work is bounded by the product of
/// the two lengths: each part of the pattern makes the next row from the one before.
fn row(pattern: &[&str], path: &[String]) -> Vec<bool> {
    let mut row = vec![false; path.len() + 1];
    row[0] = true;
    for (at, part) in pattern.iter().enumerate() {
        let mut next = vec![false; path.len() + 1];
        if *part == "**" {
            // At the end it means "and what is below": at least one part.
            let least = usize::from(at + 1 == pattern.len());
            let first = row.iter().position(|it| *it).map_or(usize::MAX, |it| it + least);
            for (end, it) in next.iter_mut().enumerate() {
                *it = end >= first;
            }
        } else {
            for end in 0..path.len() {
                next[end + 1] = row[end] && name_matches(part, &path[end]);
            }
        }
        row = next;
    }
    row
}

/// `*` is any number of characters, `?` is one.
pub(super) fn name_matches(pattern: &str, name: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return pattern == name;
    }
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&c) if c == '?' || c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                p = at + 1;
                n = from + 1;
                star = Some((at, n));
            }
        }
    }
    pattern[p..].iter().all(|it| *it == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_names_folders_and_what_is_below() {
        for (pattern, path, expected) in [
            ("*.pem", "a/b/key.pem", true),
            ("*.pem", "key.pem.txt", false),
            ("docs/**", "docs/a/b", true),
            ("docs/**", "docs", false),
            ("docs/**", "x/docs/a", false),
            ("docs/", "docs/a", true),
            ("**/docs/**", "x/docs/a", true),
            ("**/docs/**", "docs/a", true),
            ("a/*/c", "a/b/c", true),
            ("a/*/c", "a/b/b/c", false),
            ("a/**/c", "a/c", true),
            ("a/**/c", "a/b/b/c", true),
            ("**", "a/b", true),
            ("a?c", "abc", true),
            ("*a*b*", "xxaxxbxx", true),
            ("Makefile", "sub/Makefile", true),
            ("sub/Makefile", "Makefile", false),
        ] {
            let parts: Vec<String> = path.split('/').map(str::to_owned).collect();
            assert_eq!(matches(pattern, &parts), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_folder_on_the_way_to_what_is_meant_is_known() {
        let leads = |pattern: &str, path: &str| {
            leads_to(pattern, &path.split('/').map(str::to_owned).collect::<Vec<_>>())
        };
        assert!(leads("**/.cargo/config*", ".cargo") && leads("**/.cargo/config*", "a/.cargo"));
        assert!(leads("a/*/c", "a") && leads("a/*/c", "a/b") && leads("docs/", "docs"));
        assert!(
            !leads("**/.cargo/config*", "a") && !leads("a/*/c", "b") && !leads("*.pem", "x.pem")
        );
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        for good in ["*.pem", "docs/**", "a b/c", "日本語/**", ".github/ISSUE_TEMPLATE/**"] {
            assert_eq!(checked_pattern(good), Ok(()), "{good}");
        }
        for bad in ["", "/etc", "a/../b", "!x", "a\\b", "a\nb", "**/**/**/**/**"] {
            assert!(checked_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let path: Vec<String> = vec!["a".repeat(4_000); 1];
        assert!(!matches(&format!("{}b", "*a".repeat(100)), &path));
        let path: Vec<String> = vec!["a".to_owned(); 2_000];
        assert!(!matches("**/a/**/a/**/a/**/b", &path));
    }
}
