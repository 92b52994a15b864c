#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { report } from "../src/report.js";

const path = process.argv[2];
if (!path) {
  console.error("usage: report.js FILE");
  process.exit(2);
}
console.log(report(JSON.parse(readFileSync(path, "utf8"))));
