use morse::{decode, encode};

#[test]
fn the_two_letters() {
    assert_eq!(encode("Q"), "--.-");
    assert_eq!(encode("y"), "-.--");
    assert_eq!(encode("QUAY"), "--.- ..- .- -.--");
    assert_eq!(decode("-.-. --.-   -.. .   -.-- --..."), "CQ DE Y7");
}

#[test]
fn all_the_others() {
    assert_eq!(
        encode("ABCDEFGHIJKLMNOPRSTUVWXZ"),
        ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. .-. ... - ..- ...- .-- -..- --.."
    );
}
