//! What strangers write, as a reader of the page would see it: `engine::normalise`.

use codingworker::engine::normalise::{digest, line, markdown, visible};
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

pub(crate) const WORDS: &[&str] = &[
    "<!--",
    "-->",
    "<!<!-- -->-- -->",
    "<details>",
    "</details>",
    "<b title=\"",
    "\">",
    "&lt;",
    "&#x200b;",
    "&#xe0041;",
    "&amp;lt;",
    "[a](b \"t\")",
    "[a]: /u \"t\"\n",
    "![i](j)",
    "[^a]: x\n",
    "```",
    "~~~",
    "\n\n",
    "\r",
    "    ",
    "> ",
    "- ",
    "|-|\n",
    "`",
    "\\",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2066}",
    "\u{e0041}",
    "\u{feff}",
    "\u{fe0f}",
    "\u{1f468}",
    "\u{301}",
    "\u{3164}",
    "\u{2800}",
    "\u{115f}",
    "\u{e000}",
    "\u{ad}",
    "<script>",
    "<?",
    "<![CDATA[",
    "]]>",
];

const MOST_BYTES: usize = 64 * 1024;
const MOST_LINES: usize = 2_000;

/// # Panics
/// Where a law is broken.
pub(crate) fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let once = markdown(&text);
    let twice = markdown(&once.text);
    assert_eq!(twice.text, once.text, "its normal form has another one");
    assert_eq!((twice.removed, twice.invisible, twice.tags), (0, 0, 0), "removed twice");
    assert!(once.text.len() <= MOST_BYTES && once.text.split('\n').count() <= MOST_LINES);
    assert!(once.tags <= once.invisible, "{} of {}", once.tags, once.invisible);
    shows(&once.text);

    let head: String = text.chars().take(2_000).collect();
    let title = line(&head);
    assert_eq!(line(&title), title, "the title's normal form has another one");
    assert!(title.chars().count() <= 256 && !title.contains(['\n', '\r', '\t']), "{title:?}");
    shows(&title);
    // An approval holds for what was read, and for nothing else that reads the same.
    assert_eq!(digest(&head, &text), digest(&title, &once.text));
    shows(&visible(&head));
}

/// Nothing in it takes no place, but for joiners that may be within emoji and some scripts.
fn shows(text: &str) {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate};
    for it in text.chars() {
        let joins = matches!(it, '\u{200c}' | '\u{200d}');
        let hidden = match it {
            '\n' | '\t' => false,
            _ => matches!(it.general_category(), Control | Format | PrivateUse | Surrogate),
        };
        assert!(joins || !hidden, "{} is left", it.escape_unicode());
        assert!(
            !('\u{fe00}'..='\u{fe0f}').contains(&it) && !('\u{e0000}'..='\u{e0fff}').contains(&it)
        );
    }
}
