import test from "node:test";
import assert from "node:assert/strict";
import { compass } from "../src/compass.js";

test("the main directions", () => {
  assert.equal(compass(0), "N");
  assert.equal(compass(95), "E");
  assert.equal(compass(225), "SW");
});
