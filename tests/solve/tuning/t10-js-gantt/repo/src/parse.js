import { PlanError } from "./errors.js";
import { parseDate } from "./dates.js";
import { parseDuration } from "./duration.js";
import { tokens } from "./tokens.js";

const NAME = /^[a-z][a-z0-9-]*$/;

/**
 * @typedef {object} Task
 * @property {string} name
 * @property {number} days 0 for a milestone
 * @property {string[]} after
 * @property {string | null} who
 * @property {string | null} title
 * @property {number} line
 *
 * @typedef {object} Plan
 * @property {string | null} title
 * @property {number} start
 * @property {{ day: number, title: string | null }[]} holidays
 * @property {Task[]} tasks
 */

function date(token, line) {
  const day = token?.kind === "word" ? parseDate(token.text) : null;
  if (day === null) throw new PlanError("a date is missing (2026-03-02)", line);
  return day;
}

function name(token, line) {
  if (token?.kind !== "word" || !NAME.test(token.text)) {
    throw new PlanError(`bad task name: ${token ? token.text : "nothing"}`, line);
  }
  return token.text;
}

function afterList(rest, line) {
  const after = [];
  do {
    const other = name(rest.shift(), line);
    if (after.includes(other)) throw new PlanError(`${other} is named twice`, line);
    after.push(other);
  } while (rest[0]?.kind === "comma" && rest.shift());
  return after;
}

/** @returns {Task} */
function task(rest, line, isMilestone) {
  const out = { name: name(rest.shift(), line), days: 0, after: [], who: null, title: null, line };
  if (!isMilestone) {
    const token = rest.shift();
    const days = token?.kind === "word" ? parseDuration(token.text) : null;
    if (days === null) throw new PlanError(`${out.name} has no duration (3d, 1w)`, line);
    out.days = days;
  }
  while (rest.length > 0) {
    const token = rest.shift();
    if (token.kind === "string" && out.title === null) out.title = token.text;
    else if (token.text === "after" && out.after.length === 0) out.after = afterList(rest, line);
    else if (token.kind === "word" && /^@./.test(token.text) && out.who === null) out.who = token.text.slice(1);
    else throw new PlanError(`what is this: ${token.text}`, line);
  }
  return out;
}

/** @returns {Plan} */
export function parsePlan(text) {
  const plan = { title: null, start: null, holidays: [], tasks: [] };
  const seen = new Map();
  text.split(/\r?\n/).forEach((raw, index) => {
    const line = index + 1;
    const [first, ...rest] = tokens(raw, line);
    if (!first) return;
    switch (first.text) {
      case "project":
        plan.title = rest[0]?.text ?? null;
        break;
      case "start":
        plan.start = date(rest[0], line);
        break;
      case "holiday":
        plan.holidays.push({ day: date(rest[0], line), title: rest[1]?.text ?? null });
        break;
      case "task":
      case "milestone": {
        const added = task(rest, line, first.text === "milestone");
        if (seen.has(added.name)) throw new PlanError(`${added.name} is already on line ${seen.get(added.name)}`, line);
        seen.set(added.name, line);
        plan.tasks.push(added);
        break;
      }
      default:
        throw new PlanError(`what is this: ${first.text}`, line);
    }
  });
  if (plan.start === null) throw new PlanError("the plan has no start");
  for (const { after, line } of plan.tasks) {
    for (const other of after) {
      if (!seen.has(other)) throw new PlanError(`there is no task ${other}`, line);
    }
  }
  return plan;
}
