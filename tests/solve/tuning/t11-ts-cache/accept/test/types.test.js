import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as all from "../src/index.js";

const types = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");

test("index.d.ts knows every export", () => {
  for (const name of Object.keys(all)) assert.match(types, new RegExp(`export declare \\w+ ${name}\\b`));
});

test("index.d.ts knows every method of Cache", () => {
  for (const name of Object.getOwnPropertyNames(all.Cache.prototype)) {
    assert.match(types, new RegExp(`^  (readonly )?${name}[(:]`, "m"), name);
  }
});
