//! Markdown as the page shows it: parsed as GitHub does, then put together again from the pieces
//! that are visible, spelled as they were. Every byte of the source is either part of such a
//! piece, or one of the few characters that make up its markup, or left out.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use super::doubt::{Doubt, Reading, is_line_start};
use super::html::{Html, Page, raw_element};
use super::{entity, link, outline};

/// The characters that markup between visible pieces is made of. All else there (definitions of
/// links, cells without a column) is shown to nobody.
const MARKUP: &str = " \t\n\\>#=-+*_~|:`";

/// The longest text that is put together: the caller cuts it far shorter.
const LONGEST: usize = 512 * 1024;

/// The visible part of a Markdown text, and how many characters were not.
pub(super) fn shown(source: &str) -> (String, usize) {
    // Without task lists: the parser ends an empty task's item early, and takes for code what
    // GitHub takes for the item's second paragraph.
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(source, options).into_offset_iter().collect::<Vec<_>>();
    let mut renderer = Renderer::new(source, outline::Outline::of(&events));
    for (index, (event, range)) in events.iter().enumerate() {
        renderer.event(index, event, range);
        if renderer.page.text.len() > LONGEST {
            break;
        }
    }
    if renderer.page.text.len() <= LONGEST {
        renderer.gap(source.len());
    }
    (renderer.page.text, renderer.page.removed)
}

struct Renderer<'a> {
    source: &'a str,
    outline: outline::Outline,
    /// Up to here the source is dealt with.
    at: usize,
    /// Events inside of this are dealt with.
    done: Range<usize>,
    page: Page,
    html: Html,
    /// What GitHub may read otherwise.
    doubt: Doubt,
    /// The links that are open: where they begin on the page, and their target.
    links: Vec<(usize, Option<String>)>,
}

impl<'a> Renderer<'a> {
    fn new(source: &'a str, outline: outline::Outline) -> Self {
        Self {
            source,
            outline,
            at: 0,
            done: 0..0,
            page: Page::default(),
            html: Html::new(),
            doubt: Doubt::default(),
            links: Vec::new(),
        }
    }

    fn event(&mut self, index: usize, event: &Event<'_>, range: &Range<usize>) {
        let block = outline::is_block(event);
        if block {
            self.doubt.end_block();
            if self.html.is_open() {
                self.lose(range.start);
            }
            if matches!(event, Event::End(_)) {
                self.html.end_block();
            }
        }
        let done = self.done.start <= range.start && range.end <= self.done.end;
        if done && !(block && matches!(event, Event::End(_))) {
            return;
        }
        match event {
            Event::Html(_) => {
                self.gap(range.start);
                let line = self.take(range.end);
                self.html.line(line, &mut self.page);
            }
            Event::InlineHtml(_) => self.inline_html(index, range),
            _ if self.html.is_open() => self.hidden(event, range),
            Event::Start(tag) => self.start(tag, range),
            Event::End(TagEnd::Link) => self.link_ends(range),
            Event::End(_) => self.gap(range.end),
            Event::Text(text) => self.text(index, text, range),
            Event::Code(_) => self.code(index, range),
            Event::FootnoteReference(label) => {
                self.gap(range.start);
                self.note(label, range.end, "");
            }
            _ => {
                self.gap(range.start);
                self.keep(range.end);
            }
        }
    }

    /// Takes the source up to there.
    fn take(&mut self, to: usize) -> &'a str {
        let to = to.max(self.at);
        let slice = self.source.get(self.at..to).unwrap_or_default();
        self.at = to;
        slice
    }

    fn keep(&mut self, to: usize) {
        let slice = self.take(to);
        self.page.push(slice);
    }

    fn lose(&mut self, to: usize) {
        let slice = self.take(to);
        self.page.lose(slice);
    }

    fn replace(&mut self, to: usize, with: &str) {
        let slice = self.take(to);
        let (before, after) = (slice.chars().count(), with.chars().count());
        self.page.removed += before.saturating_sub(after);
        self.page.push(with);
    }

    /// What stands between two visible pieces: markup stays, anything else goes.
    fn gap(&mut self, to: usize) {
        if self.html.is_open() {
            return self.lose(to);
        }
        let slice = self.take(to);
        let Some(start) = slice.find(|it| !MARKUP.contains(it)) else {
            return self.page.push(slice);
        };
        let end = slice[start..].rfind('\n').map_or(slice.len(), |it| start + it);
        let plain = slice[end..].chars().all(|it| MARKUP.contains(it));
        let end = if plain { end } else { slice.len() };
        self.page.push(&slice[..start]);
        self.page.lose(&slice[start..end]);
        self.page.push(&slice[end..]);
    }

    /// An event inside of a comment, a tag or a script that is still open.
    fn hidden(&mut self, event: &Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(Tag::Link { .. }) => self.links.push((self.page.text.len(), None)),
            Event::Start(_) => self.lose(range.start),
            Event::End(TagEnd::Link) => {
                self.links.pop();
                self.lose(range.end);
            }
            _ => self.lose(range.end),
        }
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        self.gap(range.start);
        match tag {
            Tag::Image { .. } => {
                self.lose(range.end);
                self.page.push("(image)");
                self.done = range.clone();
            }
            Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. } => {
                self.keep(range.end);
                self.done = range.clone();
            }
            Tag::Link { dest_url, .. } => {
                self.links.push((self.page.text.len(), link::target(dest_url)));
                self.keep(range.start + 1);
            }
            Tag::Item => {
                let rest = &self.source[self.at..];
                let marker = rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len());
                let marker = marker + usize::from(rest[marker..].starts_with(['.', ')']));
                self.keep((self.at + marker).min(range.end));
            }
            Tag::FootnoteDefinition(label) => match self.outline.is_shown(label, range.start) {
                true => {
                    let rest = &self.source[self.at..range.end];
                    let end = rest.find("]:").map_or(0, |it| it + 2);
                    self.note(label, self.at + end, ":");
                }
                false => {
                    self.lose(range.end);
                    self.done = range.clone();
                }
            },
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => self.fence(range),
            _ => {}
        }
    }

    /// The page shows a number in place of a footnote's name. Written as plain text, because
    /// readers of Markdown differ about a footnote within a link.
    fn note(&mut self, label: &str, to: usize, after: &str) {
        let with = format!("(note {}){after}", self.outline.footnote(label));
        self.replace(to, &with);
    }

    /// Of what stands after the fence, the page uses the language's name, for its colours.
    fn fence(&mut self, range: &Range<usize>) {
        let rest = &self.source[self.at..range.end];
        let line = rest.split('\n').next().unwrap_or_default();
        let info = line.trim_start_matches(['`', '~']);
        let language = language(info);
        self.keep(self.at + line.len() - info.len());
        match language == info.trim() {
            true => self.keep(self.at + info.len()),
            false => self.replace(self.at + info.len(), language),
        }
    }

    fn link_ends(&mut self, range: &Range<usize>) {
        let Some((start, target)) = self.links.pop() else { return };
        if self.at >= range.end {
            return;
        }
        if self.page.text[start..].trim_start().trim_start_matches('[').trim().is_empty() {
            self.page.text.truncate(start);
            return self.lose(range.end);
        }
        match target {
            Some(target) => self.replace(range.end, &format!("]({target})")),
            None => {
                self.lose(range.end);
                self.page.push("](link left out)");
            }
        }
    }

    fn inline_html(&mut self, index: usize, range: &Range<usize>) {
        self.gap(range.start);
        self.doubt.tag(self.source, range);
        let tag = self.source.get(range.clone()).unwrap_or_default();
        match raw_element(tag) {
            // Nothing ends it: GitHub shows the tag as text.
            Some((name, false)) if !self.html.is_open() && !self.outline.is_closed(index) => {
                self.replace(range.end, &format!("&lt;{name}>"));
            }
            _ => {
                let tag = self.take(range.end);
                self.html.feed(tag, &mut self.page);
            }
        }
    }

    fn code(&mut self, index: usize, range: &Range<usize>) {
        self.gap(range.start);
        let span = self.take(range.end);
        let inner = span.trim_start_matches('`');
        let fence = &span[..span.len() - inner.len()];
        let block = self.outline.block(index);
        match self.doubt.code(self.source, range.start, block, fence, inner) {
            Reading::Code => self.page.push(span),
            Reading::Address => {
                self.page.lose(fence);
                self.page.push(inner);
            }
            Reading::Text => {
                self.page.lose(fence);
                self.page.push(inner.trim_end_matches('`'));
                self.page.lose(fence);
            }
        }
    }

    fn text(&mut self, index: usize, text: &str, range: &Range<usize>) {
        let (source, from) = (self.source, range.start.max(self.at));
        let slice = source.get(from..range.end).unwrap_or_default();
        let code = self.outline.is_code(index);
        if !code && slice.starts_with('&') && slice.ends_with(';') && slice != text {
            self.gap(from);
            let decoded = entity::spelled(text, &source[range.end..]);
            self.take(range.end);
            return self.page.push(&decoded);
        }
        let escaped = !code && source[self.at..from].ends_with('\\');
        if escaped && slice.starts_with('<') && self.doubt.is_address(source, from) {
            self.gap(from - 1);
            self.lose(from);
        } else if escaped && slice.starts_with('<') && entity::opens(&source[from + 1..]) {
            self.gap(from - 1);
            self.take(from + 1);
            self.page.push("&lt;");
        } else {
            self.gap(from);
        }
        if !code {
            self.doubt.text(&slice[usize::from(escaped && slice.starts_with('`'))..]);
        }
        // A comment that never ends is text to GitHub, but more likely meant as hidden. So is
        // CDATA, and there the parser does not find every end.
        let start = if escaped { self.at.max(from + 1) } else { from };
        let rest = source.get(start..range.end).unwrap_or_default();
        if code {
            return self.keep(range.end);
        }
        let open = rest.find('<').map(|it| start + it).filter(|it| self.is_hiding(&source[*it..]));
        let mut cells = rest.match_indices('|').map(|(it, _)| start + it);
        let block = self.outline.block(index);
        let cell = cells.find(|it| !is_line_start(&source[..*it]));
        let cell = cell.filter(|it| self.doubt.is_column(source, *it, &block));
        let (from, to) = match (open, cell) {
            (Some(open), _) => (open, self.outline.block_ends(index, source)),
            (None, Some(cell)) => {
                (cell, source[cell..].find('\n').map_or(source.len(), |it| cell + it))
            }
            (None, None) => return self.keep(range.end),
        };
        self.keep(from);
        self.done = from..to;
        self.lose(to);
    }

    fn is_hiding(&self, markup: &str) -> bool {
        markup.starts_with("<!--") || markup.starts_with("<![") || self.doubt.may_hide(markup)
    }
}

fn language(info: &str) -> &str {
    let word = info.split_whitespace().next().unwrap_or_default();
    let plain = word.chars().all(|it| it.is_ascii_alphanumeric() || "+#-_.".contains(it));
    if plain && word.len() <= 20 { word } else { "" }
}
