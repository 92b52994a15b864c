//! JSON as people write it for their editors: with comments, and commas before a closing bracket.

use serde_json::Value;

/// A longer text is not read.
const MOST_BYTES: usize = 256 << 10;

/// The value of `text`; `None` when it is not JSON, whatever is left out of it.
pub(super) fn parse(text: &str) -> Option<Value> {
    if text.len() > MOST_BYTES {
        return None;
    }
    serde_json::from_str(&strip(text.trim_start_matches('\u{feff}'))).ok()
}

/// Leaves comments out, and commas that nothing follows. Strings stay as they are.
fn strip(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Where a comma stands in `out` that may turn out to be one too many.
    let mut comma = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                comma = None;
                out.push('"');
                while let Some(c) = chars.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|it| *it != '\n').is_some() {},
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut before = ' ';
                for c in chars.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                // Two words do not become one.
                out.push(' ');
            }
            ',' => {
                comma = Some(out.len());
                out.push(',');
            }
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..=at, " ");
                }
                out.push(c);
            }
            c => {
                if !c.is_whitespace() {
                    comma = None;
                }
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_commas_too_many_are_left_out() {
        for (text, expected) in [
            ("{}", json!({})),
            ("\u{feff}{}", json!({})),
            ("// first\n{\"a\": 1} // last", json!({"a": 1})),
            ("{/* a */\"a\"/* b */:/* c */1/* d */}", json!({"a": 1})),
            ("/** a * / ** /*/ [1]", json!([1])),
            ("{\"a\": [1, 2,\n // two\n],\n}", json!({"a": [1, 2]})),
            ("[1, /* x */ ]", json!([1])),
            (r#"{"a": "// no, /* no */ ,}"}"#, json!({"a": "// no, /* no */ ,}"})),
            (r#"["\"//", "\\", 1,]"#, json!(["\"//", "\\", 1])),
            ("[[1,],]", json!([[1]])),
        ] {
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_json_even_so_is_nothing() {
        for text in
            ["", "{", "[1,,]", "[1 2]", "{'a': 1}", "/* open", "[1/**/2]", "\"open", "// all"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"[".repeat(200_000)), None);
        assert_eq!(parse(&format!("[{}1]", " ".repeat(300_000))), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[\\[\\]{}\",:/*\\\\ a1\n\u{e9}]{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_json_already_stays_what_it_is(text in "\\PC{0,80}", number in 0..9) {
            let value = json!({"a": [text, number], "b": {"c": null}});
            prop_assert_eq!(parse(&value.to_string()), Some(value));
        }
    }
}
