use morse::{code_of, decode, duration_ms, encode};

#[test]
fn sends() {
    assert_eq!(encode("SOS help"), "... --- ...   .... . .-.. .--.");
    assert_eq!(encode("  73 & ok "), "--... ...--   --- -.-");
    assert_eq!(encode(""), "");
}

#[test]
fn reads() {
    assert_eq!(decode("... --- ..."), "SOS");
    assert_eq!(decode("-.-. --.-.-.-   -.."), "C? D");
}

#[test]
fn every_code_is_there_once() {
    let all: Vec<char> = ('A'..='Z').chain('0'..='9').collect();
    for c in &all {
        let code = code_of(*c).unwrap();
        assert_eq!(decode(code), c.to_string());
    }
}

#[test]
fn paris_at_twelve_words_a_minute() {
    // 50 dots with the gap after the word, 43 without.
    assert_eq!(duration_ms(&encode("PARIS"), 12), 4300);
}
