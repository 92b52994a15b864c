// What the two that run on Node.js share: the words of queues.py's protocol, and the moments.
import { writeFileSync } from "node:fs";

const [role, room, ...sizes] = process.argv.slice(2);
const [jobs, warmUp, workers, producers] = sizes.map(Number);
const now = () => process.hrtime.bigint() / 1000n;
const write = (name, moments) => writeFileSync(`${room}/${name}`, moments.map(([n, at]) => `${n} ${at}\n`).join(""));

async function submit(one, from, to) {
  const begun = [];
  let next = from;
  await Promise.all(Array.from({ length: producers }, async () => {
    while (next < to) {
      const n = next++;
      begun.push([n, now()]);
      await one(n);
    }
  }));
  return begun;
}

export async function play(system) {
  if (role === "submit") {
    const { one, close } = await system.submit({ producers });
    await submit(one, jobs, jobs + warmUp);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    write("submitted", await submit(one, 0, jobs));
    await close();
    process.exit(0);
  }
  const moments = [];
  const seen = new Set();
  let told = false;
  await system.work({
    workers,
    ended(n) {
      moments.push([n, now()]);
      seen.add(n);
      if (seen.size === jobs + warmUp && !told) {
        told = true;
        console.log("done");
      }
    },
  });
  console.log("ready");
  process.stdin.on("end", () => {
    write("finished", moments);
    process.exit(0);
  });
  process.stdin.resume();
}
