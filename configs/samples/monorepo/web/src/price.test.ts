import assert from "node:assert/strict";
import test from "node:test";
import { price } from "./price.js";

test("cents have two places", () => {
  assert.equal(price(5), "0.05 €");
});
