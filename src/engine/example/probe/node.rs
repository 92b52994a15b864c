//! Node.js: a file is imported by its path, whichever kind of module it is.

use super::{Check, Steps, Trial, file};

const TOLD: &str = r#"
const fs = require('fs'), path = require('path'), url = require('url'), util = require('util');
const equal = util.isDeepStrictEqual, show = util.inspect;

function tell(kind, asSaid, text) {
  const line = `${kind} ${asSaid ? 'yes' : 'no'} ${String(text).split(/\s+/).join(' ')}`;
  fs.writeSync(3, line.slice(0, 400));
  process.reallyExit(0);
}

async function load(file, name) {
  const all = await import(url.pathToFileURL(path.resolve(file)).href);
  const own = all.default;
  const found = [all[name], own && own[name], own].find(
    (it, at) => typeof it === 'function' && (at < 2 || it.name === name));
  if (!found) tell('unknown', false, 'it is not exported');
  return found;
}

const isA = (error, name) => {
  for (let it = error; it; it = Object.getPrototypeOf(it)) {
    if (it.name === name || (it.constructor && it.constructor.name === name)) return true;
  }
  return false;
};

"#;

pub(super) fn steps(trial: &Trial<'_>) -> Steps {
    let names: Vec<&str> = trial.functions.iter().map(|(name, _)| name.as_str()).collect();
    let mut text = format!("{TOLD}(async () => {{\n  let {};\n  try {{\n", names.join(", "));
    for (name, function) in &trial.functions {
        text.push_str(&format!(
            "    {name} = await load({:?}, {:?});\n",
            function.path, function.name
        ));
    }
    let given = trial.given.as_ref().map_or_else(|| "true".to_owned(), compared);
    text.push_str(&format!(
        "  }} catch (it) {{ tell('unknown', false, `the import fails: ${{it && it.name}}`); }}\n\
         \x20 let got, error, failed = false;\n\
         \x20 try {{ got = {}; }} catch (it) {{ error = it; failed = true; }}\n\
         \x20 const text = failed ? `throws ${{error && error.name}}: ${{error && error.message}}`\n\
         \x20   : show(got, {{ breakLength: Infinity }});\n\
         \x20 tell({} ? 'holds' : 'gives', {given}, text);\n}})();\n",
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
