// Tells of the calls of the functions in `TARGETS`: names, with the paths of their files. A function
// of a file is one that is declared as such; its name is given to one that tells, before the file's
// first line.
import fs from "node:fs";
import module from "node:module";
import path from "node:path";
import url from "node:url";
import util from "node:util";

const SEEN = process.env.OBSERVED;
const told = new Set();

function literal(value) {
  const text = JSON.stringify(value);
  if (text === undefined || text.length > 200) throw new Error("long");
  if (!util.isDeepStrictEqual(JSON.parse(text), value)) throw new Error("no literal");
  return text;
}

function tell(name, args, result) {
  if (told.size > 200) return;
  const line = `assert ${name}(${args}) == ${literal(result)}\n`;
  if (told.has(line)) return;
  told.add(line);
  fs.appendFileSync(SEEN, line);
}

globalThis[Symbol.for("observed")] = (name, own) =>
  function (...given) {
    let args = null;
    try {
      args = given.map(literal).join(", ");
    } catch {}
    const result = new.target ? Reflect.construct(own, given, new.target) : own.apply(this, given);
    try {
      if (args !== null && !new.target) tell(name, args, result);
    } catch {}
    return result;
  };

function watched(file, text) {
  const names = Object.keys(TARGETS).filter((it) => {
    const declared = new RegExp(`^(export )?(default )?function ${it}\\(`, "m");
    return file.endsWith("/" + TARGETS[it]) && declared.test(text);
  });
  const watch = (it) => `${it} = globalThis[Symbol.for("observed")]("${it}", ${it});`;
  const head = /^(#!.*\n)?\s*(["']use strict["'];?)?/.exec(text)[0];
  return head + names.map(watch).join(" ") + text.slice(head.length);
}

const compile = module.prototype._compile;
module.prototype._compile = function (text, file, ...rest) {
  return compile.call(this, watched(fs.realpathSync(file), text), file, ...rest);
};

if (SEEN && module.register) {
  const hooks = `
    const TARGETS = ${JSON.stringify(TARGETS)};
    ${watched}
    export async function load(address, context, next) {
      const loaded = await next(address, context);
      if (loaded.format !== "module" || !loaded.source) return loaded;
      const text = Buffer.from(loaded.source).toString("utf8");
      const source = watched(decodeURIComponent(new URL(address).pathname), text);
      return { ...loaded, source };
    }`;
  module.register("data:text/javascript," + encodeURIComponent(hooks));
}
