import test from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { main } from "../src/cli.js";
import { PlanError } from "../src/errors.js";
import { formatPlan, toJson } from "../src/export.js";
import { parsePlan } from "../src/parse.js";
import { schedule } from "../src/schedule.js";

const website = readFileSync(new URL("../examples/website.plan", import.meta.url), "utf8");

function run(text, ...args) {
  let out = "";
  let err = "";
  const [command, ...rest] = args;
  const code = main([command, "x.plan", ...rest], { read: () => text, out: (t) => (out += t), err: (t) => (err += t) });
  return { code, out, err };
}

test("show", () => {
  assert.equal(run(website, "show").out, `New website

task    from        to          who   slack
design  2026-03-02  2026-03-04  mika  critical
build   2026-03-05  2026-03-11  jon   critical
texts   2026-03-05  2026-03-10        1d
test    2026-03-12  2026-03-13  mika  critical
launch  2026-03-13  2026-03-13        critical

        w10  w11
design  ###
build      #####
texts      ====
test            ##
launch           *

done on 2026-03-13
`);
});

test("holidays and weekends", () => {
  const plan = parsePlan("start 2026-03-14\nholiday 2026-03-20\ntask a 1w\ntask b 1d after a\n");
  const { tasks } = toJson(schedule(plan));
  assert.equal(tasks[0].first, "2026-03-16");
  assert.equal(tasks[0].last, "2026-03-23");
  assert.equal(tasks[1].first, "2026-03-24");
});

test("critical", () => {
  assert.equal(run(website, "critical").out, "design\nbuild\ntest\nlaunch\n");
});

test("fmt gives the same plan", () => {
  assert.equal(run(website, "fmt").out, website);
  assert.equal(formatPlan(parsePlan("start 2026-03-02\ntask a 10d # two weeks\n")), "start 2026-03-02\n\ntask a 2w\n");
});

test("json and csv", () => {
  const { tasks } = JSON.parse(run(website, "json").out);
  assert.deepEqual(tasks[3], {
    name: "test", title: null, who: "mika", days: 2, after: ["build", "texts"], first: "2026-03-12", last: "2026-03-13", slack: 0,
  });
  assert.equal(run(website, "csv").out.split("\n")[4], "test,,mika,2,build texts,2026-03-12,2026-03-13,0");
});

test("lint", () => {
  assert.equal(run("start 2026-03-02\ntask a 3w @x\ntask b 1d after a\nmilestone m\n", "lint").out, [
    "line 2: a: longer than 10 days, can it be cut?",
    "line 3: b: nobody does it",
    "line 3: b: nothing waits for it",
    "line 4: m: a milestone that waits for nothing",
    "",
  ].join("\n"));
});

test("rename", () => {
  const { out } = run(website, "rename", "build", "html");
  assert.match(out, /^task html 1w after design @jon/m);
  assert.match(out, /^task test 2d after html, texts @mika$/m);
  assert.equal(run(website, "rename", "nothing", "x").code, 1);
});

test("mistakes", () => {
  for (const [text, message] of [
    ["task a 1d\n", "the plan has no start"],
    ["start 2026-02-30\n", "line 1: a date is missing (2026-03-02)"],
    ["start 2026-03-02\ntask a\n", "line 2: a has no duration (3d, 1w)"],
    ["start 2026-03-02\ntask a 1d after b\n", "line 2: there is no task b"],
    ["start 2026-03-02\ntask a 1d\ntask b 1d after a, a\n", "line 3: a is named twice"],
    ["start 2026-03-02\ntask a 1d after b\ntask b 1d after a\n", "line 2: these wait for each other: a -> b -> a"],
    ["start 2026-03-02\ntask a 1d after A!\n", "line 2: bad task name: A!"],
    ['start 2026-03-02\ntask a 1d "oh\n', "line 2: the quotation mark is not closed"],
  ]) {
    assert.throws(() => schedule(parsePlan(text)), (e) => e instanceof PlanError && e.message === message, message);
  }
  assert.equal(run("task a 1d\n", "show").err, "plan: the plan has no start\n");
  assert.equal(run(website, "dance").code, 2);
});
