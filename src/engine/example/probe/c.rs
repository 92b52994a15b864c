//! C: a program that takes the file in with its `main` renamed, and is linked with what lies beside.

use super::snippet::Statements;
use super::{Check, Steps, Trial, file};
use crate::engine::guard::{is_test_file, language, language::Code};
use crate::engine::source::SourceFile;

const TOLD: &str = r#"
#include <stdio.h>
#include <string.h>
static int same_text(const char *a, const char *b) { return a && b ? !strcmp(a, b) : a == b; }
static int same_real(double a, double b) { return a == b; }
static int same_whole(long long a, long long b) { return a == b; }
static void show_text(const char *a, char *to) { snprintf(to, 300, a ? "\"%s\"" : "NULL", a); }
static void show_real(double a, char *to) { snprintf(to, 300, "%.17g", a); }
static void show_whole(long long a, char *to) { snprintf(to, 300, "%lld", a); }
#define OF(x, what) _Generic((x), char *: what##_text, const char *: what##_text, \
    float: what##_real, double: what##_real, default: what##_whole)
"#;

pub(super) fn steps(trial: &Trial<'_>, sources: &[SourceFile<'_>]) -> Option<Steps> {
    let Check::Value(expected) = &trial.expected else { return None };
    let given = match &trial.given {
        None => "1".to_owned(),
        Some(Check::Value(it)) => format!("OF(got, same)(got, {it})"),
        Some(_) => return None,
    };
    let [(name, function)] = trial.functions.as_slice() else { return None };
    let path = function.path.as_str();
    let (nth, call) = (trial.nth, &trial.call);
    let text = format!(
        "#define main probe_main\n#include \"{path}\"\n#undef main\n{TOLD}\
         #define {name} {}\nextern int dprintf(int, const char *, ...);\n\
         int main(void) {{\n    __auto_type got = {call};\n    char text[300];\n\
         \x20   OF(got, show)(got, text);\n\
         \x20   for (char *it = text; *it; it++) if (*it == '\\n') *it = ' ';\n\
         \x20   dprintf(3, \"%s %s %s\", OF(got, same)(got, {expected}) ? \"holds\" : \"gives\", \
         {given} ? \"yes\" : \"no\", text);\n    return 0;\n}}\n",
        function.name
    );
    Some(program(nth, path, &text, sources))
}

/// A pointer is shown as none: it is another one each time.
const PASSES: &str = r#"
extern int dprintf(int, const char *, ...);
extern void _exit(int);
static void probe_tell(const char *kind, const char *what, const char *got) {
    char text[600];
    snprintf(text, sizeof text, "%s%s%s%s", *got || *kind == 'g' ? "fails: " : "", what, *got ? ", it is " : "", got);
    for (char *it = text; *it; it++) if (*it == '\n') *it = ' ';
    dprintf(3, "%s yes %s", kind, text);
    _exit(0);
}
#define probe_hold(x, what) do { if (!(x)) probe_tell("gives", what, ""); } while (0)
#define probe_same(x, y, what) do { __auto_type probe_got = (x); if (!(probe_got == (y))) { \
    char probe_text[300]; OF(probe_got, show)(probe_got, probe_text); probe_tell("gives", what, probe_text); } \
    } while (0)
"#;

pub(super) fn statements(it: &Statements<'_>, sources: &[SourceFile<'_>]) -> Option<Steps> {
    let (path, statements) = (it.path, &it.text);
    let text = format!(
        "#define main probe_main\n#include \"{path}\"\n#undef main\n{TOLD}{PASSES}\
         static void probe_statements(void) {{\n{statements}\n}}\n\
         int main(void) {{\n    probe_statements();\n    probe_tell(\"holds\", \"passes\", \"\");\n}}\n"
    );
    Some(program(it.nth, path, &text, sources))
}

/// A program that takes the file at `path` in.
fn program(nth: usize, path: &str, text: &str, sources: &[SourceFile<'_>]) -> Steps {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = sources.iter().filter(|it| {
        let own = it.path.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
        own && it.path != path
            && it.path.ends_with(".c")
            && !is_test_file(it.path)
            && !has_main(it.text)
    });
    let beside =
        beside.map(|it| super::super::command::quoted(it.path)).collect::<Vec<_>>().join(" ");
    let before = format!(
        "{}${{CC:-cc}} -w -o \"$d/e{nth}\" \"$d/e{nth}.c\" {beside} -I. -I\"./{folder}\" -Iinclude -Isrc -lm \
         >/dev/null 2>&1 </dev/null\n",
        file(&format!("e{nth}.c"), text)
    );
    Steps { before, run: format!("\"$d/e{nth}\""), after: String::new() }
}

fn has_main(text: &str) -> bool {
    let code = Code::of(language::Language::C, text);
    code.text.lines().any(|it| it.contains("main(") && !it.starts_with(' '))
}
