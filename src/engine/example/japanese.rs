//! The same in Japanese, where the verb comes after the value.

use super::claim::{Claim, Item, Result};
use super::value::{Call, Value};

/// Behind a value: what it should be.
const WANTS: [&str; 24] = [
    "を返すべき",
    "が返るべき",
    "になるべき",
    "であるべき",
    "となるべき",
    "になるはず",
    "を返すはず",
    "が返るはず",
    "のはず",
    "となるはず",
    "になってほしい",
    "を返してほしい",
    "としてほしい",
    "にしてほしい",
    "にしてください",
    "を返してください",
    "を返すように",
    "になるように",
    "を期待",
    "が期待",
    "が正しい",
    "であってほしい",
    "が返ってほしい",
    "が返ってくるはず",
];
/// Behind a value: what it is.
const SAYS: [&str; 16] = [
    "を返します",
    "を返す",
    "を返し",
    "が返ります",
    "が返る",
    "が返っ",
    "になります",
    "になる",
    "になっ",
    "となる",
    "となり",
    "と出る",
    "と表示",
    "です",
    "が出る",
    "だ",
];
/// Behind a value: not this one.
const INSTEAD: [&str; 4] = ["ではなく", "でなく", "の代わりに", "じゃなく"];
/// Before a value: what it should be.
const EXPECTED: [&str; 8] = [
    "期待値は",
    "期待する結果は",
    "期待される結果は",
    "期待結果は",
    "正しくは",
    "本来は",
    "期待する値は",
    "期待される値は",
];
/// Between a call and a value: nothing but that the value belongs to it.
const JOINS: [&str; 14] = [
    "は",
    "が",
    "の結果は",
    "の結果が",
    "の戻り値は",
    "の戻り値が",
    "を呼ぶと",
    "を呼び出すと",
    "を実行すると",
    "で",
    "の値は",
    "の返り値は",
    "だと",
    "と",
];
/// What makes the rest hold under a condition, or for something else.
const CONDITIONS: [&str; 9] =
    ["場合", "とき", "なら", "たら", "ならば", "以外", "後に", "した後", "それぞれ"];
const COMPLAINTS: [&str; 8] =
    ["しまう", "しまい", "てしま", "現在", "実際", "誤", "間違", "おかしい"];

/// Whether a paragraph is Japanese.
pub(super) fn is_japanese(items: &[Item]) -> bool {
    let kana = |it: char| ('\u{3040}'..='\u{30ff}').contains(&it);
    items.iter().any(|it| matches!(it, Item::Wide(text) if text.contains(kana)))
}

/// What a paragraph says.
pub(super) fn claims(items: &[Item], subject: Option<Call>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    let mut open = subject.map(Claim::about);
    let (mut poisoned, mut age) = (false, 0);
    let mut condition = false;
    for (at, item) in items.iter().enumerate() {
        let after = text_at(items, at + 1);
        match item {
            Item::Call(call) => {
                close(&mut claims, &mut open, poisoned);
                (open, poisoned, age) = (Some(Claim::about(call.clone())), condition, 0);
            }
            Item::Pair(call, value) => {
                close(&mut claims, &mut open, poisoned);
                let said = Some(Result::Value(value.clone()));
                open = Some(Claim { said, ..Claim::about(call.clone()) });
                (poisoned, age) = (condition, 0);
            }
            Item::Value(value) => {
                let Some(claim) = &mut open else { continue };
                let (before, joined) =
                    (at.checked_sub(1).map_or("", |at| text_at(items, at)), joined(items, at));
                let last = matches!(items.get(at + 1), None | Some(Item::Comma | Item::Stop));
                poisoned |= !take(claim, value, before, joined, after, last);
            }
            Item::Wide(text) => {
                let hit = CONDITIONS.iter().any(|it| text.contains(it));
                condition |= hit;
                poisoned |= hit && open.is_some();
                if let Some(claim) = &mut open {
                    claim.complaint |= COMPLAINTS.iter().any(|it| text.contains(it));
                }
            }
            Item::Stop => {
                (age, condition) = (age + 1, false);
                if age > 1 {
                    close(&mut claims, &mut open, poisoned);
                    poisoned = false;
                }
            }
            _ => {}
        }
    }
    close(&mut claims, &mut open, poisoned);
    claims
}

/// Whether the value belongs to the call by what stands before it.
fn joined(items: &[Item], at: usize) -> bool {
    match at.checked_sub(1).and_then(|at| items.get(at)) {
        Some(Item::Arrow | Item::Comma | Item::Stop | Item::Colon) => true,
        Some(Item::Wide(text)) => {
            let instead = INSTEAD.iter().any(|it| text.ends_with(it));
            instead
                || JOINS.contains(&text.as_str())
                || EXPECTED.iter().any(|it| text.ends_with(it))
                || text.ends_with("ますが")
                || text.ends_with("ですが")
                || text.ends_with("するが")
        }
        _ => false,
    }
}

/// Reads one value. False: it is not clear what it is.
fn take(
    claim: &mut Claim,
    value: &Value,
    before: &str,
    joined: bool,
    after: &str,
    last: bool,
) -> bool {
    let value = Result::Value(value.clone());
    let begins = |list: &[&str]| list.iter().any(|it| after.starts_with(it));
    let expected = EXPECTED.iter().any(|it| before.ends_with(it));
    let place = if begins(&INSTEAD) {
        &mut claim.said
    } else if begins(&WANTS) || (expected && (begins(&SAYS) || after.is_empty() || last)) {
        &mut claim.wanted
    } else if joined && (begins(&SAYS) || (last && claim.said.is_none() && before == "は")) {
        &mut claim.said
    } else if !joined {
        // A number that has nothing to do with it.
        return true;
    } else {
        return false;
    };
    let is_new = place.as_ref().is_none_or(|known| *known == value);
    *place = Some(value);
    is_new
}

fn close(claims: &mut Vec<Claim>, open: &mut Option<Claim>, poisoned: bool) {
    let Some(claim) = open.take() else { return };
    let says = claim.said.is_some() || claim.wanted.is_some();
    if says && !poisoned && claim.said != claim.wanted {
        claims.push(claim);
    }
}

fn text_at(items: &[Item], at: usize) -> &str {
    match items.get(at) {
        Some(Item::Wide(text)) => text,
        _ => "",
    }
}
