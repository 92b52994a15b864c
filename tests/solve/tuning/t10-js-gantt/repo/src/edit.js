import { PlanError } from "./errors.js";

/** The plan with a task renamed, wherever it is named. */
export function renameTask(plan, from, to) {
  if (!plan.tasks.some((task) => task.name === from)) throw new PlanError(`there is no task ${from}`);
  if (plan.tasks.some((task) => task.name === to)) throw new PlanError(`there is a task ${to} already`);
  if (!/^[a-z][a-z0-9-]*$/.test(to)) throw new PlanError(`bad task name: ${to}`);
  const rename = (name) => (name === from ? to : name);
  return {
    ...plan,
    tasks: plan.tasks.map((task) => ({ ...task, name: rename(task.name), after: task.after.map(rename) })),
  };
}
