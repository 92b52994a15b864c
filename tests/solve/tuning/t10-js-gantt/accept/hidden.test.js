import test from "node:test";
import assert from "node:assert/strict";
import { main } from "./src/cli.js";

function run(text, ...args) {
  let out = "";
  let err = "";
  const [command, ...rest] = args;
  const code = main([command, "x.plan", ...rest], { read: () => text, out: (t) => (out += t), err: (t) => (err += t) });
  return { code, out, err };
}
const json = (text) => Object.fromEntries(JSON.parse(run(text, "json").out).tasks.map((t) => [t.name, t]));

const floor = `start 2026-03-02
holiday 2026-03-06

task screed 2d @jon "Pour the floor"
task paint 1d after screed+3d @mika
task doors 3d after screed @jon
milestone done after paint, doors+1w
`;

test("it starts so much later", () => {
  const t = json(floor);
  // 2, 3 | 4, 5, 9 dry | 10
  assert.equal(t.paint.first, "2026-03-10");
  assert.equal(t.paint.last, "2026-03-10");
  assert.equal(t.doors.first, "2026-03-04");
  // doors: 4, 5, 9; a week: 10, 11, 12, 13, 16
  assert.equal(t.done.first, "2026-03-16");
  assert.equal(JSON.parse(run(floor, "json").out).finish, "2026-03-16");
});

test("slack and what is critical", () => {
  const t = json(floor);
  assert.deepEqual([t.screed.slack, t.paint.slack, t.doors.slack, t.done.slack], [0, 4, 0, 0]);
  assert.equal(run(floor, "critical").out, "screed\ndoors\ndone\n");
  const two = "start 2026-03-02\ntask a 1d\ntask b 3d\ntask c 1d after a+4d, b\n";
  const s = json(two);
  assert.deepEqual([s.a.slack, s.b.slack, s.c.slack], [0, 2, 0]);
  assert.equal(run(two, "critical").out, "a\nc\n");
});

test("the wait counts for the one it is written at", () => {
  const t = json("start 2026-03-02\ntask a 3d\ntask b 1d\ntask c 1d after a, b+1d\ntask d 1d after a+1d, b\n");
  assert.equal(t.c.first, "2026-03-05");
  assert.equal(t.d.first, "2026-03-06");
});

test("bars", () => {
  const rows = run(floor, "show").out.split("\n");
  assert.ok(rows.includes("screed  ##"), rows.join("\n"));
  assert.ok(rows.includes("paint        ="), rows.join("\n"));
});

test("fmt keeps it", () => {
  assert.equal(run(floor, "fmt").out, floor);
  assert.equal(run(run(floor, "fmt").out, "fmt").out, floor);
});

test("json and csv write it in the same way", () => {
  const t = json(floor);
  assert.deepEqual(t.paint.after, ["screed+3d"]);
  assert.deepEqual(t.doors.after, ["screed"]);
  assert.deepEqual(t.done.after, ["paint", "doors+1w"]);
  assert.equal(run(floor, "csv").out.split("\n")[4], "done,,,0,paint doors+1w,2026-03-16,2026-03-16,0");
});

test("rename", () => {
  assert.match(run(floor, "rename", "screed", "floor").out, /^task paint 1d after floor\+3d @mika$/m);
  assert.match(run(floor, "rename", "doors", "gates").out, /after paint, gates\+1w$/m);
});

test("lint knows who waits", () => {
  assert.equal(run("start 2026-03-02\ntask a 1d @x\nmilestone m after a+2d\n", "lint").out, "");
});

test("mistakes as before", () => {
  const s = "start 2026-03-02\ntask a 1d\n";
  assert.equal(run(s + "task b 1d after x+2d\n", "json").err, "plan: line 3: there is no task x\n");
  assert.equal(run(s + "task b 1d after a, a+2d\n", "json").err, "plan: line 3: a is named twice\n");
  assert.equal(run("start 2026-03-02\ntask a 1d after b+1d\ntask b 1d after a\n", "json").err, "plan: line 2: these wait for each other: a -> b -> a\n");
  for (const bad of ["a+", "a+2", "a+x", "a+2h", "+2d"]) {
    const { code, err } = run(s + `task b 1d after ${bad}\n`, "json");
    assert.equal(code, 1, bad);
    assert.match(err, /^plan: line 3: /, bad);
  }
});
