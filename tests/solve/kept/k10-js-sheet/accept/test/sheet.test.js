import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { colIndex, colName, formatAddress, parseAddress } from "../src/address.js";
import { run } from "../src/commands.js";
import { display } from "../src/format.js";
import { Sheet } from "../src/sheet.js";

const out = (text) => {
  const { output, errors } = run(new Sheet(), text);
  assert.deepEqual(errors, []);
  return output;
};

test("addresses", () => {
  assert.equal(colIndex("AB"), 27);
  assert.equal(colName(27), "AB");
  assert.equal(formatAddress({ col: 25, row: 9 }), "Z10");
  assert.equal(parseAddress("A0"), null);
  assert.equal(parseAddress("AAA1"), null);
});

test("the example", () => {
  const text = readFileSync(new URL("../examples/choir.abacus", import.meta.url), "utf8");
  assert.deepEqual(out(text), [
    "  | A             | B",
    "1 | what          | euros",
    "2 | members' fees |  640.00",
    "3 | hall          | -180.50",
    "4 | sheet music   |  -75.25",
    "5 | together      |  384.25",
  ]);
});

test("copy and fill move references", () => {
  assert.deepEqual(out("set A1 1\nset B1 =A1*2\ncopy B1 to C3\nraw C3"), ["=B3*2"]);
  assert.deepEqual(out("set B2 =A1+SUM(A1:A2)\ncopy B2 to B1\nraw B1"), ["=#REF!+SUM(#REF!)"]);
  assert.deepEqual(out("set A1 5\nset A2 =A1+1\nfill A2 to A3:A6\nget A6\nraw A6"), ["10", "=A5+1"]);
  assert.deepEqual(out("set A1 x\nset B1 =A1\ncopy A1:B1 to A2\nraw A2\nraw B2"), ["x", "=A2"]);
});

test("rows come and go", () => {
  assert.deepEqual(out("set A1 1\nset A2 2\nset A3 =SUM(A1:A2)\ninsert row 2\nraw A4\nset A2 5\nget A4"), ["=SUM(A1:A3)", "8"]);
  assert.deepEqual(out("set A1 1\nset A2 2\nset A3 =SUM(A1:A2)+A2\ndelete row 2\nraw A2"), ["=SUM(A1:A1)+#REF!"]);
  assert.deepEqual(out("set A1 1\nset A2 2\nset A3 =SUM(A1:A2)\ndelete row 1\nraw A2"), ["=SUM(A1:A1)"]);
  assert.deepEqual(out("set A5 = A1 + 1\ninsert row 3\nraw A6"), ["= A1 + 1"]);
});

test("sort", () => {
  assert.deepEqual(out("set A1 b\nset B1 2\nset A2 a\nset B2 10\nset A3 c\nsort A1:B3 by B down\ncsv"), ["a,10", "b,2", "c,"]);
});

test("deps and users", () => {
  assert.deepEqual(out("set C1 =SUM(A1:A2)+B1\ndeps C1\nusers A2"), ["A1 A2 B1", "C1"]);
});

test("formats", () => {
  assert.equal(display(1234567.891, "#,##0.00"), "1,234,567.89");
  assert.equal(display(-0.001, "0.00"), "0.00");
  assert.equal(display(0.256, "0.0%"), "25.6%");
});

test("mistakes do not stop the rest", () => {
  const { output, errors } = run(new Sheet(), "set A1 2\ndance\nget 1A\nget A1\ncopy A1 to\nformat A1 x");
  assert.deepEqual(output, ["2"]);
  assert.deepEqual(errors, [
    "line 2: unknown command: dance",
    "line 3: not a cell: 1A",
    "line 5: I do not understand: copy A1 to",
    "line 6: not a format: x",
  ]);
});
