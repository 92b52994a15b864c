//! Python: modules are imported by their path, with the root and their folder to be found in.

use super::snippet::Statements;
use super::{Check, Steps, Trial, file};
use crate::engine::example::place::Function;

const TOLD: &str = r#"
import importlib, os, signal, sys

def load(path):
    folder, name = os.path.split(os.path.abspath(path))
    parts = [] if name == "__init__.py" else [name[:-3]]
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, part = os.path.split(folder)
        parts.insert(0, part)
    for place in (os.getcwd(), folder):
        if place not in sys.path:
            sys.path.insert(0, place)
    return importlib.import_module(".".join(parts))

def tell(kind, as_said, text):
    line = "%s %s %s" % (kind, "yes" if as_said else "no", " ".join(str(text).split()))
    os.write(3, line[:400].encode("utf-8", "replace"))
    os._exit(0)

def is_a(error, name):
    return any(it.__name__ == name for it in type(error).__mro__)

sys.path.pop(0)
signal.alarm(15)
got = error = None
names = {}
"#;

/// The statements are a text of their own: to indent them would change the texts in them.
const PASSES: &str = r#"
def probe_hold(held, what):
    if not held:
        tell("gives", True, "fails: %s" % what)

def probe_same(left, right, what):
    if not left == right:
        tell("gives", True, "fails: %s, it is %r" % (what, left))

names.update(__name__="statements", probe_hold=probe_hold, probe_same=probe_same)
try:
    with open(__file__[:-3] + ".statements", encoding="utf-8") as it:
        statements = compile(it.read(), "statements", "exec")
except BaseException as it:
    tell("unknown", False, "they cannot be read: " + type(it).__name__)
try:
    exec(statements, names)
except (ImportError, OSError) as it:
    tell("unknown", False, "raises " + type(it).__name__)
except BaseException as it:
    tell("gives", True, "raises %s: %s" % (type(it).__name__, it))
tell("holds", True, "passes")
"#;

/// Puts each function where it belongs.
fn loaded<'a>(all: impl Iterator<Item = (String, &'a Function)>) -> String {
    let mut text = format!("{TOLD}try:\n    pass\n");
    for (name, function) in all {
        text.push_str(&format!("    {name} = load({:?}).{}\n", function.path, function.name));
    }
    text.push_str("except BaseException as it:\n    tell(\"unknown\", False, \"the import fails: \" + type(it).__name__)\n");
    text
}

pub(super) fn statements(it: &Statements<'_>) -> Steps {
    // Apart from names of ours, which may be the project's too.
    let named = it.functions.iter().map(|it| (format!("names[{:?}]", it.name), it));
    let (nth, text) = (it.nth, loaded(named) + PASSES);
    let before =
        file(&format!("e{nth}.py"), &text) + &file(&format!("e{nth}.statements"), &it.text);
    Steps { before, run: format!("python3 -B \"$d/e{nth}.py\""), after: String::new() }
}

pub(super) fn steps(trial: &Trial<'_>) -> Steps {
    let mut text = loaded(trial.functions.iter().map(|(name, it)| (name.clone(), *it)));
    text.push_str(&format!(
        "try:\n    got = {}\nexcept BaseException as it:\n    error = it\n",
        trial.call
    ));
    let given = trial.given.as_ref().map_or_else(|| "True".to_owned(), compared);
    text.push_str(&format!(
        "try:\n    holds = bool({})\n    as_said = bool({given})\n\
         \x20   text = repr(got) if error is None else \"raises %s: %s\" % (type(error).__name__, error)\n\
         except BaseException as it:\n    tell(\"unknown\", False, \"it cannot be compared: \" + type(it).__name__)\n\
         tell(\"holds\" if holds else \"gives\", as_said, text)\n",
        compared(&trial.expected)
    ));
    let name = format!("e{}.py", trial.nth);
    Steps {
        before: file(&name, &text),
        run: format!("python3 -B \"$d/{name}\""),
        after: String::new(),
    }
}

fn compared(check: &Check) -> String {
    match check {
        Check::Value(it) => format!("error is None and got == ({it})"),
        Check::Raises(name) => format!("error is not None and is_a(error, {name:?})"),
        Check::Returns => "error is None".to_owned(),
    }
}
