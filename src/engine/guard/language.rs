//! The languages whose files are looked into, and a rough lexer for them: enough to tell code
//! from strings and comments, line by line. It need not be right about every program: whoever
//! uses it compares an old text with a new one, and stays silent when in doubt.

/// A family of languages that are written alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Language {
    Python,
    /// And TypeScript.
    JavaScript,
    Rust,
    Go,
    /// And C++.
    C,
    Shell,
}

impl Language {
    /// By the file's extension.
    pub(in crate::engine) fn of(path: &str) -> Option<Self> {
        Some(match extension(path) {
            "py" | "pyi" | "pyw" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Self::JavaScript,
            "rs" => Self::Rust,
            "go" => Self::Go,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => Self::C,
            "sh" | "bash" | "zsh" | "ksh" => Self::Shell,
            _ => return None,
        })
    }
}

/// The part of a path after the last `/`.
pub(in crate::engine) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What follows the last dot of the file's name; empty for `Makefile` and `.gitignore`.
pub(in crate::engine) fn extension(path: &str) -> &str {
    match basename(path).rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension,
        _ => "",
    }
}

/// The file's name without its extension.
pub(in crate::engine) fn stem(path: &str) -> &str {
    let name = basename(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// A letter of an identifier, in any of the languages.
pub(in crate::engine) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// Whether `word` stands in `text` on its own. Only ASCII letters can be part of a longer word:
/// Japanese text runs straight on after an identifier.
pub(in crate::engine) fn mentions(text: &str, word: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            !before.is_some_and(inside) && !after.is_some_and(inside)
        })
}

/// The identifier that `text` begins with; empty when it begins with none.
pub(in crate::engine) fn identifier(text: &str) -> &str {
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let word = &text[..end];
    if word.starts_with(|c: char| c.is_ascii_digit()) { "" } else { word }
}

/// A text with its strings and comments blanked out.
pub(in crate::engine) struct Code {
    /// As many lines as the text has; what is neither code nor white space is a blank.
    pub(in crate::engine) text: String,
    /// For each line, whether it begins in code and not inside a string or comment.
    pub(in crate::engine) begins_in_code: Vec<bool>,
    /// Whether the text ends inside a string or comment that may run over many lines.
    pub(in crate::engine) ends_inside: bool,
}

impl Code {
    /// Reads `text` as `language`.
    pub(in crate::engine) fn of(language: Language, text: &str) -> Self {
        let mut lexer = Lexer::new(language, text);
        while lexer.step() {}
        Self { text: lexer.out, begins_in_code: lexer.begins, ends_inside: lexer.ends_inside }
    }
}

struct Lexer {
    language: Language,
    chars: Vec<char>,
    at: usize,
    out: String,
    begins: Vec<bool>,
    ends_inside: bool,
    /// The last character of code that is no blank: tells a division from a pattern.
    last: char,
    /// The depth of braces in each `${…}` of a template that is open.
    templates: Vec<usize>,
}

impl Lexer {
    fn new(language: Language, text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let out = String::with_capacity(text.len());
        let (begins, templates) = (vec![true], Vec::new());
        Self { language, chars, at: 0, out, begins, ends_inside: false, last: '\n', templates }
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn sees(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(i, c)| self.peek(i) == c)
    }

    /// Takes one character as code.
    fn code(&mut self, c: char) {
        self.at += 1;
        self.out.push(c);
        if c == '\n' {
            self.begins.push(true);
        }
        if !c.is_whitespace() {
            self.last = c;
        }
    }

    /// Takes `count` characters as something else than code.
    fn blank(&mut self, count: usize) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            if self.chars[self.at] == '\n' {
                self.out.push('\n');
                self.begins.push(false);
            } else {
                self.out.push(' ');
            }
            self.at += 1;
        }
    }

    /// One token, roughly. `false` at the end.
    fn step(&mut self) -> bool {
        let Some(&c) = self.chars.get(self.at) else { return false };
        let hash = matches!(self.language, Language::Python | Language::Shell);
        match c {
            '#' if hash && self.starts_comment() => self.line_comment(),
            '/' if !hash && self.peek(1) == '/' => self.line_comment(),
            '/' if !hash && self.peek(1) == '*' => self.block_comment(),
            '/' if self.language == Language::JavaScript && self.is_pattern() => self.pattern(),
            '"' | '\'' | '`' => self.quote(c),
            'r' if self.language == Language::Rust && !is_word(self.last_char()) => self.raw(),
            '\\' if self.language == Language::Shell => self.blank(2),
            '{' | '}' if !self.templates.is_empty() => self.brace_in_template(c),
            _ => self.code(c),
        }
        true
    }

    fn last_char(&self) -> char {
        self.out.chars().next_back().unwrap_or('\n')
    }

    fn starts_comment(&self) -> bool {
        let before = self.last_char();
        self.language == Language::Python || before.is_whitespace() || ";(".contains(before)
    }

    fn line_comment(&mut self) {
        let length = self.chars[self.at..].iter().take_while(|c| **c != '\n').count();
        self.blank(length);
    }

    fn block_comment(&mut self) {
        self.blank(2);
        let mut depth = 1;
        while depth > 0 {
            if self.at >= self.chars.len() {
                self.ends_inside = true;
                return;
            } else if self.sees("*/") {
                depth -= 1;
                self.blank(2);
            } else if self.language == Language::Rust && self.sees("/*") {
                depth += 1;
                self.blank(2);
            } else {
                self.blank(1);
            }
        }
    }

    fn is_pattern(&self) -> bool {
        let word: String = self.out.trim_end().chars().rev().take_while(|c| is_word(*c)).collect();
        "\n(,=:[!&|?{};+-*%~^<>".contains(self.last) || word == "nruter" || word == "foepyt"
    }

    fn pattern(&mut self) {
        let rest = &self.chars[self.at..];
        let (mut in_class, mut i) = (false, 1);
        while let Some(&c) = rest.get(i) {
            match c {
                '\n' => return self.code('/'), // No pattern after all.
                '\\' => i += 1,
                '[' => in_class = true,
                ']' => in_class = false,
                '/' if !in_class => break,
                _ => {}
            }
            i += 1;
        }
        self.blank(i + 1);
        self.last = ')';
    }

    fn quote(&mut self, quote: char) {
        let triple: String = [quote; 3].iter().collect();
        match (self.language, quote) {
            (Language::Python, '"' | '\'') if self.sees(&triple) => {
                self.blank(3);
                self.until(&triple, true, true);
            }
            (Language::JavaScript, '`') => {
                self.blank(1);
                self.template();
            }
            (Language::Rust, '\'') if self.peek(1) != '\\' && self.peek(2) != '\'' => {
                self.code('\''); // A lifetime.
            }
            (Language::Python | Language::C | Language::Rust, '`') => self.code('`'),
            _ => {
                let long = match self.language {
                    Language::Rust => quote == '"',
                    Language::Go => quote == '`',
                    Language::Shell => quote != '`',
                    _ => false,
                };
                if self.language == Language::Shell && quote == '`' {
                    return self.code('`');
                }
                let escapes = !(self.language == Language::Go && quote == '`'
                    || self.language == Language::Shell && quote == '\'');
                self.blank(1);
                self.until(&quote.to_string(), long, escapes);
            }
        }
        self.last = ')';
    }

    /// Blanks everything up to and with `end`; a short string ends with its line at the latest.
    fn until(&mut self, end: &str, long: bool, escapes: bool) {
        loop {
            if self.at >= self.chars.len() {
                self.ends_inside |= long;
                return;
            } else if self.sees(end) {
                return self.blank(end.chars().count());
            } else if escapes && self.peek(0) == '\\' {
                self.blank(2);
            } else if self.peek(0) == '\n' && !long {
                return;
            } else {
                self.blank(1);
            }
        }
    }

    fn template(&mut self) {
        loop {
            if self.at >= self.chars.len() {
                self.ends_inside = true;
                return;
            }
            match self.peek(0) {
                '`' => return self.blank(1),
                '\\' => self.blank(2),
                '$' if self.peek(1) == '{' => {
                    self.blank(2);
                    self.templates.push(0);
                    return;
                }
                _ => self.blank(1),
            }
        }
    }

    fn brace_in_template(&mut self, brace: char) {
        match self.templates.last_mut() {
            Some(0) if brace == '}' => {
                self.templates.pop();
                self.blank(1);
                self.template();
                self.last = ')';
                return;
            }
            Some(depth) if brace == '}' => *depth -= 1,
            Some(depth) => *depth += 1,
            None => {}
        }
        self.code(brace);
    }

    /// `r"…"` and `r#"…"#` of Rust.
    fn raw(&mut self) {
        let hashes = self.chars[self.at + 1..].iter().take_while(|c| **c == '#').count();
        if self.peek(hashes + 1) != '"' {
            return self.code('r');
        }
        self.blank(hashes + 2);
        let end = format!("\"{}", "#".repeat(hashes));
        self.until(&end, true, false);
        self.last = ')';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(language: Language, text: &str) -> String {
        Code::of(language, text).text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strings_and_comments_are_no_code() {
        assert_eq!(code(Language::Python, "x = '(' # (\n\"\"\"\n( \"\"\" + y"), "x = + y");
        assert_eq!(
            code(Language::JavaScript, "a = /[/(]/g; b = c / d / `(${e(`)`)}(`"),
            "a = g; b = c / d / e( )"
        );
        assert_eq!(
            code(Language::Rust, "fn f<'a>(c: '{') /* /* { */ } */ r#\"{\"#"),
            "fn f<'a>(c: )"
        );
        assert_eq!(code(Language::Shell, "echo ${x#y} '{' # {"), "echo ${x#y}");
        assert_eq!(code(Language::Go, "a := `\n{\\` + '{' // {"), "a := +");
    }

    #[test]
    fn a_text_that_ends_inside_a_long_string_says_so() {
        assert!(Code::of(Language::Python, "def f():\n    \"\"\"Doc").ends_inside);
        assert!(!Code::of(Language::Python, "x = 'it").ends_inside);
    }

    #[test]
    fn an_identifier_next_to_japanese_text_is_mentioned() {
        assert!(mentions("`settings.py`のparse_settingsを直す", "parse_settings"));
        assert!(!mentions("parse_settings_all", "parse_settings"));
    }
}
