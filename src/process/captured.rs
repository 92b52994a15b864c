//! The head and the tail of a stream, and text that is fit to be read.

use std::collections::VecDeque;

use super::Captured;

/// Takes a stream of any length and keeps its two ends: at most `2 * keep` bytes.
pub(crate) struct Capture {
    keep: usize,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Capture {
    pub(crate) fn new(keep: usize) -> Self {
        Self { keep, head: Vec::new(), tail: VecDeque::new(), dropped: 0 }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(self.keep - self.head.len()));
        self.head.extend_from_slice(head);
        let skipped = rest.len().saturating_sub(self.keep);
        let rest = &rest[skipped..];
        let surplus = (self.tail.len() + rest.len()).saturating_sub(self.keep);
        self.tail.drain(..surplus);
        self.tail.extend(rest);
        self.dropped += (skipped + surplus) as u64;
    }

    pub(crate) fn finish(self) -> Captured {
        Captured { head: self.head, tail: self.tail.into(), dropped: self.dropped }
    }
}

impl Captured {
    /// What was kept, as `plain` text; a line of its own says how much is missing in between.
    pub fn to_text(&self) -> String {
        if self.dropped == 0 {
            return plain(&[self.head.as_slice(), self.tail.as_slice()].concat());
        }
        let (head, tail) = (plain(&self.head), plain(&self.tail));
        format!("{head}\n[… {} bytes left out …]\n{tail}", self.dropped)
    }
}

/// Bytes from a program as text that moves no cursor: invalid UTF-8 replaced, terminal escape
/// sequences and control characters removed, and of a line that a progress bar wrote over again
/// and again only its last state.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut plain = String::with_capacity(text.len());
    let mut line = 0; // where the current line starts in `plain`
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => {
                plain.push('\n');
                line = plain.len();
            }
            // "\r\n", and also "\r\r\n", end a line; any other "\r" starts it over.
            '\r' if !matches!(rest.peek(), None | Some('\n' | '\r')) => plain.truncate(line),
            '\u{1b}' => skip_escape(&mut rest),
            '\t' => plain.push('\t'),
            c if c.is_control() => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Reads to the end of one escape sequence, its ESC being read already (ECMA-48). A sequence
/// that is never ended takes at most the line that it stands in.
fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.next_if(|c| *c != '\n') {
        Some('[') => {
            while rest.next_if(|c| ('\u{20}'..='\u{3f}').contains(c)).is_some() {}
            rest.next_if(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        // Strings: OSC (a window's title, a link), DCS, SOS, PM, APC; ended by BEL or ESC \.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = rest.next_if(|c| *c != '\n') {
                if c == '\u{7}' || (c == '\u{1b}' && rest.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        Some('\u{20}'..='\u{2f}') => {
            rest.next_if(|c| *c != '\n');
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn capture(keep: usize, chunks: &[&[u8]]) -> Captured {
        let mut capture = Capture::new(keep);
        chunks.iter().for_each(|chunk| capture.write(chunk));
        capture.finish()
    }

    #[test]
    fn a_short_stream_is_kept_whole_even_where_a_letter_lies_on_the_seam() {
        let captured = capture(4, &["aéé€".as_bytes()]);
        assert_eq!((captured.head.len(), captured.dropped), (4, 0));
        assert_eq!(captured.to_text(), "aéé€");
    }

    #[test]
    fn of_a_long_stream_the_middle_is_left_out_and_said() {
        let captured = capture(3, &[b"abc", b"defg", b"hi"]);
        assert_eq!(captured.to_text(), "abc\n[… 3 bytes left out …]\nghi");
    }

    #[test]
    fn text_loses_what_would_move_a_cursor_and_keeps_the_rest() {
        for (bytes, text) in [
            (&b"\x1b[1;31merror\x1b[0m: no"[..], "error: no"),
            (b"a\r\nb\r\r\nc", "a\nb\nc"),
            (b"10%\r50%\r100% done\n", "100% done\n"),
            (b"done\r", "done"),
            (b"\x1b]8;;http://e\x1b\\link\x1b]8;;\x07!", "link!"),
            (b"\x1b]0;never ended\nnext", "\nnext"),
            (b"nul\0 bell\x07 back\x08 tab\t", "nul bell back tab\t"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"\xc2\x9b31mcsi", "31mcsi"),
            (b"\x1b(Bplain\x1b", "plain"),
        ] {
            assert_eq!(plain(bytes), text);
        }
    }

    proptest! {
        #[test]
        fn however_a_stream_is_cut_up_its_two_ends_are_the_same(
            stream in proptest::collection::vec(any::<u8>(), 0..60),
            cut in 0_usize..60,
            keep in 0_usize..20,
        ) {
            let (left, right) = stream.split_at(cut.min(stream.len()));
            let captured = capture(keep, &[left, right]);
            prop_assert_eq!(&captured, &capture(keep, &[&stream]));
            prop_assert!(stream.starts_with(&captured.head) && stream.ends_with(&captured.tail));
            let kept = captured.head.len() + captured.tail.len();
            prop_assert_eq!(kept as u64 + captured.dropped, stream.len() as u64);
            prop_assert!(captured.head.len() <= keep && captured.tail.len() <= keep);
        }

        #[test]
        fn text_holds_no_control_characters_but_newline_and_tab(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let text = plain(&bytes);
            prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
        }
    }
}
