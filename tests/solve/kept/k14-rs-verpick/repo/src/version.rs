use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// `v1.2.3-rc.1+linux`. The text is kept as it was written.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    core: [u64; 3],
    pre: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    text: String,
    reason: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.text, self.reason)
    }
}

impl std::error::Error for ParseError {}

impl Version {
    pub fn major(&self) -> u64 {
        self.core[0]
    }

    pub fn is_pre(&self) -> bool {
        !self.pre.is_empty()
    }
}

impl FromStr for Version {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Version, ParseError> {
        let error = |reason| ParseError {
            text: text.to_string(),
            reason,
        };
        let bare = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = match bare.split_once('+') {
            Some((rest, build)) => (rest, Some(build)),
            None => (bare, None),
        };
        let (core, pre) = match rest.split_once('-') {
            Some((core, pre)) => (core, Some(pre)),
            None => (rest, None),
        };
        let numbers: Vec<u64> = core
            .split('.')
            .map(|part| number(part).ok_or(error("not three numbers")))
            .collect::<Result<_, _>>()?;
        let core = <[u64; 3]>::try_from(numbers).map_err(|_| error("not three numbers"))?;
        for identifiers in [pre, build].into_iter().flatten() {
            if !identifiers.split('.').all(is_identifier) {
                return Err(error("bad pre-release or build"));
            }
        }
        Ok(Version {
            text: text.to_string(),
            core,
            pre: pre.unwrap_or_default().to_string(),
        })
    }
}

fn number(text: &str) -> Option<u64> {
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if text.is_empty() || leading_zero || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        self.core
            .cmp(&other.core)
            .then_with(|| match (self.is_pre(), other.is_pre()) {
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                _ => self.pre.cmp(&other.pre),
            })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}
