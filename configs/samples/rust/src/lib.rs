//! Numbers as the Romans wrote them.

const SIGNS: [(u16, &str); 13] = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
];

/// `number` in Roman signs, or in ours where the Romans had none: 0, and from 4000.
pub fn roman(number: u16) -> String {
    if number == 0 || number >= 4000 {
        return itoa::Buffer::new().format(number).to_owned();
    }
    let mut rest = number;
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while rest >= value {
            text.push_str(sign);
            rest -= value;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_signs_before_large_ones_are_taken_away() {
        assert_eq!([4, 9, 1994].map(roman), ["IV", "IX", "MCMXCIV"]);
    }

    #[test]
    fn what_the_romans_could_not_write_is_written_our_way() {
        assert_eq!([0, 4000].map(roman), ["0", "4000"]);
    }
}
