/// How many neighbours let a cell be born, and how many let it live on.
pub struct Rule {
    birth: [bool; 9],
    survival: [bool; 9],
}

impl Rule {
    /// `B3/S23` is Conway's.
    pub fn parse(text: &str) -> Option<Rule> {
        let (birth, survival) = text.split_once('/')?;
        Some(Rule {
            birth: counts(birth.strip_prefix('B')?)?,
            survival: counts(survival.strip_prefix('S')?)?,
        })
    }

    pub fn conway() -> Rule {
        let mut rule = Rule {
            birth: [false; 9],
            survival: [false; 9],
        };
        rule.birth[3] = true;
        rule.survival[2] = true;
        rule.survival[3] = true;
        rule
    }

    pub fn lives(&self, alive: bool, neighbours: usize) -> bool {
        if alive {
            self.survival[neighbours]
        } else {
            self.birth[neighbours]
        }
    }
}

fn counts(digits: &str) -> Option<[bool; 9]> {
    let mut counts = [false; 9];
    for digit in digits.chars() {
        let count = digit.to_digit(9)?;
        counts[count as usize] = true;
    }
    Some(counts)
}
