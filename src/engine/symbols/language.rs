//! Which grammar reads a file, and the one call of the parser.

use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use super::MAX_TEXT;
use crate::engine::guard::language::extension;

/// The same for a shell's script: on nonsense, its grammar takes the square of the length.
const MAX_SCRIPT: usize = 64 * 1024;

/// One for each grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    JavaScript,
    TypeScript,
    /// TypeScript with markup in it: `<T>x` is no cast there.
    Tsx,
    Rust,
    Go,
    C,
    Shell,
}

impl Language {
    /// By the file's extension; without one, by its first line.
    pub(super) fn of(path: &str, text: &str) -> Option<Self> {
        Some(match extension(path) {
            "py" | "pyi" | "pyw" => Self::Python,
            "js" | "mjs" | "cjs" | "jsx" => Self::JavaScript,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            "rs" => Self::Rust,
            "go" => Self::Go,
            "c" | "h" => Self::C,
            "sh" | "bash" => Self::Shell,
            "" => Self::of_script(text.lines().next()?)?,
            _ => return None,
        })
    }

    /// By a line such as `#!/usr/bin/env -S python3 -u`.
    fn of_script(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("#!")?.split_whitespace();
        let mut program = words.next()?.rsplit('/').next()?;
        if program == "env" {
            program = words.find(|it| !it.starts_with('-') && !it.contains('='))?;
        }
        match program.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.') {
            "sh" | "bash" | "dash" => Some(Self::Shell),
            "python" => Some(Self::Python),
            "node" => Some(Self::JavaScript),
            _ => None,
        }
    }

    /// The syntax tree of `text`. `None`: the text is too long, or the parser did far more steps
    /// than any program of this length needs.
    pub(super) fn parse(self, text: &str) -> Option<Tree> {
        let most = if self == Self::Shell { MAX_SCRIPT } else { MAX_TEXT };
        if text.len() > most {
            return None;
        }
        let grammar = match self {
            Self::Python => tree_sitter_python::LANGUAGE,
            Self::JavaScript => tree_sitter_javascript::LANGUAGE,
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
            Self::Rust => tree_sitter_rust::LANGUAGE,
            Self::Go => tree_sitter_go::LANGUAGE,
            Self::C => tree_sitter_c::LANGUAGE,
            Self::Shell => tree_sitter_bash::LANGUAGE,
        };
        let mut parser = Parser::new();
        parser.set_language(&grammar.into()).ok()?;
        // Asked every hundred steps of the parser: a count, because a clock would answer
        // differently from run to run. Real programs need far less than six steps for each byte.
        let mut left = 200 + text.len() / 16;
        let mut progress = |_: &ParseState| match left.checked_sub(1) {
            Some(less) => {
                left = less;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let plain;
        let bytes = match self {
            // Its scanner looks a character up in a table that has ASCII alone (`isdigit` of what
            // stands behind a brace, tree-sitter-bash 0.25): any other one may end the process.
            Self::Shell => {
                plain = in_ascii(text);
                plain.as_slice()
            }
            _ => text.as_bytes(),
        };
        let mut from = |at: usize, _| bytes.get(at..).unwrap_or_default();
        parser.parse_with_options(&mut from, None, Some(options))
    }
}

/// The text with a letter for each byte that is not ASCII: as long, and all else at its place.
fn in_ascii(text: &str) -> Vec<u8> {
    text.bytes().map(|it| if it.is_ascii() { it } else { b'x' }).collect()
}
