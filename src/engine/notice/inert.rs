//! What strangers wrote, so that it calls nobody and leads nowhere in each service.

/// Between `@` and a name: it is not seen, and no service finds the name any more.
const BREAK: char = '\u{200b}';
/// The longest address that is shown as one.
const MOST_ADDRESS: usize = 500;

/// For a Slack message with `parse: none` and `mrkdwn: false`: `<!channel>`, `<@U1>` and
/// `<http://…|words>` are words, and so is `@here`.
///
/// Slack asks for exactly these three to be escaped
/// (<https://api.slack.com/reference/surfaces/formatting#escaping>).
pub fn slack(text: &str) -> String {
    let text = unmentioned(text);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An address in a Slack message.
pub fn slack_link(url: &str) -> String {
    if is_plain_address(url) { format!("<{url}>") } else { slack(url) }
}

/// For Discord's Markdown: each sign is only itself. That no one is called is said in the message
/// besides (`allowed_mentions`).
pub fn discord(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in unmentioned(text).chars() {
        if it.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(it);
    }
    out
}

/// An address in a Discord message: between angles it makes no preview.
pub fn discord_link(url: &str) -> String {
    if is_plain_address(url) { format!("<{url}>") } else { discord(url) }
}

/// For the text of an e-mail: a reader makes no link of an address in it.
pub fn mail(text: &str) -> String {
    text.replace("://", "[:]//")
}

/// For a desktop, which takes a little HTML.
pub fn desktop(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As it is.
pub fn plain(text: &str) -> String {
    text.to_owned()
}

/// Whether a text is a web address and nothing but: no signs that end one in some markup.
pub fn is_plain_address(url: &str) -> bool {
    let web = url.starts_with("https://") || url.starts_with("http://");
    let plain = |it: char| it.is_ascii_alphanumeric() || "-._~:/?#=%+,".contains(it);
    web && url.len() <= MOST_ADDRESS && url.chars().all(plain)
}

fn unmentioned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        out.push(it);
        if matches!(it, '@' | '\u{ff20}') {
            out.push(BREAK);
        }
    }
    out
}
