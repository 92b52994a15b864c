//! Takes secrets out of bytes, by value: the last thing that happens to what leaves us.
//!
//! A secret is found as it is, and in the forms that programs print it in: base64 (at each of
//! its three alignments, as in a header), hexadecimal, URL-encoded (also where nothing asks for
//! it), JSON-escaped, UTF-16.
//! A secret shorter than eight bytes is not looked for: it would be found everywhere.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::fmt::MakeWriter;

/// What stands where a secret was.
pub const MASK: &str = "***";

/// Shorter secrets are not looked for.
const SHORTEST: usize = 8;

/// Knows the secrets and every form of them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<RwLock<Option<Arc<Forms>>>>,
}

struct Forms {
    all: BTreeSet<Vec<u8>>,
    automaton: AhoCorasick,
    longest: usize,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Looks for all of these.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let redactor = Self::default();
        redactor.learn(secrets);
        redactor
    }

    /// Looks for these too from here on, as every clone does. What it knew it still looks for: an
    /// old secret is no less one.
    pub fn learn(&self, secrets: impl IntoIterator<Item = SecretString>) {
        let mut known = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        let mut forms = known.as_ref().map(|it| it.all.clone()).unwrap_or_default();
        for secret in secrets {
            // A key of many lines is also printed line by line.
            for part in
                std::iter::once(secret.expose_secret()).chain(secret.expose_secret().lines())
            {
                forms.extend(forms_of(part.trim()));
            }
        }
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms);
        // The only failure is more than 2^31 bytes of secrets.
        if let Ok(automaton) = automaton
            && longest > 0
        {
            *known = Some(Arc::new(Forms { all: forms, automaton, longest }));
        }
    }

    fn forms(&self) -> Option<Arc<Forms>> {
        self.forms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` without secrets.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.forms() {
            Some(forms) if forms.automaton.is_match(text) => {
                let clean = forms.replaced(text.as_bytes());
                Cow::Owned(String::from_utf8_lossy(&clean).into_owned())
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// `bytes` without secrets.
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self.forms() {
            Some(forms) if forms.automaton.is_match(bytes) => Cow::Owned(forms.replaced(bytes)),
            _ => Cow::Borrowed(bytes),
        }
    }

    /// For bytes that come in pieces.
    pub fn stream(&self) -> Stream {
        Stream { forms: self.forms(), held: Vec::new() }
    }
}

impl Forms {
    fn replaced(&self, bytes: &[u8]) -> Vec<u8> {
        self.automaton.replace_all_bytes(bytes, &vec![MASK; self.automaton.patterns_len()])
    }
}

/// Takes secrets out of bytes that come in pieces: what comes out is what `Redactor::bytes`
/// makes of the whole. Holds back less than the longest form of a secret.
pub struct Stream {
    forms: Option<Arc<Forms>>,
    held: Vec<u8>,
}

impl Stream {
    /// Takes the next piece and gives what is certain by now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        let Some(forms) = self.forms.clone() else { return piece.to_vec() };
        self.held.extend_from_slice(piece);
        // A form that begins before this point has its end in `held`, if it is there at all.
        let certain = (self.held.len() + 1).saturating_sub(forms.longest);
        let (mut out, mut done) = (Vec::with_capacity(certain), 0);
        for found in forms.automaton.find_iter(&self.held) {
            if found.start() >= certain {
                break;
            }
            out.extend_from_slice(&self.held[done..found.start()]);
            out.extend_from_slice(MASK.as_bytes());
            done = found.end();
        }
        if done < certain {
            out.extend_from_slice(&self.held[done..certain]);
            done = certain;
        }
        self.held.drain(..done);
        out
    }

    /// Gives what was held back. The stream may go on afterwards, as if it began.
    pub fn finish(&mut self) -> Vec<u8> {
        let rest = std::mem::take(&mut self.held);
        self.forms.as_ref().map_or_else(Vec::new, |forms| forms.replaced(&rest))
    }
}

fn forms_of(secret: &str) -> Vec<Vec<u8>> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let mut forms = vec![secret.as_bytes().to_vec()];
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or_default();
    forms.push(json.into());
    forms.push(json.replace('/', "\\/").into());
    forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>().into());
    let percent = |upper: bool, all: bool| -> Vec<u8> {
        let plain = |b: &u8| !all && (b.is_ascii_alphanumeric() || b"-_.~".contains(b));
        let encode = |b: &u8| match (plain(b), upper) {
            (true, _) => char::from(*b).to_string(),
            (_, true) => format!("%{b:02X}"),
            (_, false) => format!("%{b:02x}"),
        };
        secret.as_bytes().iter().map(encode).collect::<String>().into()
    };
    for all in [false, true] {
        forms.extend([percent(true, all), percent(false, all)]);
    }
    forms.push(secret.bytes().map(|b| format!("{b:02x}")).collect::<String>().into());
    forms.push(secret.bytes().map(|b| format!("{b:02X}")).collect::<String>().into());
    forms.push(secret.encode_utf16().flat_map(u16::to_le_bytes).collect());
    forms.push(secret.encode_utf16().flat_map(u16::to_be_bytes).collect());
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        forms.extend((0..3).map(|shift| base64_at(&engine, secret.as_bytes(), shift).into()));
    }
    forms.retain(|it| it.len() >= SHORTEST);
    forms
}

/// The characters of the base64 of a longer text that depend on `secret` alone, when `shift`
/// bytes (modulo 3) stand before it.
fn base64_at(engine: &impl Engine, secret: &[u8], shift: usize) -> String {
    let shifted = [vec![0; shift], secret.to_vec()].concat();
    let encoded = engine.encode(&shifted);
    let start = (shift * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    encoded.get(start..end).unwrap_or_default().to_owned()
}

/// Makes writers whose every write has its secrets taken out. A log line is one write.
#[derive(Clone, Debug)]
pub struct Redacted<M> {
    inner: M,
    redactor: Redactor,
}

impl<M> Redacted<M> {
    /// Around another maker of writers.
    pub fn new(inner: M, redactor: Redactor) -> Self {
        Self { inner, redactor }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Redacted<M> {
    type Writer = RedactedWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactedWriter { inner: self.inner.make_writer(), redactor: self.redactor.clone() }
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Self::Writer {
        RedactedWriter { inner: self.inner.make_writer_for(meta), redactor: self.redactor.clone() }
    }
}

/// One writer of `Redacted`.
#[derive(Debug)]
pub struct RedactedWriter<W> {
    inner: W,
    redactor: Redactor,
}

impl<W: Write> Write for RedactedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write_all(&self.redactor.bytes(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::*;

    const TOKEN: &str = "ghp_A/b+c\"d\\e f%g";

    fn redactor(secrets: &[&str]) -> Redactor {
        Redactor::new(secrets.iter().map(|it| SecretString::from(*it)))
    }

    fn streamed(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
        let mut stream = redactor.stream();
        let mut out: Vec<u8> = pieces.iter().flat_map(|it| stream.push(it)).collect();
        out.extend(stream.finish());
        out
    }

    #[test]
    fn what_is_learnt_later_every_clone_knows_and_nothing_is_forgotten() {
        let redactor = Redactor::new([SecretString::from("first-secret")]);
        let clone = redactor.clone();
        redactor.learn([SecretString::from("second-secret")]);
        assert_eq!(clone.text("first-secret second-secret"), "*** ***");
    }

    #[test]
    fn a_secret_is_found_in_each_form_that_programs_print() {
        let redactor = redactor(&[TOKEN]);
        let hex: String = TOKEN.bytes().map(|b| format!("{b:02x}")).collect();
        let mut forms = vec![
            TOKEN.to_owned(),
            serde_json::to_string(TOKEN).unwrap(),
            "ghp_A%2Fb%2Bc%22d%5Ce%20f%25g".to_owned(),
            "ghp_A%2fb%2bc%22d%5ce%20f%25g".to_owned(),
            "ghp_A%2Fb%2Bc%22d%5Ce+f%25g".to_owned(),
            "%67%68%70%5F%41%2F%62%2B%63%22%64%5C%65%20%66%25%67".to_owned(),
            hex.clone(),
            hex.to_uppercase(),
        ];
        for before in ["", "a", "ab", "x-access-token:"] {
            forms.push(STANDARD.encode(format!("{before}{TOKEN}")));
            forms.push(STANDARD.encode(format!("{before}{TOKEN}\nmore")));
        }
        for form in forms {
            let line = format!("before {form} after");
            let clean = redactor.text(&line);
            assert!(clean.contains(MASK) && !clean.contains("ghp_A"), "{line}\n{clean}");
            assert!(clean.starts_with("before ") && clean.ends_with(" after"), "{clean}");
        }
        let wide: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(&*redactor.bytes(&wide), MASK.as_bytes());
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is_and_is_not_copied() {
        let redactor = redactor(&[TOKEN, "short", ""]);
        assert!(matches!(redactor.text("short and harmless"), Cow::Borrowed(_)));
        assert_eq!(Redactor::default().text(TOKEN), TOKEN);
    }

    #[test]
    fn each_line_of_a_key_is_a_secret_too() {
        let redactor = redactor(&["-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----"]);
        assert_eq!(redactor.text("  MIIEvQIBADANBgkq"), "  ***");
    }

    #[test]
    fn a_secret_split_at_any_place_does_not_leak() {
        let redactor = redactor(&[TOKEN, "ghp_A/b+c\"d\\e f%g-and-longer"]);
        for text in
            [format!("x{TOKEN}y"), format!("{TOKEN}-and-longer{TOKEN}-and-"), TOKEN.repeat(3)]
        {
            let bytes = text.as_bytes();
            let whole = redactor.bytes(bytes);
            assert!(!String::from_utf8_lossy(&whole).contains("ghp_A"));
            for at in 0..=bytes.len() {
                let (a, b) = bytes.split_at(at);
                assert_eq!(streamed(&redactor, &[a, b]), *whole, "split at {at}");
            }
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(streamed(&redactor, &single), *whole);
        }
    }

    #[test]
    fn a_stream_holds_back_less_than_the_longest_form() {
        let redactor = redactor(&["secret-secret"]);
        let longest = redactor.forms().unwrap().longest;
        let mut stream = redactor.stream();
        for _ in 0..100 {
            stream.push(b"secret-secre");
            assert!(stream.held.len() < longest);
        }
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            words in proptest::collection::vec("(abcabcab|abcabcabc|bcabcabcx|[abc]{0,5}|\u{e9})", 0..12),
            cuts in proptest::collection::vec(0usize..120, 0..8),
        ) {
            let redactor = redactor(&["abcabcab", "abcabcabcab", "bcabcabcx"]);
            let text = words.concat();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|it| it.min(text.len())).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut start = 0;
            let pieces: Vec<&[u8]> = cuts
                .iter()
                .map(|&end| &text.as_bytes()[std::mem::replace(&mut start, end)..end])
                .collect();
            let whole = redactor.bytes(text.as_bytes());
            prop_assert_eq!(streamed(&redactor, &pieces), whole.to_vec());
            let leaked = String::from_utf8_lossy(&whole).contains("abcabcab");
            prop_assert!(!leaked);
        }
    }

    /// A sink that a subscriber may own and a test may read.
    #[derive(Clone)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Shared {
        fn of(sink: &Arc<Mutex<Vec<u8>>>) -> impl Fn() -> Self + use<> {
            let shared = Self(Arc::clone(sink));
            move || shared.clone()
        }
    }

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_log_line_passes_the_redactor_and_without_it_the_secret_is_there() {
        for (redactor, leaks) in [(redactor(&[TOKEN]), false), (Redactor::default(), true)] {
            let sink = Arc::new(Mutex::new(Vec::new()));
            let subscriber = tracing_subscriber::fmt()
                .json()
                .with_writer(Redacted::new(Shared::of(&sink), redactor))
                .finish();
            tracing::subscriber::with_default(subscriber, || {
                tracing::error_span!("job", token = TOKEN)
                    .in_scope(|| tracing::error!("the token is {TOKEN}"));
            });
            let line = String::from_utf8(sink.lock().unwrap().clone()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(value.to_string().contains("ghp_A"), leaks, "{line}");
        }
    }
}
