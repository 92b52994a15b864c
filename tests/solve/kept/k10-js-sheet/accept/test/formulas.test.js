import test from "node:test";
import assert from "node:assert/strict";
import { parseFormula } from "../src/parse.js";
import { printFormula } from "../src/print.js";
import { Sheet } from "../src/sheet.js";
import { run } from "../src/commands.js";

function value(formula, setup = "") {
  const sheet = new Sheet();
  const { errors } = run(sheet, setup);
  assert.deepEqual(errors, []);
  return run(sheet, `set Z99 =${formula}\nget Z99`).output[0];
}

test("arithmetic", () => {
  for (const [formula, want] of [
    ["1+2*3", "7"], ["(1+2)*3", "9"], ["2^3^2", "64"], ["-2^2", "-4"], ["10-4-3", "3"], ["50%", "0.5"], ["0.1+0.2", "0.3"],
    ["1/0", "#DIV/0!"], ['"a"&1', "a1"], ['"2"*3', "6"], ['"x"*3', "#VALUE!"], ["1+", "#SYNTAX!"], ["NOPE(1)", "#NAME?"], ["1<2", "TRUE"],
    ['"b">"A"', "TRUE"], ["1=TRUE", "FALSE"], ["1E3", "1000"], ["#REF!+1", "#REF!"],
  ]) assert.equal(value(formula), want, formula);
});

test("functions", () => {
  const setup = "set A1 3\nset A2 4\nset A3 text\nset B1 10\nset B2 20\nset B3 30";
  for (const [formula, want] of [
    ["SUM(A1:A3)", "7"], ["SUM(A1:B2,1)", "38"], ["AVERAGE(A1:A3)", "3.5"], ["AVERAGE(C1:C3)", "#DIV/0!"], ["COUNT(A1:B3)", "5"],
    ["MIN(A1:B3)", "3"], ["MAX(C1:C9)", "0"], ["ROUND(1.005,2)", "1.01"], ["MOD(-1,3)", "2"], ['COUNTIF(B1:B3,">=20")', "2"],
    ['SUMIF(A1:A3,">3",B1:B3)', "20"], ['LEFT("choir",2)', "ch"], ['MID("choir",2,3)', "hoi"], ['SUBSTITUTE("aXbX","X","-")', "a-b-"],
    ["IF(A1>2,\"yes\",1/0)", "yes"], ["IFERROR(1/0,\"no\")", "no"], ["AND(A1=3,A2=4)", "TRUE"], ["ISBLANK(C1)", "TRUE"],
    ["VLOOKUP(4,A1:B3,2)", "20"], ["VLOOKUP(9,A1:B3,2)", "#N/A"], ["INDEX(A1:B3,2,2)", "20"], ["MATCH(\"TEXT\",A1:A3)", "3"], ["ROWS(A1:B3)", "3"],
    ["LOG10(5)", "#NAME?"],
  ]) assert.equal(value(formula, setup), want, formula);
});

test("circles", () => {
  const { output } = run(new Sheet(), "set A1 =B1+1\nset B1 =A1\nget A1");
  assert.deepEqual(output, ["#CIRC!"]);
});

test("trees are printed as they were", () => {
  for (const text of ["1+2*3", "(1+2)*3", "2-(3-4)", "-(1+2)", "2^(-1)", "(1+2)%", 'IF(A1>="x""y",SUM(B2:C9),TRUE)', "A1&B2&C3", "#REF!+AB12"]) {
    assert.equal(printFormula(parseFormula(text)), text);
  }
});
