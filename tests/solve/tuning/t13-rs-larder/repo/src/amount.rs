//! Exact amounts: a third of a cup stays a third.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    num: i64,
    den: i64,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 {
        a.abs()
    } else {
        gcd(b, a % b)
    }
}

impl Amount {
    pub const ZERO: Amount = Amount { num: 0, den: 1 };

    /// Panics when `den` is zero, like a division.
    pub fn new(num: i64, den: i64) -> Amount {
        assert!(den != 0, "amount with denominator zero");
        let g = gcd(num, den).max(1);
        let sign = if den < 0 { -1 } else { 1 };
        Amount {
            num: sign * num / g,
            den: sign * den / g,
        }
    }

    pub fn whole(num: i64) -> Amount {
        Amount::new(num, 1)
    }

    pub fn is_whole(&self) -> bool {
        self.den == 1
    }

    pub fn to_f64(&self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// One word: `3`, `3/4` or `0.75`.
    pub fn parse_word(word: &str) -> Option<Amount> {
        if let Some((num, den)) = word.split_once('/') {
            let (num, den) = (digits(num)?, digits(den)?);
            return (den != 0).then(|| Amount::new(num, den));
        }
        if let Some((whole, part)) = word.split_once('.') {
            if part.is_empty() || part.len() > 6 {
                return None;
            }
            let scale = 10i64.pow(part.len() as u32);
            let whole = if whole.is_empty() { 0 } else { digits(whole)? };
            return Some(Amount::new(whole * scale + digits(part)?, scale));
        }
        digits(word).map(Amount::whole)
    }

    /// The amount at the start of `text` (`1 1/2 l water` -> one and a half), and what follows it.
    pub fn take(text: &str) -> (Option<Amount>, &str) {
        let text = text.trim_start();
        let (first, rest) = split_word(text);
        let Some(amount) = Amount::parse_word(first) else {
            return (None, text);
        };
        if amount.is_whole() {
            let (second, after) = split_word(rest);
            if second.contains('/') {
                if let Some(part) = Amount::parse_word(second) {
                    return (Some(amount + part), after);
                }
            }
        }
        (Some(amount), rest)
    }
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn split_word(text: &str) -> (&str, &str) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, rest.trim_start()),
        None => (text, ""),
    }
}

impl Add for Amount {
    type Output = Amount;
    fn add(self, other: Amount) -> Amount {
        Amount::new(
            self.num * other.den + other.num * self.den,
            self.den * other.den,
        )
    }
}

impl Mul for Amount {
    type Output = Amount;
    fn mul(self, other: Amount) -> Amount {
        Amount::new(self.num * other.num, self.den * other.den)
    }
}

impl Div for Amount {
    type Output = Amount;
    fn div(self, other: Amount) -> Amount {
        Amount::new(self.num * other.den, self.den * other.num)
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Amount) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Amount) -> Ordering {
        (self.num * other.den).cmp(&(other.num * self.den))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.num / self.den, self.num % self.den);
        match (whole, rest) {
            (_, 0) => write!(f, "{whole}"),
            (0, _) => write!(f, "{rest}/{}", self.den),
            _ => write!(f, "{whole} {}/{}", rest.abs(), self.den),
        }
    }
}
