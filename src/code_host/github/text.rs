//! Texts made to fit GitHub's limits, and markers found in them.

/// The most that GitHub takes as a body. It counts characters; UTF-16 units are never fewer.
const MOST: usize = 65_536;
/// The most that it takes as a title.
const MOST_TITLE: usize = 256;
/// What stands at the end of a text that was cut.
const NOTE: &str = "*(cut here: GitHub takes no more than 65,536 characters)*";

/// Whether `body` carries the marker where we put it: first or last. A comment that merely quotes
/// it somewhere is another one.
pub(super) fn carries(body: &str, marker: &str) -> bool {
    let body = body.trim();
    body.starts_with(marker) || body.ends_with(marker)
}

/// A comment's body, cut where it is too long, with its marker kept.
pub(super) fn fit_comment(body: &str, marker: &str) -> String {
    if length(body) <= MOST {
        return body.to_owned();
    }
    if body.trim_start().starts_with(marker) {
        return cut(body, MOST);
    }
    let end = format!("\n\n{marker}");
    let rest = body.trim_end();
    let rest = rest.strip_suffix(marker).unwrap_or(rest);
    cut(rest, MOST - length(&end)) + &end
}

/// A pull request's body, cut where it is too long.
pub(super) fn fit_body(body: &str) -> String {
    if length(body) <= MOST { body.to_owned() } else { cut(body, MOST) }
}

/// A title on one line, cut where it is too long.
pub(super) fn fit_title(title: &str) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if length(&title) <= MOST_TITLE {
        return title;
    }
    head(&title, MOST_TITLE - 1).to_owned() + "\u{2026}"
}

/// The beginning of `text` and the note, together no longer than `most`.
fn cut(text: &str, most: usize) -> String {
    // Room for the end of a code fence, so that neither note nor marker ends up inside one.
    let fence = "\n```";
    let end = format!("\n\n{NOTE}");
    let kept = head(text, most - length(fence) - length(&end)).trim_end();
    let fences = kept.lines().filter(|line| line.trim_start().starts_with("```")).count();
    let close = if fences % 2 == 1 { fence } else { "" };
    format!("{kept}{close}{end}")
}

/// As much of the beginning as fits, in whole characters.
fn head(text: &str, most: usize) -> &str {
    let mut used = 0;
    let end = text.char_indices().find(|(_, c)| {
        used += c.len_utf16();
        used > most
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "<!-- codingworker:job=0123456789ab -->";

    #[test]
    fn a_marker_counts_at_the_beginning_or_the_end_only() {
        assert!(carries(&format!("{MARKER}\nWorking"), MARKER));
        assert!(carries(&format!("Working\r\n\r\n{MARKER}\r\n"), MARKER));
        assert!(!carries(&format!("> you wrote {MARKER} there\n\nWhy?"), MARKER));
    }

    #[test]
    fn what_fits_is_left_alone() {
        let body = format!("日本語\n\n{MARKER}");
        assert_eq!(fit_comment(&body, MARKER), body);
        assert_eq!(fit_body(&body), body);
        assert_eq!(fit_title("Fix it"), "Fix it");
    }

    #[test]
    fn a_long_comment_is_cut_with_a_note_and_keeps_its_marker() {
        for long in ["x".repeat(70_000), "\u{1f600}".repeat(40_000), "日".repeat(70_000)] {
            for body in [format!("{MARKER}\n{long}"), format!("{long}\n{MARKER}\n")] {
                let fitted = fit_comment(&body, MARKER);
                assert!(length(&fitted) <= MOST, "{}", length(&fitted));
                assert!(length(&fitted) > MOST - 200, "more was cut than had to be");
                assert!(carries(&fitted, MARKER));
                assert!(fitted.contains(NOTE));
                assert_eq!(fitted.matches(MARKER).count(), 1);
            }
        }
    }

    #[test]
    fn a_cut_inside_a_code_block_closes_it() {
        let body = fit_body(&format!("Output:\n```\n{}\n```\n", "line\n".repeat(20_000)));
        assert!(body.ends_with(&format!("\n```\n\n{NOTE}")));
        assert!(length(&body) <= MOST);
    }

    #[test]
    fn a_title_is_one_line_of_256_characters_at_most() {
        assert_eq!(fit_title("a\r\nb\t c"), "a b c");
        let long = fit_title(&"\u{1f600}".repeat(300));
        assert!(length(&long) <= MOST_TITLE && long.ends_with('\u{2026}'));
    }
}
