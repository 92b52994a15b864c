//! What must be known of a document before its first word is put on the page.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::html::raw_element;

/// The shape of a document, by the numbers of its events.
pub(super) struct Outline {
    /// The text of this event's block: from the last beginning or end of a block to the next.
    blocks: Vec<Range<usize>>,
    /// Tags whose content is no text, with an end in the same block.
    closed: HashSet<usize>,
    /// Text of code.
    code: Vec<Range<usize>>,
    /// The footnotes' names in lower case, and what they are called on the page.
    names: HashMap<String, String>,
    /// Where the footnotes are that the page shows, by their names in lower case.
    notes: HashMap<String, usize>,
}

impl Outline {
    pub(super) fn of(events: &[(Event<'_>, Range<usize>)]) -> Self {
        let mut outline = Self {
            blocks: Vec::with_capacity(events.len()),
            closed: HashSet::new(),
            code: Vec::new(),
            names: HashMap::new(),
            notes: HashMap::new(),
        };
        outline.look_ahead(events);
        outline.look_back(events);
        outline
    }

    /// From the end to the beginning: what comes after an event.
    fn look_back(&mut self, events: &[(Event<'_>, Range<usize>)]) {
        let (mut end, mut closing) = (usize::MAX, Vec::new());
        for (index, (event, range)) in events.iter().enumerate().rev() {
            self.blocks[index].end = end;
            if is_block(event) {
                end = edge(event, range);
                closing.clear();
            } else if let Event::InlineHtml(tag) = event {
                match raw_element(tag) {
                    Some((name, true)) if !closing.contains(&name) => closing.push(name),
                    Some((name, false)) if closing.contains(&name) => {
                        self.closed.insert(index);
                    }
                    _ => {}
                }
            }
        }
    }

    fn look_ahead(&mut self, events: &[(Event<'_>, Range<usize>)]) {
        let mut inside = Vec::new();
        let mut defined = HashMap::new();
        let mut asked = HashSet::new();
        let (mut code, mut start) = (None, 0);
        for (index, (event, range)) in events.iter().enumerate() {
            if is_block(event) {
                start = edge(event, range);
            }
            self.blocks.push(start..usize::MAX);
            match event {
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let label = self.name(label);
                    defined.entry(label.clone()).or_insert(range.start);
                    inside.push(label);
                }
                Event::End(TagEnd::FootnoteDefinition) => {
                    inside.pop();
                }
                Event::FootnoteReference(label) => {
                    let label = self.name(label);
                    if !inside.contains(&label) {
                        asked.insert(label);
                    }
                }
                Event::Start(Tag::CodeBlock(_)) => code = Some(index),
                Event::End(TagEnd::CodeBlock) => {
                    self.code.extend(code.take().map(|start| start..index));
                }
                _ => {}
            }
        }
        defined.retain(|label, _| asked.contains(label));
        self.notes = defined;
    }

    /// A short name stays, a longer one could say something.
    fn name(&mut self, label: &str) -> String {
        let key = label.to_lowercase();
        let short = label.len() <= 12
            && label.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_');
        let number = self.names.len() + 1;
        self.names
            .entry(key.clone())
            .or_insert_with(|| if short { label.to_owned() } else { number.to_string() });
        key
    }

    /// What a footnote is called on the page.
    pub(super) fn footnote(&self, label: &str) -> &str {
        self.names.get(&label.to_lowercase()).map_or("?", String::as_str)
    }

    /// Whether the footnote that begins there is shown: it is the first of its name, and the
    /// text refers to it.
    pub(super) fn is_shown(&self, label: &str, start: usize) -> bool {
        self.notes.get(&label.to_lowercase()) == Some(&start)
    }

    pub(super) fn is_closed(&self, index: usize) -> bool {
        self.closed.contains(&index)
    }

    pub(super) fn is_code(&self, index: usize) -> bool {
        let next = self.code.partition_point(|it| it.end < index);
        self.code.get(next).is_some_and(|it| it.contains(&index))
    }

    /// The text of this event's block.
    pub(super) fn block(&self, index: usize) -> Range<usize> {
        self.blocks.get(index).cloned().unwrap_or(0..usize::MAX)
    }

    /// Where the text of this event's block ends: before the line break and the markup of the
    /// line where the next one begins.
    pub(super) fn block_ends(&self, index: usize, source: &str) -> usize {
        let end = self.block(index).end.min(source.len());
        let markup = |it: char| it.is_whitespace() || it == '>';
        let text = source[..end].trim_end_matches(markup).len();
        source[text..end].find('\n').map_or(end, |it| text + it)
    }
}

/// Where a block begins or ends.
fn edge(event: &Event<'_>, range: &Range<usize>) -> usize {
    if matches!(event, Event::Start(_)) { range.start } else { range.end }
}

/// Whether a block begins or ends here.
pub(super) fn is_block(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => !matches!(
            tag,
            Tag::Emphasis
                | Tag::Strong
                | Tag::Strikethrough
                | Tag::Superscript
                | Tag::Subscript
                | Tag::Link { .. }
                | Tag::Image { .. }
        ),
        Event::End(tag) => !matches!(
            tag,
            TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough
                | TagEnd::Superscript
                | TagEnd::Subscript
                | TagEnd::Link
                | TagEnd::Image
        ),
        _ => false,
    }
}
