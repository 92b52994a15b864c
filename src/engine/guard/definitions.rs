//! What a source file defines: functions, classes, methods, types, constants, macros, exports.
//! By simple patterns over lines, in the way that people format code.

use std::collections::HashSet;

use super::language::{Code, Language, identifier, is_word, mentions};

mod script;
mod typed;

/// Something with a name that other code may lean on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Definition {
    /// Its name: `area`.
    pub(in crate::engine) name: String,
    /// Its name with where it stands: `Shape.area`, `export area`.
    pub(in crate::engine) full: String,
    /// Whether only code in the same file (in Go, the same package) can use it.
    pub(in crate::engine) private: bool,
}

impl Definition {
    fn new(scope: &str, name: &str, private: bool) -> Self {
        let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
        Self { name: name.to_owned(), full, private }
    }

    fn export(name: &str) -> Self {
        Self { name: name.to_owned(), full: format!("export {name}"), private: false }
    }

    fn is_export(&self) -> bool {
        self.full.starts_with("export ")
    }
}

/// All that `text` defines, in its order. Tests inside a Rust source file are left out.
pub(in crate::engine) fn definitions(path: &str, text: &str) -> Vec<Definition> {
    let Some(language) = Language::of(path) else { return Vec::new() };
    let code = Code::of(language, text).text;
    match language {
        Language::Python => script::python(&code),
        Language::JavaScript => script::javascript(&code),
        Language::Shell => script::shell(&code),
        Language::Rust => typed::rust(&code),
        Language::Go => typed::go(&code),
        Language::C => typed::c(&code),
    }
}

/// The names that `old` at `path` defines and that none of `new` (paths and texts after the
/// change) does. A private helper that nothing uses any more is not missed.
pub(super) fn lost(
    path: &str,
    old: &str,
    olds: &[(&str, &str)],
    new: &[(&str, &str)],
) -> Vec<String> {
    let before: Vec<Definition> = olds.iter().flat_map(|(p, t)| definitions(p, t)).collect();
    let after: Vec<Definition> = new.iter().flat_map(|(p, t)| definitions(p, t)).collect();
    let names: HashSet<&str> = after.iter().map(|it| it.full.as_str()).collect();
    let mut lost = Vec::new();
    for it in definitions(path, old) {
        let same =
            |other: &&Definition| other.name == it.name && other.is_export() == it.is_export();
        let fewer = || after.iter().filter(same).count() < before.iter().filter(same).count();
        let unused = || {
            it.private
                && times(old, &it.name) > 1
                && !new.iter().any(|(_, text)| mentions(text, &it.name))
        };
        let imported = || new.iter().any(|(_, text)| imports(text, &it.name));
        let there = names.contains(it.full.as_str()) || lost.contains(&it.name);
        if !there && fewer() && !unused() && !imported() {
            lost.push(it.name);
        }
    }
    lost
}

fn times(text: &str, word: &str) -> usize {
    text.lines().filter(|line| mentions(line, word)).count()
}

/// Whether a line brings `name` in from elsewhere, or hands everything on (`export *`).
fn imports(text: &str, name: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let import = ["import ", "from ", "use ", "pub use "].iter().any(|it| line.starts_with(it));
        (import && mentions(line, name)) || line.starts_with("export *")
    })
}

/// What follows `word` and white space at the beginning of `line`.
pub(super) fn after<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(word)?;
    rest.starts_with(char::is_whitespace).then(|| rest.trim_start())
}

/// `line` without any of `words` at its beginning.
fn without<'a>(mut line: &'a str, words: &[&str]) -> &'a str {
    while let Some(rest) = words.iter().find_map(|word| after(line, word)) {
        line = rest;
    }
    line
}

/// How far the line is indented, in characters.
fn indent(line: &str) -> usize {
    line.chars().take_while(|c| c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, text: &str) -> String {
        let all: Vec<String> = definitions(path, text)
            .into_iter()
            .map(|it| if it.private { format!("({})", it.full) } else { it.full })
            .collect();
        all.join(" ")
    }

    #[test]
    fn python_defines_functions_classes_methods_and_constants() {
        let text = "WORD = 1\nlow = 2\n\n@cache\nasync def f(\n    a,\n):\n    def inner(): pass\n\nclass A(B):\n    X = 1\n    def m(self):\n        pass\n    def _p(self): pass\n\"\"\"\ndef no(): \"\"\"\n";
        assert_eq!(names("a.py", text), "WORD f A A.m (A._p)");
    }

    #[test]
    fn javascript_defines_functions_classes_methods_and_exports() {
        let text = "import x from 'y';\nexport async function f(a) {\n  const inner = 1;\n}\nconst g = () => 1;\nexport class A extends B {\n  static #n = 1;\n  async go(a) {\n    if (a) {\n    }\n  }\n}\nexport {\n  g,\n  h as i,\n} from \"./z\";\nmodule.exports = { k, l: 2 };\nexports.m = 1;\nexport interface T {}\n";
        assert_eq!(
            names("a.ts", text),
            "f export f g A export A A.n A.go T export T export g export i export k export l export m"
        );
    }

    #[test]
    fn rust_defines_items_and_methods_but_no_tests() {
        let text = "pub(crate) const fn f() {}\nmacro_rules! m {\n}\nimpl<T> A<T> {\n    pub fn new(\n        x: T,\n    ) -> Self {\n        fn inner() {}\n    }\n    fn p(&self) {}\n}\nimpl fmt::Display for A {\n    fn fmt(&self) {\n    }\n}\nstatic S: u8 = 1;\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        assert_eq!(
            names("a.rs", text),
            "f m impl<T> A<T>.new (impl<T> A<T>.p) impl fmt::Display for A.fmt (S)"
        );
    }

    #[test]
    fn go_and_c_and_shell_define_what_they_define() {
        let go = "func (s *Set[T]) Add(x T) {\n}\nfunc low() {}\ntype Set struct {\n}\nconst (\n\tA = 1\n\tb\n)\nvar E = 1\n";
        assert_eq!(names("a.go", go), "Set.Add (low) Set A (b) E");
        let c = "#define SIZE 8\nstruct ring {\n    int a;\n};\ntypedef struct { int x; } point;\nstatic int *put(struct ring *r)\n{\n    return get(r);\n}\nint count(void);\nint x = f(1);\n";
        assert_eq!(names("a.c", c), "SIZE ring point (put) proto.count");
        assert_eq!(names("a.sh", "usage() {\n}\nfunction go_on {\n}\n"), "usage go_on");
    }

    #[test]
    fn a_helper_that_nothing_uses_any_more_is_not_missed() {
        let old = "def _half(x):\n    return x / 2\n\ndef f(x):\n    return _half(x)\n";
        let lost_in = |new: &str| lost("a.py", old, &[("a.py", old)], &[("a.py", new)]);
        assert!(lost_in("def f(x):\n    return x / 2\n").is_empty());
        assert_eq!(lost_in("def f(x):\n    return _half(x)\n"), ["_half"]);
        assert_eq!(lost_in("def _half(x):\n    return x / 2\n"), ["f"]);
        assert!(lost_in("from b import f\n").is_empty());
    }
}
