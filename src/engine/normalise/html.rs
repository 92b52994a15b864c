//! Raw HTML: its text stays, its tags and comments go. Where readers of HTML differ about what a
//! malformed piece hides, the reading that hides more is taken.

/// What a page is built into: pieces of text, with a blank between them where a tag stood that
/// would have set them apart.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
    /// How many characters were left out.
    pub(super) removed: usize,
    apart: bool,
}

impl Page {
    pub(super) fn push(&mut self, text: &str) {
        let Some(first) = text.chars().next() else { return };
        let joined = !first.is_whitespace() && !self.text.ends_with(char::is_whitespace);
        if self.apart && joined && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.apart = false;
        self.text.push_str(text);
    }

    pub(super) fn lose(&mut self, text: &str) {
        self.removed += text.chars().count();
    }

    /// Puts a word of ours where a tag stood.
    fn mark(&mut self, word: &str) {
        self.apart = true;
        self.push(word);
        self.apart = true;
    }
}

/// Elements whose content is no text to a reader of HTML. GitHub filters these tags.
const RAW: [&str; 11] = [
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "plaintext",
    "script",
    "style",
    "template",
    "textarea",
    "title",
    "xmp",
];

/// Elements that begin on a line or in a cell of their own.
const APART: [&str; 31] = [
    "blockquote",
    "br",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "summary",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];

/// The name of an element whose content is no text, if this tag opens (or closes) one.
pub(super) fn raw_element(tag: &str) -> Option<(&'static str, bool)> {
    let inner = tag.strip_prefix('<')?;
    let closes = inner.starts_with('/');
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let name = &inner[..name_length(inner)];
    RAW.into_iter().find(|it| it.eq_ignore_ascii_case(name)).map(|it| (it, closes))
}

/// No line of HTML contains this.
const NEVER: &str = "\n\n";

/// What a piece of HTML left open.
enum State {
    Text,
    /// `<!-->` is a whole comment to some readers and the start of one to others.
    Comment {
        short: bool,
    },
    /// `<?`, `<!DOCTYPE`, `<![CDATA[`: hidden up to this.
    Until(&'static str),
    Tag {
        name: String,
        closes: bool,
        place: Place,
        quote: Option<char>,
    },
    Raw(&'static str),
}

/// Reads the HTML of a document piece by piece, in the order of the page.
pub(super) struct Html {
    state: State,
    preformatted: bool,
}

impl Html {
    pub(super) fn new() -> Self {
        Self { state: State::Text, preformatted: false }
    }

    /// Whether what follows is hidden: it is inside a comment, a tag or a script.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Text)
    }

    /// A block ends. The tags that the page puts between blocks close an open tag, but neither
    /// a comment nor a quoted value.
    pub(super) fn end_block(&mut self) {
        self.preformatted = false;
        let stays = matches!(
            self.state,
            State::Comment { short: false } | State::Tag { quote: Some(_), .. }
        );
        if !stays {
            self.state = State::Text;
        }
    }

    /// Puts a line of an HTML block on the page.
    pub(super) fn line(&mut self, line: &str, page: &mut Page) {
        match self.preformatted || self.is_open() {
            true => self.feed(line, page),
            false => self.feed(line.trim_start_matches([' ', '\t']), page),
        }
    }

    /// Puts a piece of HTML on the page.
    pub(super) fn feed(&mut self, piece: &str, page: &mut Page) {
        let mut rest = piece;
        while !rest.is_empty() {
            let (used, next) = match &mut self.state {
                State::Text => text(rest, page),
                State::Comment { .. } => up_to(rest, "-->"),
                State::Until(end) => up_to(rest, end),
                State::Raw(name) => match raw_end(rest, name) {
                    Some(end) => (end, Some(State::Text)),
                    None => (rest.len(), None),
                },
                State::Tag { name, closes, place, quote } => match tag(rest, place, quote) {
                    Some(end) => (end, Some(Self::tag_ends(name, *closes, page))),
                    None => (rest.len(), None),
                },
            };
            if self.is_open() {
                page.lose(&rest[..used]);
            }
            if let Some(next) = next {
                if let (State::Text, State::Tag { name, closes, .. }) = (&next, &self.state)
                    && name == "pre"
                {
                    self.preformatted = !closes;
                }
                self.state = next;
            }
            rest = &rest[used..];
        }
    }

    fn tag_ends(name: &str, closes: bool, page: &mut Page) -> State {
        match (name, closes) {
            ("details", false) => page.mark("(folded part)"),
            ("details", true) => page.mark("(end of folded part)"),
            ("img", false) => page.mark("(image)"),
            _ if APART.contains(&name) => page.apart = true,
            _ => {}
        }
        match RAW.into_iter().find(|it| *it == name && !closes) {
            Some(raw) => State::Raw(raw),
            None => State::Text,
        }
    }
}

/// Puts text on the page up to where markup begins. How much was used, and what begins.
fn text(rest: &str, page: &mut Page) -> (usize, Option<State>) {
    let Some(start) = rest.find('<') else {
        page.push(rest);
        return (rest.len(), None);
    };
    page.push(&rest[..start]);
    let markup = &rest[start..];
    let (used, next) = markup_begins(markup);
    match next {
        Some(_) => page.lose(&markup[..used]),
        None => page.push("<"),
    }
    (start + used, next)
}

fn markup_begins(markup: &str) -> (usize, Option<State>) {
    let inner = &markup[1..];
    if let Some(after) = inner.strip_prefix("!--") {
        let short = after.starts_with('>') || after.starts_with("->");
        return (4, Some(State::Comment { short }));
    }
    let declares = if is_declaration(inner) { ">" } else { NEVER };
    for (start, end) in [("![CDATA[", "]]>"), ("!", declares), ("?", "?>")] {
        if inner.starts_with(start) {
            return (1 + start.len(), Some(State::Until(end)));
        }
    }
    let closes = inner.starts_with('/');
    let inner = &inner[usize::from(closes)..];
    let length = name_length(inner);
    let name = inner[..length].to_ascii_lowercase();
    match (closes, length) {
        (false, 0) => (1, None),
        (true, 0) => (2, Some(State::Until(">"))),
        _ => (
            1 + usize::from(closes) + length,
            Some(State::Tag { name, closes, place: Place::Between, quote: None }),
        ),
    }
}

/// `<!DOCTYPE html>`. Some readers take `<!x` for one, some for text, and so differ about what
/// comes after: it hides the rest of the block.
fn is_declaration(inner: &str) -> bool {
    let Some(name) = inner.strip_prefix('!') else { return false };
    let rest = name.trim_start_matches(|it: char| it.is_ascii_uppercase());
    rest.len() < name.len() && rest.starts_with(|it: char| it.is_ascii_whitespace())
}

/// The length of an element's name. Nothing if it does not begin with a letter.
fn name_length(text: &str) -> usize {
    if !text.starts_with(|it: char| it.is_ascii_alphabetic()) {
        return 0;
    }
    text.find(|it: char| !it.is_ascii_alphanumeric() && it != '-').unwrap_or(text.len())
}

fn up_to(rest: &str, end: &str) -> (usize, Option<State>) {
    match rest.find(end) {
        Some(start) => (start + end.len(), Some(State::Text)),
        None => (rest.len(), None),
    }
}

/// Where `</name` begins, in capitals or not.
fn raw_end(rest: &str, name: &str) -> Option<usize> {
    let lower = rest.to_ascii_lowercase();
    let found = lower.match_indices("</").find(|(at, _)| lower[at + 2..].starts_with(name));
    found.map(|(at, _)| at)
}

/// Where in a tag: only a quote right after `=` begins a quoted value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Between,
    Name,
    Equals,
    Bare,
}

/// Where the tag ends. A `>` in a quoted value does not end it.
fn tag(rest: &str, place: &mut Place, quote: &mut Option<char>) -> Option<usize> {
    for (at, it) in rest.char_indices() {
        if let Some(open) = *quote {
            if open == it {
                (*quote, *place) = (None, Place::Between);
            }
            continue;
        }
        *place = match (*place, it) {
            (_, '>') => return Some(at + 1),
            (Place::Equals, '"' | '\'') => {
                *quote = Some(it);
                Place::Equals
            }
            (Place::Name, '=') => Place::Equals,
            (Place::Bare, _) if it.is_whitespace() => Place::Between,
            (here, _) if it.is_whitespace() => here,
            (Place::Between | Place::Name, '/') => Place::Between,
            (Place::Between | Place::Name, _) => Place::Name,
            (Place::Equals | Place::Bare, _) => Place::Bare,
        };
    }
    None
}
