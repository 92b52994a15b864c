//! The line that brings a function in from another file of the project.

use super::listed;
use crate::engine::guard::language::{Language, extension, mentions, stem};
use crate::engine::splice::{brought, is_import};
use crate::engine::symbols;

/// `text`, the file at `path`, with the function `name` of the file `from` brought in, written as the
/// file writes what it has. `None`: it does not call it, it has it already, or there is no such line
/// in the language, or none that is sure.
pub fn imported(path: &str, text: &str, from: &str, name: &str) -> Option<String> {
    let language = Language::of(path)?;
    let outline = symbols::outline(path, text)?;
    let has = outline.definitions.iter().any(|it| it.name == name);
    let known = |it: &str| is_import(language, it) && mentions(it, name);
    if path == from
        || Language::of(from) != Some(language)
        || !mentions(text, name)
        || has
        || text.lines().any(known)
    {
        return None;
    }
    match language {
        Language::JavaScript => script(path, text, from, name),
        Language::Python => python(path, text, from, name),
        Language::C => header(path, text, from),
        Language::Rust | Language::Go | Language::Shell => None,
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |it| it.0)
}

fn script(path: &str, text: &str, from: &str, name: &str) -> Option<String> {
    let exact = relative(path, from);
    let bare = exact.strip_suffix(&format!(".{}", extension(from)))?.to_owned();
    // TypeScript names what it compiles to.
    let compiled = format!("{bare}.js");
    for spec in [&exact, &bare, &compiled] {
        for quote in ['"', '\''] {
            let Some(at) = text.find(&format!("{quote}{spec}{quote}")) else { continue };
            // `import { a } from "./b"`, or `const { a } = require("./b")`.
            let before = &text[..at];
            let (start, end) = (before.rfind('{')?, before.rfind('}')?);
            let list = text.get(start + 1..end)?;
            let plain = |it: char| it.is_alphanumeric() || "_$, \t\r\n".contains(it);
            let between = before[end + 1..].trim();
            let is_list = matches!(between, "from" | "= require(") && list.chars().all(plain);
            return is_list.then(|| listed(text, start + 1, end, name));
        }
    }
    let own = |it: &&str| is_import(Language::JavaScript, it);
    let quote = if text.lines().filter(own).any(|it| it.contains('\'')) { '\'' } else { '"' };
    let relatives = text.lines().filter(own).filter(|it| it.contains("\"./") || it.contains("'./"));
    let has_extension = |it: &str| it.trim_end_matches([';', ')', '"', '\'']).ends_with("js");
    let is_module = text.lines().any(|it| it.starts_with("import ") || it.starts_with("export "));
    let mut relatives = relatives.peekable();
    let spec = match relatives.peek() {
        Some(one) if !has_extension(one) => bare,
        Some(_) => compiled_or(exact, compiled),
        None if is_module => compiled_or(exact, compiled),
        None => bare,
    };
    let line = match is_module {
        true => format!("import {{ {name} }} from {quote}{spec}{quote};"),
        false => format!("const {{ {name} }} = require({quote}{spec}{quote});"),
    };
    brought(path, text, &line)
}

fn compiled_or(exact: String, compiled: String) -> String {
    if exact.ends_with("ts") { compiled } else { exact }
}

/// How `path` names the file `from`: `./a.js`, `../lib/a.js`.
fn relative(path: &str, from: &str) -> String {
    let own: Vec<&str> = folder(path).split('/').filter(|it| !it.is_empty()).collect();
    let parts: Vec<&str> = from.split('/').collect();
    let same = own.iter().zip(&parts).take_while(|(one, other)| one == other).count();
    let up = "../".repeat(own.len() - same);
    let up = if up.is_empty() { "./" } else { &up };
    format!("{up}{}", parts[same..].join("/"))
}

fn python(path: &str, text: &str, from: &str, name: &str) -> Option<String> {
    let module = stem(from);
    let beside = folder(path) == folder(from);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        at += line.len();
        let Some((source, names)) =
            line.trim_end().strip_prefix("from ").and_then(|it| it.split_once(" import "))
        else {
            continue;
        };
        let parts: Vec<&str> = source.rsplit('.').collect();
        let in_folder = parts.get(1).is_none_or(|it| it.is_empty() || folder(from).ends_with(it));
        if parts.first() == Some(&module) && in_folder && !names.contains(['(', '\\', '#', '*']) {
            return Some(format!("{}, {name}{}", &text[..end], &text[end..]));
        }
    }
    let package = folder(from).rsplit('/').next().unwrap_or_default();
    let absolute = format!("from {package}.");
    let has = |start: &str| text.lines().any(|it| it.starts_with(start));
    let source = match beside {
        true if has("from .") => format!(".{module}"),
        true if !package.is_empty() && has(&absolute) => format!("{package}.{module}"),
        true => module.to_owned(),
        false => return None,
    };
    brought(path, text, &format!("from {source} import {name}"))
}

fn header(path: &str, text: &str, from: &str) -> Option<String> {
    let header = format!("{}.h", stem(from));
    let known = text.lines().any(|it| it.starts_with("#include") && it.contains(&header));
    let beside = folder(path) == folder(from);
    if known || !beside {
        return None;
    }
    brought(path, text, &format!("#include \"{header}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_brought_in_as_the_file_brings_in_the_rest() {
        let calls = "\n\nexport function show() {\n  return clock(1);\n}\n";
        for (own, made) in [
            ("import { sum } from \"./time.js\";", "import { sum, clock } from \"./time.js\";"),
            (
                "import fs from \"node:fs\";",
                "import fs from \"node:fs\";\nimport { clock } from \"./time.js\";",
            ),
            (
                "import { a } from './a';",
                "import { a } from './a';\nimport { clock } from './time';",
            ),
        ] {
            let new = imported("src/list.js", &format!("{own}{calls}"), "src/time.js", "clock");
            assert_eq!(new, Some(format!("{made}{calls}")), "{own}");
            assert_eq!(imported("src/list.js", &new.unwrap(), "src/time.js", "clock"), None);
        }
        let common =
            "const { a } = require('../lib/time');\n\nfunction show() {\n  return clock(1);\n}\n";
        let new = imported("bin/list.js", common, "lib/time.js", "clock").unwrap();
        assert!(new.starts_with("const { a, clock } = require('../lib/time');"), "{new}");
        let plain = "function show() {\n  return clock(1);\n}\nmodule.exports = { show };\n";
        let new = imported("list.js", plain, "lib/time.js", "clock").unwrap();
        assert!(new.starts_with("const { clock } = require(\"./lib/time\");\n\nfunction"), "{new}");
        let typed = "import { a } from \"./a.js\";\n\nexport const show = () => clock(1);\n";
        let new = imported("list.ts", typed, "time.ts", "clock").unwrap();
        assert!(new.contains("import { clock } from \"./time.js\";"), "{new}");
    }

    #[test]
    fn in_python_and_c_likewise() {
        let calls = "\n\ndef show():\n    return clock(1)\n";
        for (own, made) in [
            ("from time_of import one", "from time_of import one, clock"),
            ("from .time_of import one", "from .time_of import one, clock"),
            ("from .a import b", "from .a import b\nfrom .time_of import clock"),
            ("from shop.a import b", "from shop.a import b\nfrom shop.time_of import clock"),
            ("import os", "import os\nfrom time_of import clock"),
        ] {
            let new =
                imported("shop/list.py", &format!("{own}{calls}"), "shop/time_of.py", "clock");
            assert_eq!(new, Some(format!("{made}{calls}")), "{own}");
        }
        let text = "#include <stdio.h>\n\nint show(void)\n{\n    return clock_of(1);\n}\n";
        let new = imported("list.c", text, "clock.c", "clock_of").unwrap();
        assert!(new.starts_with("#include <stdio.h>\n#include \"clock.h\"\n\nint"), "{new}");
    }

    #[test]
    fn what_does_not_call_it_or_has_it_stays() {
        let text = "export function show() {\n  return 1;\n}\n";
        assert_eq!(imported("a.js", text, "b.js", "clock"), None);
        let own = "function clock() {}\nexport function show() {\n  return clock();\n}\n";
        assert_eq!(imported("a.js", own, "b.js", "clock"), None);
        let calls = "def show():\n    return clock(1)\n";
        assert_eq!(imported("a/b.py", calls, "c/d.py", "clock"), None);
        assert_eq!(imported("a.py", calls, "d.js", "clock"), None);
        assert_eq!(imported("a.py", calls, "a.py", "clock"), None);
    }
}
