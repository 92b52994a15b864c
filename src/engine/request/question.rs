//! Whether something asks for an answer alone.

/// What an English question begins with that wants to know something.
const ASKING: [&str; 17] = [
    "why", "what", "how", "where", "when", "who", "whom", "whose", "which", "does", "did", "is",
    "are", "was", "were", "has", "had",
];
/// The same in Japanese.
const ASKING_JAPANESE: [&str; 17] = [
    "なぜ",
    "何故",
    "どうして",
    "何",
    "なに",
    "なん",
    "どこ",
    "いつ",
    "誰",
    "だれ",
    "どの",
    "どれ",
    "どちら",
    "どう",
    "どんな",
    "いくつ",
    "いくら",
];
/// Instructions and proposals in the form of a question.
const INSTRUCTION: [&str; 30] = [
    "please",
    "pls",
    "plz",
    "kindly",
    "can you",
    "could you",
    "would you",
    "will you",
    "can't you",
    "couldn't you",
    "won't you",
    "you could",
    "can we",
    "could we",
    "shall we",
    "should we",
    "shouldn't",
    "how about",
    "what about",
    "what if",
    "why not",
    "why don't",
    "why do not",
    "do you mind",
    "is it possible",
    "is there a way",
    "is there any way",
    "do you think you",
    "need to",
    "let's",
];
/// The same in Japanese.
const INSTRUCTION_JAPANESE: [&str; 23] = [
    "ください",
    "下さい",
    "もらえ",
    "もらい",
    "貰え",
    "いただけ",
    "いただき",
    "頂け",
    "頂き",
    "くれ",
    "ほしい",
    "欲しい",
    "お願い",
    "ましょう",
    "ませんか",
    "べき",
    "できますか",
    "可能",
    "いかが",
    "どうか",
    "どうにか",
    "何とか",
    "なんとか",
];

/// Whether every sentence of `text` is a question, and none is an instruction in disguise.
pub(super) fn is_question(text: &str) -> bool {
    // A word processor's apostrophe is an apostrophe.
    let text = text.to_lowercase().replace('’', "'");
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let instructs = INSTRUCTION.iter().any(|it| has_words(&plain, it))
        || INSTRUCTION_JAPANESE.iter().any(|it| plain.contains(it));
    let mut sentences = sentences(&text).into_iter().peekable();
    !instructs && sentences.peek().is_some() && sentences.all(asks)
}

/// Whether `phrase` stands in `text` as whole words.
fn has_words(text: &str, phrase: &str) -> bool {
    let is_part = |it: char| it.is_ascii_alphanumeric();
    text.match_indices(phrase).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + phrase.len()..].starts_with(is_part)
    })
}

/// The sentences of `text`: up to a full stop, an exclamation or question mark, or a blank line.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut behind = text.char_indices().peekable();
    while let Some((at, mark)) = behind.next() {
        let next = behind.peek().map(|(_, it)| *it);
        let ends = match mark {
            '。' | '？' | '！' => !matches!(next, Some('。' | '？' | '！' | '?' | '!')),
            '.' | '!' | '?' => next.is_none_or(char::is_whitespace),
            '\n' => text[at + 1..].trim_start_matches([' ', '\t']).starts_with('\n'),
            _ => false,
        };
        if ends {
            found.push(&text[start..at + mark.len_utf8()]);
            start = at + mark.len_utf8();
        }
    }
    found.push(&text[start..]);
    found.into_iter().map(str::trim).filter(|it| !it.is_empty()).collect()
}

/// Whether one sentence, in lower case, wants to know something.
fn asks(sentence: &str) -> bool {
    let ends = sentence.ends_with(['?', '？'])
        || sentence.ends_with("か。")
        || sentence.ends_with('か') && !sentence.is_ascii();
    let first = sentence.split(|it: char| !it.is_ascii_alphabetic()).next().unwrap_or_default();
    let begins =
        ASKING.contains(&first) || ASKING_JAPANESE.iter().any(|it| sentence.starts_with(it));
    ends && begins
}
