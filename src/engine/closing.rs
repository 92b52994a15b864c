//! Which issue a pull request says it closes.

/// GitHub's words for it
/// (<https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue>).
const WORDS: [&str; 9] =
    ["close", "closes", "closed", "fix", "fixes", "fixed", "resolve", "resolves", "resolved"];

/// The number of the first issue of the same repository that `body` says it closes: such a word,
/// then `#N` or `GH-N`.
pub fn closes(body: &str) -> Option<u64> {
    let words = body.split_whitespace().collect::<Vec<_>>();
    words.windows(2).find_map(|pair| {
        let word = pair[0].trim_end_matches(':').to_ascii_lowercase();
        let closing = WORDS.contains(&word.trim_start_matches(|c: char| !c.is_ascii_alphabetic()));
        closing.then(|| number(pair[1])).flatten()
    })
}

fn number(word: &str) -> Option<u64> {
    let digits = word.strip_prefix('#').or_else(|| {
        let (start, rest) = word.split_at_checked(3)?;
        start.eq_ignore_ascii_case("gh-").then_some(rest)
    })?;
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok().filter(|it| *it > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_closed_by_githubs_words_and_no_others() {
        for (body, number) in [
            ("Closes #12", Some(12)),
            ("This fixes: #7, and more", Some(7)),
            ("(resolves GH-3)", Some(3)),
            ("Text.\n\nFIXED #9.", Some(9)),
            ("see #4, closes #5", Some(5)),
            ("closes nothing", None),
            ("see #4", None),
            ("closes other/repo#4", None),
            ("closes #0", None),
            ("closes #99999999999999999999999", None),
            ("prefixes #4", None),
            ("", None),
        ] {
            assert_eq!(closes(body), number, "{body}");
        }
    }
}
