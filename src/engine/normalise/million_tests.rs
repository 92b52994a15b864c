//! A million texts made of what Markdown, HTML and Unicode have to hide things with.
//!
//! Case `n` is always the same text, so a failure names all that is needed to see it again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::characters::may_join;
use super::{MOST_BYTES, MOST_LINES, MOST_TITLE, line, markdown};

const CASES: usize = 1_000_000;
const SEED: u64 = 0x5eed_0003;
const MOST_PIECES: u64 = 40;

#[rustfmt::skip] // A table of one word in a line is not read.
const PIECES: &[&str] = &[
    // Markdown
    "*",
    "**",
    "_",
    "~~",
    "`",
    "``",
    "```",
    "~~~",
    "\n",
    "\n",
    "\n\n",
    "\n\n\n\n\n",
    "    ",
    "\t",
    "  \n",
    "\\",
    "\\\n",
    "# ",
    "#",
    "===\n",
    "---\n",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "9) ",
    "> ",
    ">",
    "- [ ] ",
    "[x] ",
    "|",
    " | ",
    "|-|\n",
    "| a | b |\n|---|---|\n",
    "| 1 | 2 | 3 |\n",
    "\\|",
    "[",
    "]",
    "(",
    ")",
    "](",
    "][",
    "[]",
    "![",
    "!",
    "[a](b)",
    "[a](b \"t\")",
    "[a](b 't')",
    "[a](<b c> (t))",
    "[a][b]",
    "[b]",
    "[b]: /u",
    "\n\n[b]: /u \"t\"\n\n",
    "[b]: <u>\n't\nt'\n",
    "[^a]",
    "\n\n[^a]: note\n",
    "[^a]: ",
    "[^a long name]",
    "[^a long name]: x\n",
    "![i](j)",
    "![i [j] k][b]",
    "[![i](j \"t\")](k?q#f)",
    "](https://u:p@h/p?q#L3)",
    "](javascript:x)",
    "```rust hidden\n",
    "\n```\n",
    "<https://x.y>",
    "<a@b.c>",
    "https://x.y/?a=b&c",
    "[!NOTE]\n",
    "http://x",
    "www.x.y/",
    "mailto:a@b",
    "`` ",
    "\\`",
    "\\<",
    // HTML
    "<",
    ">",
    "<!",
    "<!-",
    "<!--",
    "-->",
    "--!>",
    "--",
    "<!-->",
    "<!--->",
    "<!-- c -->",
    "</",
    "/>",
    "<b>",
    "</b>",
    "<br>",
    "<a title=\"",
    "\">",
    "'>",
    "<a title='x'>",
    "<a x",
    "\"",
    "'",
    "=",
    "<img alt=\"x > y\">",
    "<img src=x",
    "<div>",
    "</div>",
    "\n<div>\n",
    "\n<div title=\"\n",
    "<details>",
    "</details>",
    "<summary>",
    "<script>",
    "</script>",
    "<SCRIPT x>",
    "<style>",
    "</style>",
    "<title>",
    "<textarea>",
    "<pre>",
    "</pre>",
    "<?",
    "?>",
    "<?php ",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE x>",
    "<x-y z>",
    "<table><tr><td>",
    "</td></tr></table>",
    "<li>",
    "<h1>",
    // Character references
    "&",
    ";",
    "&lt;",
    "&gt;",
    "&amp;",
    "&LT;",
    "&quot;",
    "&#60;",
    "&#x3c;",
    "&#x200b;",
    "&#8238;",
    "&#xe0041;",
    "&zwj;",
    "&nbsp;",
    "&#10;",
    "&#13;",
    "&NewLine;",
    "&Tab;",
    "&#0;",
    "&#91;",
    "&#93;",
    "&#92;",
    "&#96;",
    "&#33;",
    "&lsqb;",
    "&vert;",
    "&bsol;",
    "&#x",
    "&#",
    "&lt",
    "&shy;",
    "&amp;lt;",
    "&lt;!--",
    "--&gt;",
    "&lt;b&gt;",
    "lt;",
    "amp;",
    "#60;",
    "&nvlt;",
    "&#769;",
    "&#x115f;",
    "&bne;",
    // Invisible, refused, or in need of composing
    "\u{200b}",
    "\u{200c}",
    "\u{200d}",
    "\u{200e}",
    "\u{202e}",
    "\u{2066}",
    "\u{feff}",
    "\u{ad}",
    "\u{34f}",
    "\u{115f}",
    "\u{3164}",
    "\u{ffa0}",
    "\u{2800}",
    "\u{2028}",
    "\u{2029}",
    "\u{fe0f}",
    "\u{e0101}",
    "\u{e0001}",
    "\u{e0041}\u{e007f}",
    "\u{e000}",
    "\u{10ffff}",
    "\u{378}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{8}",
    "\u{85}",
    "\u{b}",
    "\u{c}",
    "\r",
    "\r\n",
    "\u{a0}",
    "\u{3000}",
    "\u{301}",
    "\u{338}",
    "\u{345}",
    "e\u{301}",
    "\u{300}\u{323}",
    "\u{1fef}",
    "\u{37e}",
    "\u{212b}",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{20dd}",
    "\u{5b0}",
    "\u{1100}",
    "\u{1161}",
    "\u{11a8}",
    "\u{ac00}",
    "\u{915}\u{94d}",
    "\u{937}",
    "\u{645}",
    "\u{6cc}",
    "\u{62e}\u{200c}\u{627}",
    "\u{600}",
    "\u{1f468}\u{200d}\u{1f469}",
    "\u{2764}\u{fe0f}",
    // What people write
    "a",
    "b",
    "x",
    " ",
    " ",
    "text ",
    "words and words ",
    "evil ",
    "Vec<u8>",
    "a < b && c > d",
    "if (x<y)",
    "`Vec<u8>`",
    "`<!-- c -->`",
    "合計が間違っています。",
    "ありがとう",
    "日本語 ",
    "naïve ",
    "$x^2$",
    ":+1:",
    "@who ",
    "#12 ",
    "it's ",
    "C:\\dir\\f",
    "1\u{fe0f}\u{20e3}",
    "                                                                                ",
];

/// SplitMix64: one multiplication chain for each number, and any seed is as good as another.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        it ^ (it >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Nine of ten are made of pieces, one of ten of characters from all of Unicode.
fn case(number: usize) -> String {
    let mut random = Random(SEED ^ (number as u64) << 20);
    let length = (0..5).map(|_| 1 + random.below(MOST_PIECES)).min().unwrap_or(1);
    let mut text = String::new();
    for _ in 0..length {
        match number % 10 {
            0 => text.extend(char::from_u32(random.below(0x11_0000) as u32)),
            _ => text.push_str(PIECES[random.below(PIECES.len() as u64) as usize]),
        }
    }
    text
}

/// What is wrong with the normal form of a text.
fn fault(number: usize, source: &str) -> Option<String> {
    let once = markdown(source);
    let twice = markdown(&once.text);
    let title = if number.is_multiple_of(16) { line(source) } else { String::new() };
    let faults = [
        (twice.text != once.text, "its normal form has another one"),
        (twice.removed + twice.invisible + twice.tags != 0, "something is removed twice"),
        (has_refused(&once.text) || has_refused(&title), "a refused character is left"),
        (once.text.len() > MOST_BYTES, "too many bytes"),
        (once.text.split('\n').count() > MOST_LINES, "too many lines"),
        (hides(&once.text), "something is still hidden"),
        (line(&title) != title, "the title's normal form has another one"),
        (title.chars().count() > MOST_TITLE || title.contains(['\n', '\t']), "not a title"),
    ];
    let (_, what) = faults.into_iter().find(|(wrong, _)| *wrong)?;
    Some(format!("{what}: {source:?}\n once {:?}\ntwice {:?}", once.text, twice.text))
}

fn has_refused(text: &str) -> bool {
    let mut before = '\n';
    let mut rest = text.chars();
    while let Some(it) = rest.next() {
        let joins = matches!(it, '\u{200c}' | '\u{200d}')
            && may_join(before, rest.clone().next().unwrap_or('\n'));
        if is_refused(it) && !joins {
            return true;
        }
        before = it;
    }
    false
}

fn is_refused(it: char) -> bool {
    use GeneralCategory::{Control, Format, PrivateUse, Surrogate, Unassigned};
    if it.is_ascii() {
        return it < ' ' && it != '\n' && it != '\t' || it == '\u{7f}';
    }
    matches!(it.general_category(), Control | Format | PrivateUse | Surrogate | Unassigned)
        || "\u{34f}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{17b4}\u{17b5}\u{2028}\u{2029}\u{2800}"
            .contains(it)
        || ('\u{180b}'..='\u{180f}').contains(&it)
        || ('\u{fe00}'..='\u{fe0f}').contains(&it)
        || ('\u{e0000}'..='\u{e0fff}').contains(&it)
}

/// Whether a reader of Markdown finds anything that is not shown.
fn hides(text: &str) -> bool {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let parser = Parser::new_ext(text, options);
    parser.reference_definitions().iter().next().is_some()
        || parser.into_iter().any(|event| match event {
            Event::Html(_) | Event::InlineHtml(_) => true,
            Event::Start(Tag::Image { .. }) => true,
            Event::Start(Tag::Link { link_type, title, .. }) => {
                !title.is_empty()
                    || !matches!(link_type, LinkType::Inline | LinkType::Autolink | LinkType::Email)
            }
            _ => false,
        })
}

#[test]
fn a_million_texts_have_a_normal_form_that_hides_nothing_and_stays_as_it_is() {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
    let ran = AtomicUsize::new(0);
    let work = || {
        loop {
            let from = next.fetch_add(1_000, Ordering::Relaxed);
            if from >= CASES || failed.lock().unwrap().is_some() {
                return;
            }
            for number in from..(from + 1_000).min(CASES) {
                if let Some(fault) = fault(number, &case(number)) {
                    failed.lock().unwrap().get_or_insert((number, fault));
                    return;
                }
                ran.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    if let Some((number, fault)) = failed.into_inner().unwrap() {
        panic!("case {number} of seed {SEED:#x}: {fault}");
    }
    println!("{CASES} texts, seed {SEED:#x}");
    assert_eq!(ran.into_inner(), CASES);
}
