//! That others can call a function that was added: a small model writes it, and forgets the list of
//! exports, the header, or to bring it in where it is called.

use crate::engine::guard::language::{Language, extension, mentions};
use crate::engine::symbols::{self, Definition, Kind};

mod import;

pub use import::imported;

/// `text` with `name`, which it defines, among what it exports, as it exports the rest. `None`: it
/// is there already, or the language has no such list.
pub fn exported(path: &str, text: &str, name: &str) -> Option<String> {
    if Language::of(path) != Some(Language::JavaScript) {
        return None;
    }
    let function = defined(path, text, name)?;
    if text[function.body.clone()].starts_with("export ") {
        return None;
    }
    for opening in ["module.exports = {", "export {"] {
        let Some(start) = text.rfind(opening).map(|at| at + opening.len()) else { continue };
        let end = start + text[start..].find('}')?;
        // Values may be anything; a list of names is one.
        let list = &text[start..end];
        let plain = |it: char| it.is_alphanumeric() || "_$, \t\r\n".contains(it);
        if mentions(list, name) || !list.chars().all(plain) {
            return None;
        }
        return Some(listed(text, start, end, name));
    }
    let first = symbols::outline(path, text)?;
    let others = first.definitions.iter().filter(|it| it.container.is_none() && it.name != name);
    let mut others = others.filter(|it| matches!(it.kind, Kind::Function));
    if others.any(|it| text[it.body.clone()].starts_with("export ")) {
        let (before, after) = text.split_at(function.body.start);
        return Some(format!("{before}export {after}"));
    }
    for prefix in ["module.exports.", "exports."] {
        let begins = |line: &str| line.starts_with(prefix);
        if text.lines().any(begins) {
            let known = format!("{prefix}{name} ");
            let is_there = text.lines().any(|it| it.starts_with(&known));
            return (!is_there).then(|| format!("{}\n{prefix}{name} = {name};\n", text.trim_end()));
        }
    }
    None
}

/// The list between `start` and `end` with one more name, in the list's own way of writing.
fn listed(text: &str, start: usize, end: usize, name: &str) -> String {
    let list = &text[start..end];
    let full = list.trim_end();
    let (tail, empty) = (&list[full.len()..], full.trim().is_empty());
    let comma = if empty || full.ends_with(',') { "" } else { "," };
    let last = full.trim_start_matches(['\r', '\n']).lines().next_back().unwrap_or_default();
    let indent = &last[..last.len() - last.trim_start().len()];
    let (gap, trailing) = match full.contains('\n') {
        true => (format!("\n{indent}"), if full.ends_with(',') { "," } else { "" }),
        false => (" ".to_owned(), ""),
    };
    let tail = if empty && tail.is_empty() { " " } else { tail };
    format!("{}{full}{comma}{gap}{name}{trailing}{tail}{}", &text[..start], &text[end..])
}

/// The header of a C source, `ring.h` for `ring.c`.
pub fn header_of(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".c").filter(|_| extension(path) == "c")?;
    Some(format!("{stem}.h"))
}

/// `header` with a prototype of `name`, as `source` at `path` defines it. `None`: it has one, it has
/// none of the source's other functions, or the function is the source's own.
pub fn declared(path: &str, source: &str, header: &str, name: &str) -> Option<String> {
    let function = defined(path, source, name)?;
    let head = source[function.body.clone()].split('{').next()?.trim();
    if head.starts_with("static ") || mentions(header, name) {
        return None;
    }
    let outline = symbols::outline("it.h", header)?;
    let last = outline.prototypes.iter().map(|it| it.bytes.end).max()?;
    let line = header[last..].find('\n').map_or(header.len(), |at| last + at);
    let head = head.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(format!("{}\n{head};{}", &header[..line], &header[line..]))
}

fn defined(path: &str, text: &str, name: &str) -> Option<Definition> {
    let outline = symbols::outline(path, text)?;
    let mut found = outline.definitions.into_iter().filter(|it| it.container.is_none());
    found.find(|it| it.name == name && it.kind == Kind::Function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_added_to_what_a_module_exports() {
        let begins = "function one() {}\n\nfunction two() {}\n\n";
        for (before, after) in [
            ("module.exports = { one };\n", "module.exports = { one, two };\n"),
            ("module.exports = {one};\n", "module.exports = {one, two};\n"),
            ("module.exports = {};\n", "module.exports = { two };\n"),
            ("export { one };\n", "export { one, two };\n"),
            (
                "module.exports = {\n  one,\n  three,\n};\n",
                "module.exports = {\n  one,\n  three,\n  two,\n};\n",
            ),
            (
                "module.exports = {\n  one,\n  three\n};\n",
                "module.exports = {\n  one,\n  three,\n  two\n};\n",
            ),
            ("exports.one = one;\n", "exports.one = one;\nexports.two = two;\n"),
        ] {
            let made = exported("a.js", &format!("{begins}{before}"), "two");
            assert_eq!(made, Some(format!("{begins}{after}")), "{before}");
            assert_eq!(exported("a.js", &made.unwrap(), "two"), None);
        }
        let esm = "export function one() {}\n\nfunction two() {}\n";
        let made = exported("a.mjs", esm, "two").unwrap();
        assert_eq!(made, "export function one() {}\n\nexport function two() {}\n");
        assert_eq!(exported("a.mjs", &made, "two"), None);
    }

    #[test]
    fn what_is_no_plain_list_is_left_alone() {
        let text = "function two() {}\nmodule.exports = { one: () => ({ a: 1 }) };\n";
        assert_eq!(exported("a.js", text, "two"), None);
        assert_eq!(exported("a.js", "function two() {}\n", "two"), None);
        assert_eq!(exported("a.py", "def two():\n    pass\n", "two"), None);
        assert_eq!(exported("a.js", "module.exports = { one };\n", "two"), None);
    }

    const HEADER: &str = "#ifndef RING_H\n#define RING_H\n\nint put(int a);  /* one */\n\n#endif\n";

    #[test]
    fn a_function_of_c_gets_its_prototype_after_the_others() {
        let source = "int put(int a)\n{\n    return a;\n}\n\nint count(const int *a,\n          int b)\n{\n    return *a + b;\n}\n";
        let made = declared("ring.c", source, HEADER, "count").unwrap();
        let both = "int put(int a);  /* one */\nint count(const int *a, int b);\n";
        assert_eq!(made, HEADER.replace("int put(int a);  /* one */\n", both));
        assert_eq!(declared("ring.c", source, &made, "count"), None);
        assert_eq!(header_of("src/ring.c").as_deref(), Some("src/ring.h"));
        assert_eq!(header_of("ring.rs"), None);
    }

    #[test]
    fn a_source_s_own_function_has_no_prototype() {
        let source = "static int own(void)\n{\n    return 1;\n}\n";
        assert_eq!(declared("ring.c", source, HEADER, "own"), None);
        assert_eq!(declared("ring.c", "int x(void)\n{\n}\n", "#define A 1\n", "x"), None);
    }
}
