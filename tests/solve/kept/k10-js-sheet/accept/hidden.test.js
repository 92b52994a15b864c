import test from "node:test";
import assert from "node:assert/strict";
import { run } from "./src/commands.js";
import { Sheet } from "./src/sheet.js";

const out = (text) => {
  const { output, errors } = run(new Sheet(), text);
  assert.deepEqual(errors, []);
  return output;
};

test("they have the value of the cell", () => {
  const setup = "set A1 3\nset A2 4\nset B1 5\n";
  for (const [formula, want] of [
    ["$A$1", "3"], ["A$1+$A2", "7"], ["$a$1*2", "6"], ["SUM($A$1:A2)", "7"], ["SUM(A1:$B$2)", "12"], ["SUM($A1:B$2)", "12"], ["-$A$1", "-3"],
    ["VLOOKUP(3,$A$1:$B$2,2)", "5"], ["$A$1:$A$1", "3"],
  ]) assert.equal(out(`${setup}set D9 =${formula}\nget D9`)[0], want, formula);
});

test("what is no reference stays an error", () => {
  for (const bad of ["$", "$1", "A1$", "$$A1", "A$$1", "$A", "1+$"]) {
    const [value] = out(`set D9 =${bad}\nget D9`);
    assert.ok(["#SYNTAX!", "#NAME?"].includes(value), `${bad}: ${value}`);
  }
});

test("copy: the part with the dollar stays", () => {
  for (const [formula, want] of [
    ["$A$1", "$A$1"], ["$A1", "$A4"], ["A$1", "C$1"], ["A1", "C4"], ["A$1:$B3", "C$1:$B6"], ["SUM($A$1:A1)", "SUM($A$1:C4)"],
    ["$A$1&A1&\"$A1\"", "$A$1&C4&\"$A1\""], ["IF($B$2>B2,-$C2,D$2%)", "IF($B$2>D5,-$C5,F$2%)"],
  ]) assert.deepEqual(out(`set E1 =${formula}\ncopy E1 to G4\nraw G4`), [`=${want}`], formula);
});

test("fill", () => {
  assert.deepEqual(
    out("set A1 2\nset A2 3\nset A3 4\nset C1 10\nset B1 =A1*$C$1\nfill B1 to B2:B3\nget B2\nget B3\nraw B3"),
    ["30", "40", "=A3*$C$1"]
  );
  assert.deepEqual(out("set A1 1\nset A2 2\nset A3 3\nset B1 =SUM(A$1:A1)\nfill B1 to B1:B3\ncsv B1:B3\nraw B3"), ["1", "3", "6", "=SUM(A$1:A3)"]);
  assert.deepEqual(
    out("set B1 1\nset C1 2\nset A2 10\nset A3 20\nset B2 =$A2*B$1\nfill B2 to B2:C3\ncsv B2:C3\nraw C3"),
    ["10,20", "20,40", "=$A3*C$1"]
  );
});

test("only what moves can leave the sheet", () => {
  assert.deepEqual(out("set C3 =$A$1+B2\ncopy C3 to A1\nraw A1"), ["=$A$1+#REF!"]);
  assert.deepEqual(out("set C3 =A$1\ncopy C3 to C1\nraw C1"), ["=A$1"]);
  assert.deepEqual(out("set C3 =$A1\ncopy C3 to C2\nraw C2"), ["=#REF!"]);
});

test("rows come and go: the row behind the dollar moves, the dollar stays", () => {
  assert.deepEqual(out("set A5 =$A$2+A$1+$A3+SUM($A$1:A$4)\ninsert row 2\nraw A6"), ["=$A$3+A$1+$A4+SUM($A$1:A$5)"]);
  assert.deepEqual(out("set A9 =$A$5+A$1+SUM($A$1:A$4)\ndelete row 2\nraw A8"), ["=$A$4+A$1+SUM($A$1:A$3)"]);
  assert.deepEqual(out("set A9 =$A$2+SUM($A$1:$A$2)\ndelete row 2\nraw A8"), ["=#REF!+SUM($A$1:$A$1)"]);
  assert.deepEqual(out("set A5 =$A$1\ninsert row 3\nraw A6"), ["=$A$1"]);
  // and once more, from what was rewritten
  assert.deepEqual(out("set A5 =$A$2*2\ninsert row 1\ninsert row 1\ncopy A7 to C9\nraw C9"), ["=$A$4*2"]);
});

test("deps, users and raw", () => {
  assert.deepEqual(out("set C1 =SUM($A$1:A2)+$B1+A1\ndeps C1\nusers A2\nusers B1\nraw C1"), ["A1 A2 B1", "C1", "C1", "=SUM($A$1:A2)+$B1+A1"]);
});

test("commands take plain addresses as before", () => {
  const { output, errors } = run(new Sheet(), "set A1 =1+1\nget A1\nset B7 x\nshow A1:A1");
  assert.deepEqual(errors, []);
  assert.deepEqual(output, ["2", "  | A", "1 | 2"]);
});
