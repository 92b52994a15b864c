#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { run } from "../src/commands.js";
import { Sheet } from "../src/sheet.js";

const path = process.argv[2];
if (!path) {
  console.error("usage: abacus FILE|-");
  process.exit(2);
}
const { output, errors } = run(new Sheet(), readFileSync(path === "-" ? 0 : path, "utf8"));
for (const line of output) console.log(line);
for (const line of errors) console.error(`abacus: ${line}`);
process.exitCode = errors.length > 0 ? 1 : 0;
