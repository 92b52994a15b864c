//! Node.js: a file is imported by its path, whichever kind of module it is.

use super::snippet::Statements;
use super::{Check, Steps, Trial, file};
use crate::engine::example::place::Function;

const TOLD: &str = r#"
const fs = require('fs'), path = require('path'), url = require('url'), util = require('util');
const equal = util.isDeepStrictEqual, show = util.inspect;

function probe_tell(kind, asSaid, text) {
  const line = `${kind} ${asSaid ? 'yes' : 'no'} ${String(text).split(/\s+/).join(' ')}`;
  fs.writeSync(3, line.slice(0, 400));
  process.reallyExit(0);
}

async function probe_load(file, name) {
  const all = await import(url.pathToFileURL(path.resolve(file)).href);
  const own = all.default;
  const found = [all[name], own && own[name], own].find(
    (it, at) => typeof it === 'function' && (at < 2 || it.name === name));
  if (!found) probe_tell('unknown', false, 'it is not exported');
  return found;
}

const isA = (error, name) => {
  for (let it = error; it; it = Object.getPrototypeOf(it)) {
    if (it.name === name || (it.constructor && it.constructor.name === name)) return true;
  }
  return false;
};

"#;

const PASSES: &str = r#"
const probe_hold = (held, what) => held || probe_tell('gives', true, `fails: ${what}`);
const probe_same = (left, right, what, how) => {
  const same = { '==': () => left == right, '===': () => left === right,
    is: () => Object.is(left, right), deep: () => equal(left, right) };
  if (!same[how]()) probe_tell('gives', true, `fails: ${what}, it is ${show(left, { breakLength: Infinity })}`);
};
"#;

/// Each name, and the function that it stands for, up to where an import may fail.
fn loaded(all: &[(&str, &Function)]) -> String {
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let mut text = format!("(async () => {{\n  let {};\n  try {{\n", names.join(", "));
    for (name, function) in all {
        text.push_str(&format!(
            "    {name} = await probe_load({:?}, {:?});\n",
            function.path, function.name
        ));
    }
    text + "  } catch (it) { probe_tell('unknown', false, `the import fails: ${it && it.name}`); }\n"
}

/// The statements stand in a block, so that what they declare is theirs.
pub(super) fn statements(it: &Statements<'_>) -> Steps {
    let named: Vec<_> = it.functions.iter().map(|it| (it.name.as_str(), it)).collect();
    let text = format!(
        "{TOLD}{PASSES}{}  try {{\n{}\n  }} catch (it) {{\n\
         \x20   if (it && it.syscall) probe_tell('unknown', false, `throws ${{it.code}}`);\n\
         \x20   probe_tell('gives', true, `throws ${{it && it.name}}: ${{it && it.message}}`);\n  }}\n\
         \x20 probe_tell('holds', true, 'passes');\n}})();\n",
        loaded(&named),
        it.text
    );
    let name = format!("e{}.cjs", it.nth);
    Steps { before: file(&name, &text), run: format!("node \"$d/{name}\""), after: String::new() }
}

pub(super) fn steps(trial: &Trial<'_>) -> Steps {
    let named: Vec<_> = trial.functions.iter().map(|(name, it)| (name.as_str(), *it)).collect();
    let mut text = format!("{TOLD}{}", loaded(&named));
    let given = trial.given.as_ref().map_or_else(|| "true".to_owned(), compared);
    text.push_str(&format!(
        "  let got, error, failed = false;\n\
         \x20 try {{ got = {}; }} catch (it) {{ error = it; failed = true; }}\n\
         \x20 const text = failed ? `throws ${{error && error.name}}: ${{error && error.message}}`\n\
         \x20   : show(got, {{ breakLength: Infinity }});\n\
         \x20 probe_tell({} ? 'holds' : 'gives', {given}, text);\n}})();\n",
        trial.call,
        compared(&trial.expected)
    ));
    let name = format!("e{}.cjs", trial.nth);
    Steps { before: file(&name, &text), run: format!("node \"$d/{name}\""), after: String::new() }
}

fn compared(check: &Check) -> String {
    match check {
        Check::Value(it) => format!("(!failed && equal(got, ({it})))"),
        Check::Raises(name) => format!("(failed && isA(error, {name:?}))"),
        Check::Returns => "!failed".to_owned(),
    }
}
