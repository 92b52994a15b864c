// BullMQ's part in queues.py: `work` or `submit` ROOM JOBS WARM_UP WORKERS PRODUCERS, Redis at BENCH_URL.
import { createRequire } from "node:module";
import { play } from "./node.mjs";

const require = createRequire(`${process.env.BENCH_TOOLS}/package.json`);
const { Queue, Worker } = require("bullmq");
const url = new URL(process.env.BENCH_URL);
const connection = { host: url.hostname, port: Number(url.port) };

await play({
  async work({ workers, ended }) {
    const worker = new Worker("noop", async () => {}, { connection: { ...connection, maxRetriesPerRequest: null }, concurrency: workers });
    // Comes when the script that moves the job to the finished ones was answered: it is on the disk then.
    worker.on("completed", (job) => ended(job.data.n));
    await worker.waitUntilReady();
    return () => worker.close(true);
  },
  async submit() {
    const queue = new Queue("noop", { connection });
    await queue.waitUntilReady();
    return { one: (n) => queue.add("noop", { n }), close: () => queue.close() };
  },
});
