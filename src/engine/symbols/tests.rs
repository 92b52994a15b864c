use super::*;

mod bounds;

fn of(path: &str, text: &str) -> Outline {
    outline(path, text).expect("a language of ours")
}

/// `Kind container.name` of each definition.
fn names(path: &str, text: &str) -> Vec<String> {
    let found = of(path, text);
    assert_eq!(found.broken, None, "{path} parses");
    found.definitions.iter().map(shown).collect()
}

fn shown(it: &Definition) -> String {
    let dot = |it: &String| format!("{it}.");
    let container = it.container.as_ref().map(dot).unwrap_or_default();
    format!("{:?} {container}{}", it.kind, it.name)
}

/// The whole definition of `name`, and its head.
fn whole<'t>(path: &str, text: &'t str, name: &str) -> (&'t str, String) {
    let found = of(path, text);
    let it = found.definitions.iter().find(|it| it.name == name).expect("it is defined");
    (&text[it.bytes.clone()], it.signature.clone())
}

#[test]
fn python_has_functions_methods_classes_and_constants() {
    let text = "\
import os
LIMIT = 10
names: list[str] = []
late: int

# Reads it.
# Twice.
@cached
async def read(path,
               mode='r') -> str:
    \"\"\"Doc.\"\"\"
    def inner(): pass
    return inner

class Store(Base):
    SIZE = 4
    # What it holds.
    @property
    def size(self): return 1
    class Row:
        def cell(self): pass

try:
    import json
except ImportError:
    def loads(text): return text
if __name__ == '__main__':
    result = main()
";
    assert_eq!(
        names("a.py", text),
        [
            "Constant LIMIT",
            "Constant names",
            "Function read",
            "Type Store",
            "Constant Store.SIZE",
            "Method Store.size",
            "Type Store.Row",
            "Method Row.cell",
            "Function loads"
        ]
    );
    let (read, head) = whole("a.py", text, "read");
    assert!(read.starts_with("# Reads it.\n# Twice.\n@cached\nasync def read("), "{read}");
    assert!(read.ends_with("return inner"), "{read}");
    assert_eq!(head, "async def read(path, mode='r') -> str");
    let (size, head) = whole("a.py", text, "size");
    assert!(size.starts_with("# What it holds.\n    @property\n"), "{size}");
    assert_eq!(head, "def size(self)");
    let found = of("a.py", text);
    let read = found.definitions.iter().find(|it| it.name == "read").unwrap();
    assert!(text[read.body.clone()].starts_with("async def read("));
}

#[test]
fn javascript_has_what_is_bound_to_a_name() {
    let text = "\
const fs = require('fs');
/** Adds. */
export async function add(a, b) { return a + b; }
export const twice = (n) => n * 2, LIMIT = 3;
const half = function (n) { function deep() {} return n / 2; };
module.exports.third = function (n) { return n / 3; };
exports.again = again;
Shape.prototype.area = function () { return 0; };
class Ring extends Base {
  // Empty?
  get empty() { return true; }
  push = (value) => { this.list.push(value); };
  static #count = 0;
}
const api = { get(id) { return id; }, set: function (id) {}, name: 'x' };
(function () { function hidden() {} })();
export default class { run() {} }
";
    assert_eq!(
        names("a.js", text),
        [
            "Function add",
            "Function twice",
            "Constant LIMIT",
            "Function half",
            "Function third",
            "Method Shape.area",
            "Type Ring",
            "Method Ring.empty",
            "Method Ring.push",
            "Constant api",
            "Method api.get",
            "Method api.set",
            "Function hidden",
            "Type default",
            "Method default.run"
        ]
    );
    let (add, head) = whole("a.js", text, "add");
    assert_eq!(add, "/** Adds. */\nexport async function add(a, b) { return a + b; }");
    assert_eq!(head, "export async function add(a, b)");
    assert_eq!(whole("a.js", text, "LIMIT").0, "LIMIT = 3");
    assert_eq!(whole("a.js", text, "half").1, "const half = function (n)");
    assert!(whole("a.js", text, "empty").0.starts_with("// Empty?"));
}

#[test]
fn typescript_has_types_and_its_overloads_are_announced() {
    let text = "\
@Injectable()
export abstract class Users<T> {
  constructor(private readonly db: Db) {}
  abstract load(id: string): Promise<T>;
  @Get() find(id: string): T { return this.db.get(id) as T; }
}
export interface User { name: string }
export type Id = string | number;
enum Level { Low, High }
function pick(a: string): string;
function pick(a: any) { return a; }
namespace inner { export const size = 3; }
declare function outside(): void;
";
    assert_eq!(
        names("a.ts", text),
        [
            "Type Users",
            "Method Users.constructor",
            "Method Users.find",
            "Type User",
            "Type Id",
            "Type Level",
            "Function pick",
            "Constant inner.size"
        ]
    );
    let announced: Vec<_> = of("a.ts", text).prototypes.iter().map(shown).collect();
    assert_eq!(announced, ["Method Users.load", "Function pick", "Function outside"]);
    let (users, head) = whole("a.ts", text, "Users");
    assert!(users.starts_with("@Injectable()\nexport"), "{users}");
    assert!(head.contains("class Users<T>"), "{head}");
    let text = "export const App = () => <p className=\"x\">{name}</p>;\n";
    assert_eq!(names("a.tsx", text), ["Function App"]);
}

#[test]
fn rust_has_items_of_impls_traits_and_modules() {
    let text = "\
//! Of the file.
use std::fmt;
/// How many.
pub const LIMIT: usize = 3;
/// A ring.
#[derive(Debug)]
pub struct Ring<T> { items: Vec<T> }
impl<T: Clone> fmt::Display for Ring<T> {
    /// Shows it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
}
pub trait Area { const UNIT: u8; fn area(&self) -> f64; fn twice(&self) -> f64 { 2.0 } }
enum Level { Low }
type Id = u32;
macro_rules! times { ($a:expr) => { $a } }
extern \"C\" { fn outside(); }
#[cfg(test)]
mod tests {
    #[test]
    fn it_works() {}
}
";
    assert_eq!(
        names("a.rs", text),
        [
            "Constant LIMIT",
            "Type Ring",
            "Method Ring.fmt",
            "Type Area",
            "Constant Area.UNIT",
            "Method Area.area",
            "Method Area.twice",
            "Type Level",
            "Type Id",
            "Function times",
            "Function tests.it_works"
        ]
    );
    let (ring, head) = whole("a.rs", text, "Ring");
    assert!(ring.starts_with("/// A ring.\n#[derive(Debug)]\npub struct"), "{ring}");
    assert_eq!(head, "pub struct Ring<T>");
    assert!(whole("a.rs", text, "it_works").0.starts_with("#[test]\n"));
    assert_eq!(whole("a.rs", text, "LIMIT").1, "pub const LIMIT: usize = 3");
    assert_eq!(of("a.rs", text).prototypes.len(), 1);
}

#[test]
fn c_has_functions_macros_and_types_and_announces_prototypes() {
    let text = "\
#ifndef RING_H
#define RING_H
#define RING_MAX 64
#define MIN(a, b) ((a) < (b) ? (a) : (b))
/* Puts it. */
static int *ring_put(struct ring *r, int value)
{
    return 0;
}
int ring_get(struct ring *r);
extern int count;
struct ring { int head; };
typedef struct { int x; } point_t;
typedef int (*compare_fn)(const void *, const void *);
enum level { LOW, HIGH = 2 };
static const char *names[] = { \"a\" };
static int (*hook)(int) = 0;
#endif
";
    assert_eq!(
        names("a.c", text),
        [
            "Constant RING_MAX",
            "Function MIN",
            "Function ring_put",
            "Type ring",
            "Type point_t",
            "Type compare_fn",
            "Type level",
            "Constant LOW",
            "Constant HIGH",
            "Constant names",
            "Constant hook"
        ]
    );
    let announced: Vec<_> = of("a.h", text).prototypes.iter().map(shown).collect();
    assert_eq!(announced, ["Function ring_get", "Constant count"]);
    let (put, head) = whole("a.c", text, "ring_put");
    assert!(put.starts_with("/* Puts it. */\nstatic int") && put.ends_with('}'), "{put}");
    assert_eq!(head, "static int *ring_put(struct ring *r, int value)");
    assert_eq!(whole("a.c", text, "RING_MAX").0, "#define RING_MAX 64");
}

#[test]
fn go_has_methods_by_their_receiver() {
    let text = "\
package ring

// Max is the most.
const Max = 3

const (
\tLow = iota
\tHigh
)

var ErrFull, errEmpty = errors.New(\"full\"), errors.New(\"empty\")

// Ring holds.
type Ring[T any] struct{ items []T }

type (
\tID string
)

// Put puts.
func (r *Ring[T]) Put(v T) error { return nil }

func New() *Ring[int] { return nil }
";
    assert_eq!(
        names("a.go", text),
        [
            "Constant Max",
            "Constant Low",
            "Constant High",
            "Constant ErrFull",
            "Constant errEmpty",
            "Type Ring",
            "Type ID",
            "Method Ring.Put",
            "Function New"
        ]
    );
    assert!(whole("a.go", text, "Put").0.starts_with("// Put puts.\nfunc (r"));
    assert_eq!(whole("a.go", text, "Max").0, "// Max is the most.\nconst Max = 3");
}

#[test]
fn a_script_is_known_by_its_first_line() {
    let text = "#!/usr/bin/env bash\nreadonly LIMIT=3\n# Says it.\nsay() {\n  echo \"$1\"\n}\nfunction shout { say \"$1\"; }\n";
    for path in ["run", "bin/run", "a.sh"] {
        assert_eq!(names(path, text), ["Constant LIMIT", "Function say", "Function shout"]);
    }
    assert_eq!(whole("run", text, "say").0, "# Says it.\nsay() {\n  echo \"$1\"\n}");
    assert!(outline("run", "#!/usr/bin/env -S python3 -u\n").is_some());
    assert!(outline("run", "#!/usr/bin/node\n").is_some());
    for (path, text) in [("run", "say() {}"), ("run", "#!/usr/bin/perl\n"), ("a.md", "# A")] {
        assert_eq!(outline(path, text), None, "{path}");
    }
    assert_eq!(outline("a.py", &"x = 1\n".repeat(100_000)), None, "too long");
}

#[test]
fn a_comment_after_an_empty_line_belongs_to_nobody() {
    let text = "x = 1  # of x\ndef a():\n    pass\n# of a\n\ndef b():\n    pass\n";
    assert!(whole("a.py", text, "a").0.starts_with("def a"));
    assert!(whole("a.py", text, "b").0.starts_with("def b"));
}

#[test]
fn no_character_behind_a_brace_ends_the_process() {
    for far in ['\u{ff}', 'あ', '😀', '\u{10ffff}'] {
        let text = format!(
            "first() {{\n  echo {{{far}..{far}}} {{1..{far}}} ${{{far}}}\n}}\n\nsecond() {{ echo {far}; }}\n"
        );
        let all: Vec<_> = of("a.sh", &text).definitions.iter().map(|it| it.name.clone()).collect();
        assert_eq!(all, ["first", "second"], "{far}");
    }
}

#[test]
fn what_does_something_is_told_from_what_does_not() {
    let same = |path: &str, one: &str, two: &str| tokens(path, one) == tokens(path, two);
    let python = "def f(x):\n    \"\"\"One.\"\"\"\n    return 'a b'\n";
    assert!(same("a.py", python, "# new\ndef f(x):\n    \"\"\"Two.\"\"\"\n\n    return 'a b'\n"));
    assert!(same("a.py", "class A:\n    'x'\n", "class A:\n    'y'\n    pass\n"));
    assert!(!same("a.py", python, "def f(x):\n    \"\"\"One.\"\"\"\n    return 'a c'\n"));
    assert!(!same("a.py", "f(1)\n", "f(2)\n"));
    assert!(same("a.js", "f(1); // one\n", "f(1);\n/* two */\n"));
    assert!(!same("a.js", "'use strict'; f(1);\n", "f(1);\n"));
    assert!(same("a.rs", "/// One.\nfn f() {}\n", "fn f() {}\n"));
    assert!(same("a.c", "int f(void);\n", "int f( void ); // one\n"));
    assert!(same("a.sh", "echo a # b\n", "echo a\n") && !same("a.sh", "echo a\n", "echo b\n"));
    assert_eq!(tokens("a.md", "x"), None);
}
