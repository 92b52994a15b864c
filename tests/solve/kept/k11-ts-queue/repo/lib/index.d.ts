export interface QueueOptions {
  /** How many jobs run at the same time. Default: 1. */
  concurrency?: number;
  /** Whether the queue waits for resume() at first. */
  paused?: boolean;
}

export interface JobOptions {
  /** Higher goes first. Default: 0. */
  priority?: number;
  /** Milliseconds after which the promise is rejected with a TimeoutError. */
  timeout?: number;
}

/** The reason of the promise of a job that took too long. */
export declare class TimeoutError extends Error {
  readonly name: "TimeoutError";
  constructor(milliseconds: number);
}

export declare class Queue {
  constructor(options?: QueueOptions);

  /** How many jobs have not been started. */
  readonly waiting: number;

  /** How many jobs run. */
  readonly running: number;

  /** Adds a job, and gives a promise for its result. */
  add<T>(job: () => T | Promise<T>, options?: JobOptions): Promise<T>;

  /** Starts no further jobs until resume(). */
  pause(): void;

  resume(): void;

  /** Drops the jobs that have not been started. */
  clear(): void;

  /** Waits until nothing runs and nothing waits. */
  onIdle(): Promise<void>;
}
