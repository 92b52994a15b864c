/** An error that is the value of a cell, like #DIV/0!. */
export class CellError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.name = "CellError";
    this.code = code;
  }
}

export const DIV0 = new CellError("#DIV/0!");
export const NAME = new CellError("#NAME?");
export const REF = new CellError("#REF!");
export const VALUE = new CellError("#VALUE!");
export const CIRC = new CellError("#CIRC!");
export const SYNTAX = new CellError("#SYNTAX!");
export const NA = new CellError("#N/A");

const ALL = [DIV0, NAME, REF, VALUE, CIRC, SYNTAX, NA];

/** The error with that code, or undefined. */
export function errorByCode(code) {
  return ALL.find((error) => error.code === code);
}

/** A command that cannot be carried out. */
export class CommandError extends Error {}
