import { renameTask } from "./edit.js";
import { PlanError } from "./errors.js";
import { formatPlan, toCsv, toJson } from "./export.js";
import { formatDate } from "./dates.js";
import { lint } from "./lint.js";
import { parsePlan } from "./parse.js";
import { bars, taskTable } from "./render.js";
import { criticalPath, schedule } from "./schedule.js";

const lines = (all) => all.map((line) => line + "\n").join("");

const COMMANDS = {
  show(plan) {
    const scheduled = schedule(plan);
    const head = scheduled.title === null ? [] : [scheduled.title, ""];
    return lines([...head, ...taskTable(scheduled), "", ...bars(scheduled), "", `done on ${formatDate(scheduled.finish)}`]);
  },
  critical: (plan) => lines(criticalPath(schedule(plan)).map((task) => task.name)),
  fmt: (plan) => formatPlan(plan),
  json: (plan) => JSON.stringify(toJson(schedule(plan)), null, 2) + "\n",
  csv: (plan) => toCsv(schedule(plan)),
  lint: (plan) => lines(lint(plan)),
  rename: (plan, from, to) => formatPlan(renameTask(plan, from, to)),
};

/** @returns {number} the exit code */
export function main([command, path, ...args], { read, out, err }) {
  if (!Object.hasOwn(COMMANDS, command ?? "") || !path || args.length !== (command === "rename" ? 2 : 0)) {
    err(`usage: plan ${Object.keys(COMMANDS).join("|")} FILE\n`);
    return 2;
  }
  try {
    out(COMMANDS[command](parsePlan(read(path)), ...args));
    return 0;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    err(`plan: ${error.message}\n`);
    return 1;
  }
}
