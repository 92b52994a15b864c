//! Characters that a reader does not see, or that make him see something else than the compiler:
//! bidirectional controls, zero-width characters, tags, fillers (CVE-2021-42574, Trojan Source).
//!
//! Where a script or an emoji needs such a character it is fine: a push of a Persian translation
//! must not be stopped.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// The first character of `text` that must not be added: where it is, and which.
pub(super) fn first(text: &str) -> Option<(usize, char)> {
    // Nothing below U+00AD but controls, and most lines are of such characters.
    if text.bytes().all(|it| (0x20..0x7f).contains(&it) || it == b'\n' || it == b'\t') {
        return None;
    }
    let all: Vec<(usize, char)> = text.char_indices().collect();
    let mut at = 0;
    while at < all.len() {
        let before = at.checked_sub(1).map(|it| all[it].1);
        let after = all.get(at + 1).map(|it| it.1);
        let flag = flag_length(&all[at..]);
        if flag > 0 {
            at += flag;
            continue;
        }
        if is_hidden(before, all[at].1, after, text) {
            return Some(all[at]);
        }
        at += 1;
    }
    None
}

/// The first word of `text` that mixes Latin letters with Cyrillic ones that look the same.
pub(super) fn mixed_word(text: &str) -> Option<&str> {
    if text.is_ascii() {
        return None;
    }
    let mut words = text.split(|it: char| !(it.is_alphanumeric() || it == '_'));
    words.find(|word| {
        let cyrillic = word.chars().any(|it| matches!(it, '\u{400}'..='\u{52f}'));
        cyrillic && word.chars().filter(char::is_ascii_alphabetic).count() > 1
    })
}

/// Whether file systems or readers pass over this character.
pub(super) fn is_ignorable(it: char) -> bool {
    let named = matches!(
        it,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
    );
    let written = matches!(
        it,
        '\u{600}'
            ..='\u{605}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'
                | '\u{891}'
                | '\u{8e2}'
                | '\u{110bd}'
                | '\u{110cd}'
    );
    named || (it.general_category() == GeneralCategory::Format && !written)
}

/// What a person may look up.
pub(super) fn name(it: char) -> String {
    let class = match it {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "it changes the order that is read",
        '\u{200e}' | '\u{200f}' | '\u{61c}' => "it changes the direction of reading",
        '\u{e0000}'..='\u{e0fff}' => "it hides text",
        it if it.is_control() => "a control character",
        _ => "it is invisible",
    };
    format!("U+{:04X} ({class})", u32::from(it))
}

fn is_hidden(before: Option<char>, it: char, after: Option<char>, text: &str) -> bool {
    match it {
        '\n' | '\t' | '\u{c}' => false,
        // At a line's end; anywhere else a terminal writes over what stood there.
        '\r' => after.is_some_and(|it| it != '\n'),
        '\u{2028}' | '\u{2029}' => true,
        it if it.is_control() => true,
        '\u{200c}' | '\u{200d}' if before.is_some_and(joins) => false,
        '\u{200d}' => {
            let end_of_emoji = |it| is_pictograph(it) || matches!(it, '\u{fe0f}' | '\u{e007f}');
            !(before.is_some_and(end_of_emoji) && after.is_some_and(is_pictograph))
        }
        // Thai, Lao, Burmese and Khmer part words with it.
        '\u{200b}' => !(before.is_some_and(parts_words) && after.is_some_and(parts_words)),
        '\u{200e}' | '\u{200f}' | '\u{61c}' => !text.chars().any(is_right_to_left),
        '\u{fe0e}' | '\u{fe0f}' => !before.is_some_and(|it| may_vary(it, after)),
        '\u{fe00}'..='\u{fe0d}' => !before.is_some_and(|it| !it.is_ascii() && !is_ignorable(it)),
        '\u{e0100}'..='\u{e01ef}' => !before.is_some_and(is_ideograph),
        '\u{180b}'..='\u{180f}' => !before.is_some_and(|it| matches!(it, '\u{1810}'..='\u{18af}')),
        '\u{2800}' => {
            let braille = |it| matches!(it, '\u{2801}'..='\u{28ff}');
            !text.chars().any(braille)
        }
        it => is_ignorable(it),
    }
}

/// The three flags that are written with tags: England, Scotland, Wales.
fn flag_length(text: &[(usize, char)]) -> usize {
    const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];
    if text[0].1 != '\u{1f3f4}' {
        return 0;
    }
    let plain = |it: &(usize, char)| u8::try_from(u32::from(it.1).wrapping_sub(0xe0000)).ok();
    let tags: Option<Vec<u8>> = text.iter().skip(1).take(5).map(plain).collect();
    let known = tags.is_some_and(|it| FLAGS.iter().any(|flag| flag.as_bytes() == it));
    let closed = text.get(6).is_some_and(|it| it.1 == '\u{e007f}');
    if known && closed { 7 } else { 0 }
}

/// Whether a variation of this character is a matter of looks.
fn may_vary(it: char, after: Option<char>) -> bool {
    let keycap = matches!(it, '0'..='9' | '#' | '*') && after == Some('\u{20e3}');
    let letter = it.is_alphanumeric() && it != '\u{2139}';
    keycap || !(it.is_ascii() || letter || it.is_whitespace() || is_ignorable(it))
}

fn is_pictograph(it: char) -> bool {
    matches!(it, '\u{1f000}'..='\u{1fbff}' | '\u{2190}'..='\u{27ff}' | '\u{2900}'..='\u{2bff}')
        || it.general_category() == GeneralCategory::OtherSymbol && !is_ignorable(it)
}

/// Scripts in which letters join, and joiners part or join them.
fn joins(it: char) -> bool {
    matches!(
        it,
        '\u{620}'..='\u{6dc}' | '\u{6df}'..='\u{70e}' | '\u{710}'..='\u{88f}'
        | '\u{8a0}'..='\u{8e1}' | '\u{8e3}'..='\u{109f}' | '\u{1780}'..='\u{17b3}'
        | '\u{17b6}'..='\u{17ff}' | '\u{1810}'..='\u{18af}' | '\u{1a00}'..='\u{1cff}'
        | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdcf}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10a00}'..='\u{10fff}' | '\u{11000}'..='\u{11fff}'
    ) && !is_ignorable(it)
}

fn parts_words(it: char) -> bool {
    matches!(it, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

fn is_right_to_left(it: char) -> bool {
    matches!(it, '\u{5d0}'..='\u{60b}' | '\u{60d}'..='\u{61b}' | '\u{61d}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1eeff}')
}

fn is_ideograph(it: char) -> bool {
    matches!(it, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_turns_code_is_found() {
        for bad in [
            "if (x) { /*\u{202e} } \u{2066}*/",
            "a\u{200b}b",
            "a\u{200d}b",
            "x = 1 \u{200c}",
            "let a\u{3164} = 1",
            "a\u{ad}b",
            "a\u{2060}b",
            "a\u{feff}b",
            "\u{e0041}\u{e0042}",
            "\u{1f3f4}\u{e0041}\u{e0042}\u{e007f}",
            "a\u{fe0f}",
            "😀\u{fe0f}\u{fe0f}",
            "😀\u{e0100}\u{e0101}",
            "a\u{200f}b",
            "\u{1b}[2K",
            "a\u{0}b",
            "one\rtwo",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{61c}b",
            "a\u{2800}b",
            "\u{9b}31m",
            "a\u{fff9}b",
            "a\u{34f}b",
        ] {
            assert!(first(bad).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn scripts_and_emoji_that_need_such_characters_are_fine() {
        for good in [
            "合計は 3 つです。　全角の空白",
            "葛\u{e0100}飾区",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "ශ්\u{200d}රී",
            "ภาษา\u{200b}ไทย",
            "👨\u{200d}👩\u{200d}👧\u{200d}👦 ❤\u{fe0f}\u{200d}🔥 🏳\u{fe0f}\u{200d}🌈 👩🏽\u{200d}💻 1\u{fe0f}\u{20e3} ⚠\u{fe0f} ℹ\u{fe0f}",
            "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "שלום\u{200f}!",
            "tab\there\r\n",
            "naïve café — “quotes” … é e\u{301}",
            "⠋⠙⠹⠸⠼⠴⠦⠧ ⠇⠏\u{2800}",
            "ᠮᠣᠩᠭᠣᠯ\u{180b}",
            "\u{c}page",
            "\u{e0a0} powerline",
            "٣ \u{600}١٢",
            "≩\u{fe00}",
        ] {
            assert_eq!(first(good), None, "{good:?}");
        }
    }

    #[test]
    fn a_word_of_two_alphabets_is_told() {
        assert_eq!(mixed_word("let p\u{430}ssword = 1;"), Some("p\u{430}ssword"));
        for plain in ["пароль password", "μs Δx naïve", "x86 и x64", "日本語 text"] {
            assert_eq!(mixed_word(plain), None, "{plain}");
        }
    }

    #[test]
    fn a_character_is_named_so_that_it_can_be_looked_up() {
        assert_eq!(name('\u{202e}'), "U+202E (it changes the order that is read)");
        assert_eq!(name('\u{1b}'), "U+001B (a control character)");
    }
}
