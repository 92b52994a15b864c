import { formatDate } from "./dates.js";
import { formatDuration } from "./duration.js";

function quoted(title) {
  return title === null ? [] : [`"${title}"`];
}

function taskLine(task) {
  const words = task.days === 0 ? ["milestone", task.name] : ["task", task.name, formatDuration(task.days)];
  if (task.after.length > 0) words.push("after", task.after.join(", "));
  if (task.who !== null) words.push(`@${task.who}`);
  return [...words, ...quoted(task.title)].join(" ");
}

/** The plan as a plan file, neat. */
export function formatPlan(plan) {
  const head = [];
  if (plan.title !== null) head.push(["project", ...quoted(plan.title)].join(" "));
  head.push(`start ${formatDate(plan.start)}`);
  const holidays = [...plan.holidays].sort((a, b) => a.day - b.day);
  for (const { day, title } of holidays) head.push(["holiday", formatDate(day), ...quoted(title)].join(" "));
  return [...head, "", ...plan.tasks.map(taskLine), ""].join("\n");
}

/** The schedule for other programs. */
export function toJson(scheduled) {
  return {
    title: scheduled.title,
    days: scheduled.days,
    finish: formatDate(scheduled.finish),
    tasks: scheduled.tasks.map((task) => ({
      name: task.name,
      title: task.title,
      who: task.who,
      days: task.days,
      after: task.after,
      first: formatDate(task.first),
      last: formatDate(task.last),
      slack: task.slack,
    })),
  };
}

function csvCell(value) {
  const text = value === null ? "" : String(value);
  return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function toCsv(scheduled) {
  const rows = [["name", "title", "who", "days", "after", "first", "last", "slack"]];
  for (const task of toJson(scheduled).tasks) {
    rows.push([task.name, task.title, task.who, task.days, task.after.join(" "), task.first, task.last, task.slack]);
  }
  return rows.map((row) => row.map(csvCell).join(",") + "\n").join("");
}
