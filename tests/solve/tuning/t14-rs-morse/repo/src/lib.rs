mod table;

pub use table::code_of;

/// The dots and dashes of a text; letters are separated by one space, words by three.
pub fn encode(text: &str) -> String {
    text.split_whitespace()
        .map(encode_word)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("   ")
}

fn encode_word(word: &str) -> String {
    word.chars()
        .filter_map(|c| code_of(c.to_ascii_uppercase()))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of dots and dashes, in capitals. What is no code becomes a question mark.
pub fn decode(signal: &str) -> String {
    signal
        .trim()
        .split("   ")
        .map(|word| word.split_whitespace().map(letter).collect::<String>())
        .collect::<Vec<_>>()
        .join(" ")
}

fn letter(code: &str) -> char {
    table::char_of(code).unwrap_or('?')
}

/// How long a signal takes at a speed in words per minute, in milliseconds. The word PARIS is fifty dots long.
pub fn duration_ms(signal: &str, words_per_minute: u32) -> u32 {
    let dot = 1200 / words_per_minute.max(1);
    let mut dots = 0;
    for word in signal.trim().split("   ") {
        for code in word.split_whitespace() {
            dots += code
                .chars()
                .map(|c| if c == '-' { 4 } else { 2 })
                .sum::<u32>()
                + 2;
        }
        dots += 4;
    }
    dots.saturating_sub(7) * dot
}
