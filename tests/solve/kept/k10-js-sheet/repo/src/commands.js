import { colIndex, parseAddress, parseArea } from "./address.js";
import { CommandError } from "./errors.js";
import { display, isFormat } from "./format.js";
import { csvLines, tableLines } from "./render.js";

function address(text) {
  const found = parseAddress(text);
  if (!found) throw new CommandError(`not a cell: ${text}`);
  return found;
}

function area(text) {
  const found = parseArea(text);
  if (!found) throw new CommandError(`not an area: ${text}`);
  return found;
}

function rowNumber(text) {
  const { row } = address(`A${text}`);
  return row;
}

// Each has a pattern for what stands behind the name.
const COMMANDS = {
  set: [/^(\S+)(?:\s(.*))?$/, (sheet, at, raw = "") => sheet.set(address(at), raw.trim())],
  clear: [/^(\S+)$/, (sheet, where) => sheet.clear(area(where))],
  get: [/^(\S+)$/, (sheet, at) => [display(sheet.value(address(at)), sheet.format(address(at)))]],
  raw: [/^(\S+)$/, (sheet, at) => [sheet.raw(address(at))]],
  show: [/^(\S*)$/, (sheet, where) => whole(sheet, where, tableLines)],
  csv: [/^(\S*)$/, (sheet, where) => whole(sheet, where, csvLines)],
  copy: [/^(\S+) to (\S+)$/, (sheet, from, to) => sheet.copy(area(from), address(to))],
  fill: [/^(\S+) to (\S+)$/, (sheet, from, to) => sheet.fill(address(from), area(to))],
  insert: [/^row (\d+)$/, (sheet, n) => sheet.insertRow(rowNumber(n))],
  delete: [/^row (\d+)$/, (sheet, n) => sheet.deleteRow(rowNumber(n))],
  format: [
    /^(\S+) (\S+)$/,
    (sheet, where, format) => {
      if (!isFormat(format)) throw new CommandError(`not a format: ${format}`);
      sheet.setFormat(area(where), format);
    },
  ],
  sort: [
    /^(\S+) by ([A-Za-z]{1,2})( down)?$/,
    (sheet, where, column, down) => sheet.sort(area(where), colIndex(column), down !== undefined),
  ],
  deps: [/^(\S+)$/, (sheet, at) => [sheet.dependencies(address(at)).join(" ")]],
  users: [/^(\S+)$/, (sheet, at) => [sheet.users(address(at)).join(" ")]],
};

function whole(sheet, where, lines) {
  const wanted = where === "" ? sheet.used() : area(where);
  return wanted ? lines(sheet, wanted) : [];
}

/** Carries one command out and gives the lines that it prints. */
export function runCommand(sheet, line) {
  const [, name, rest] = /^(\S+)\s*(.*)$/.exec(line.trim());
  if (!Object.hasOwn(COMMANDS, name)) throw new CommandError(`unknown command: ${name}`);
  const [pattern, action] = COMMANDS[name];
  const match = pattern.exec(rest);
  if (!match) throw new CommandError(`I do not understand: ${line.trim()}`);
  return action(sheet, ...match.slice(1)) ?? [];
}

/** Carries a list of commands out. A command that fails does not stop the others. */
export function run(sheet, text) {
  const output = [];
  const errors = [];
  text.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === "" || line.trim().startsWith("#")) return;
    try {
      output.push(...runCommand(sheet, line));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      errors.push(`line ${i + 1}: ${error.message}`);
    }
  });
  return { output, errors };
}
