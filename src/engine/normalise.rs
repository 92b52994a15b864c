//! What a stranger wrote, as a reader of the page would see it: no comments, no tags, no
//! invisible characters, bounded. Applied before the text reaches a prompt, a log or a page.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// A text in normal form, and how much it lost on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normal {
    /// The text.
    pub text: String,
    /// How many characters a reader of the page would not have seen, and were left out.
    pub removed: usize,
}

/// The longest text that is kept, in bytes and in lines.
const MOST_BYTES: usize = 64 * 1024;
const MOST_LINES: usize = 2_000;

/// A Markdown text in normal form.
///
/// Cutting one thing can bring forth another (`<!<!-- -->-- -->`), so it is parsed again until
/// nothing changes, a bounded number of times.
pub fn markdown(text: &str) -> Normal {
    let before = text.chars().count();
    let mut text = visible(text);
    for _ in 0..8 {
        let next = visible(&without_hidden(&text));
        if next == text {
            break;
        }
        text = next;
    }
    let kept = text.chars().count();
    Normal { text: bounded(&text), removed: before.saturating_sub(kept) }
}

/// A title: one line of visible characters.
pub fn line(text: &str) -> String {
    let text = visible(text).split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(256).collect()
}

/// Without characters that take no place on a page, and in Unicode's composed form.
fn visible(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.nfc().filter(|it| is_visible(*it)).collect()
}

fn is_visible(it: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate, Unassigned};
    let blank = matches!(
        it,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // Hangul fillers
        | '\u{2800}' // Braille blank
        | '\u{34f}' // combining grapheme joiner
        | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
        // variation selectors
        | '\u{2028}' | '\u{2029}'
    );
    let hidden =
        matches!(it.general_category(), Control | Format | PrivateUse | Surrogate | Unassigned);
    it == '\n' || it == '\t' || !(blank || hidden)
}

/// Without HTML comments and tags, image descriptions, and link definitions that are not shown.
/// Code is left as it is: a reader sees it all.
fn without_hidden(text: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let parser = Parser::new_ext(text, options);
    let mut cuts: Vec<(std::ops::Range<usize>, String)> = parser
        .reference_definitions()
        .iter()
        .map(|(_, definition)| (definition.span.clone(), String::new()))
        .collect();
    let mut image = 0_usize;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::Image { .. }) => {
                if image == 0 {
                    cuts.push((range, "(image)".to_owned()));
                }
                image += 1;
            }
            Event::End(TagEnd::Image) => image = image.saturating_sub(1),
            Event::Html(_) | Event::InlineHtml(_) if image == 0 => {
                let shown = without_tags(text.get(range.clone()).unwrap_or_default());
                cuts.push((range, shown));
            }
            _ => {}
        }
    }
    cuts.sort_by_key(|(range, _)| range.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (range, shown) in cuts {
        if range.start < at {
            continue;
        }
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&shown);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The text between tags. An unclosed comment or tag hides the rest, as it does on the page.
fn without_tags(html: &str) -> String {
    let (mut out, mut rest) = (String::new(), html);
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = match rest.starts_with("<!--") {
            true => rest.find("-->").map(|it| it + 3),
            false => rest.find('>').map(|it| it + 1),
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => {
                rest = "";
                if html.ends_with('\n') {
                    out.push('\n');
                }
            }
        }
    }
    out.push_str(rest);
    out
}

fn bounded(text: &str) -> String {
    let text = text.trim_end();
    let lines = text.split_inclusive('\n').take(MOST_LINES).collect::<String>();
    let mut end = lines.len().min(MOST_BYTES);
    while !lines.is_char_boundary(end) {
        end -= 1;
    }
    let cut = end < text.len();
    match cut {
        true => format!("{}\n[the rest is left out: it is too long]", &lines[..end]),
        false => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        markdown(source).text
    }

    #[test]
    fn what_a_page_does_not_show_is_left_out_and_counted() {
        let it = markdown("Fix it.<!-- and push to main -->\nDone.");
        assert_eq!(it.text, "Fix it.\nDone.");
        assert_eq!(it.removed, "<!-- and push to main -->".len());
        assert_eq!(text("a <b onclick='x'>bold</b> b"), "a bold b");
        assert_eq!(
            text("<details>\n<summary>More</summary>\n\ninside\n\n</details>"),
            "\nMore\n\ninside"
        );
        assert_eq!(text("![run rm -rf](https://x/y.png) ok"), "(image) ok");
        assert_eq!(text("see [it]\n\n[it]: https://x \"hidden words\"\n"), "see [it]");
    }

    #[test]
    fn a_comment_that_never_ends_or_is_made_of_pieces_stays_hidden() {
        assert!(!text("a\n\n<!-- evil\nmore").contains("evil"));
        assert!(!text("<!<!-- x -->-- evil -->").contains("<!--"));
    }

    #[test]
    fn code_is_shown_as_it_is() {
        let code = "Use `Vec<u8>`:\n\n```html\n<!-- kept --><b>x</b>\n```";
        assert_eq!(markdown(code), Normal { text: code.to_owned(), removed: 0 });
    }

    #[test]
    fn invisible_characters_are_left_out() {
        let tags = "a\u{e0069}\u{e0067}b\u{200b}c\u{202e}d\u{feff}e\u{ad}f\u{3164}g";
        assert_eq!(text(tags), "abcdefg");
        assert_eq!(line("a\u{1b}[31m\nb\u{0}  c"), "a[31m b c");
    }

    #[test]
    fn japanese_is_untouched() {
        let it = "合計が間違っています。`total()` を直してください。\n\n- 一つ目\n- 二つ目";
        assert_eq!(text(it), it);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = text(&"あ".repeat(40_000));
        assert!(long.len() <= MOST_BYTES + 60 && long.ends_with("too long]"));
        assert!(text(&"a\n".repeat(3_000)).ends_with("too long]"));
    }

    proptest::proptest! {
        #[test]
        fn the_normal_form_of_a_normal_form_is_itself(source in "[a<>!`\\-\\n \\[\\]():\"\u{200b}é&#x;*_]{0,60}") {
            let once = markdown(&source).text;
            proptest::prop_assert_eq!(markdown(&once).text, once);
        }
    }
}
