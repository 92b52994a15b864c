//! Words of scripts that put no blanks between them, as Japanese and Chinese: two characters that
//! stand together say as much as a word does elsewhere.

use std::collections::BTreeSet;

/// All pairs of characters that stand together in `text`, without those of hiragana alone: they are
/// endings and particles.
pub(super) fn pairs(text: &str) -> BTreeSet<String> {
    let mut pairs = BTreeSet::new();
    let mut before = None;
    for it in text.chars() {
        let here = is_wide(it).then_some(it);
        if let (Some(one), Some(two)) = (before, here)
            && !(is_hiragana(one) && is_hiragana(two))
        {
            pairs.insert(String::from_iter([one, two]));
        }
        before = here;
    }
    pairs
}

fn is_hiragana(it: char) -> bool {
    ('\u{3040}'..='\u{309f}').contains(&it)
}

/// Kana, Han and Hangul.
fn is_wide(it: char) -> bool {
    is_hiragana(it)
        || ('\u{30a0}'..='\u{30ff}').contains(&it)
        || ('\u{3400}'..='\u{9fff}').contains(&it)
        || ('\u{ac00}'..='\u{d7af}').contains(&it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_together_is_a_pair_unless_it_is_an_ending() {
        let all: Vec<String> = pairs("在庫が不足です。Stock 数x量").into_iter().collect();
        assert_eq!(all, ["が不", "不足", "在庫", "庫が", "足で"]);
        assert!(pairs("plain text").is_empty());
    }
}
