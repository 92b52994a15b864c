//! Where a link leads. A page shows a link's text alone, so its target is kept only as far as a
//! person needs it: without a login, a query, or words in place of an address.

/// The longest target that is kept, in characters.
const LONGEST: usize = 200;

/// A link's target as it may stand between round brackets. `None`: it is no plain address.
pub(super) fn target(url: &str) -> Option<String> {
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let url = url.split('?').next().unwrap_or_default();
    let url = match url.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => {
            let scheme = scheme.to_ascii_lowercase();
            matches!(scheme.as_str(), "http" | "https" | "mailto").then(|| without_login(url))?
        }
        _ => url.to_owned(),
    };
    let mut out = String::new();
    for it in url.chars() {
        match it {
            '(' | ')' | '&' | '|' | '[' | ']' | '*' => {
                out.push_str(&format!("%{:02X}", u32::from(it)));
            }
            _ if it.is_alphanumeric() || "-._~:/@!$',;=+%".contains(it) => out.push(it),
            _ => return None,
        }
    }
    if is_place(fragment) {
        out.push('#');
        out.push_str(fragment);
    }
    if out.is_empty() {
        out.push('#');
    }
    (out.chars().count() <= LONGEST).then_some(out)
}

fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// A line of a file (`L3`, `L3-L9`, `L3C1-L9C2`) or a comment of an issue, as GitHub writes them.
fn is_place(fragment: &str) -> bool {
    let digits =
        |it: &str| !it.is_empty() && it.len() <= 20 && it.bytes().all(|b| b.is_ascii_digit());
    let line = |it: &str| {
        let (line, column) = it.split_once('C').unwrap_or((it, "0"));
        line.strip_prefix('L').is_some_and(digits) && digits(column)
    };
    let comment = ["issuecomment-", "discussion_r", "pullrequestreview-"];
    comment.into_iter().any(|it| fragment.strip_prefix(it).is_some_and(digits))
        || match fragment.split_once('-') {
            Some((from, to)) => line(from) && line(to),
            None => line(fragment),
        }
}
