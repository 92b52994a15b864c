// graphile-worker's part in queues.py: `work` or `submit` ROOM JOBS WARM_UP WORKERS PRODUCERS, PostgreSQL at BENCH_URL.
import { createRequire } from "node:module";
import { play } from "./node.mjs";

const require = createRequire(`${process.env.BENCH_TOOLS}/package.json`);
const { Logger, makeWorkerUtils, run } = require("graphile-worker");
const { Pool } = require("pg");
const logger = new Logger(() => () => {});
const pool = (max) => new Pool({ connectionString: process.env.BENCH_URL, max });

await play({
  async work({ workers, ended }) {
    const pgPool = pool(20);
    // What its manual advises where there are many quick jobs: they are fetched, and finished, in batches.
    const worker = { concurrentJobs: workers, localQueue: { size: 5 * workers }, completeJobBatchDelay: 0, failJobBatchDelay: 0, maxPoolSize: 20 };
    const runner = await run({
      pgPool, logger, noHandleSignals: true, preset: { worker }, taskList: { noop: async () => {} },
    });
    // A little before it is on the disk; there is no later word.
    runner.events.on("job:complete", ({ job }) => ended(job.payload.n));
    return () => runner.stop();
  },
  async submit({ producers }) {
    const pgPool = pool(Math.min(producers, 90));
    const utils = await makeWorkerUtils({ pgPool, logger });
    return { one: (n) => utils.addJob("noop", { n }), close: () => pgPool.end() };
  },
});
