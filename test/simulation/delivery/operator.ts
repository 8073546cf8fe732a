import { Problem } from '../../../lib/domain/errors.ts';
import type { GroupStart } from '../../../lib/domain/groups/groups.ts';
import type { Topic } from '../../../lib/domain/topics.ts';
import { findGroup } from '../../../lib/groups/describe.ts';
import { pauseGroup, type ResumeGroupDeps, resumeGroup } from '../../../lib/groups/pause.ts';
import { type RedriveDeps, redriveDeadLetters } from '../../../lib/groups/redrive.ts';
import { type SeekDeps, seekGroup } from '../../../lib/groups/seek.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler, SimulatedProcess } from '../scheduler.ts';
import { deadTopic } from './dead-letters.ts';
import type { SimulatedDeps } from './faults.ts';

/** What a request has to work with. */
export type RequestDeps = SeekDeps & ResumeGroupDeps & Omit<RedriveDeps, 'directory'>;

export interface OperatorOptions {
  readonly topic: Topic;
  readonly deps: (process: SimulatedProcess) => SimulatedDeps;
  /** Stands between a request and what it works with. */
  readonly wire: (deps: RequestDeps) => RequestDeps;
  /** Where the partitions end now. */
  readonly ends: () => readonly number[];
  /** Has something done in so many ms, and perhaps something appended about then. */
  readonly callIn: (ms: number, call: () => Promise<void>) => void;
}

/** The time limit of a function that serves requests: then its process is gone. */
const requestMs = 29_000;
const longestPauseMs = 20_000;

/**
 * Somebody who pauses the group and resumes it, and has it go on elsewhere, and repeats each request until it is answered well. What
 * is recorded of a request is a failure as well: a sweep would make up for it, and there may be none.
 */
export class Operator {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #options: OperatorOptions;

  constructor(scheduler: Scheduler, random: Random, options: OperatorOptions) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#options = options;
  }

  /** Has it do a few things within `ms`. */
  schedule(ms: number): void {
    const { topic, callIn } = this.#options;
    const some = (): number[] => Array.from({ length: Math.floor(this.#random.number() * 4) }, () => 0);
    for (const _ of some()) this.#scheduler.after(this.#random.number() * ms, () => this.#seek());
    for (const _ of some())
      this.#scheduler.after(this.#random.number() * ms, () =>
        this.#request(
          (deps) => pauseGroup(deps, topic, 'billing'),
          () => callIn(this.#random.number() * longestPauseMs, async () => this.#resume()),
        ),
      );
  }

  /** Has it ask for dead letters again a few times within `ms`, and once more at the end. */
  scheduleRedrives(ms: number): void {
    for (let count = 1 + Math.floor(this.#random.number() * 4); count > 0; count -= 1)
      this.#scheduler.after(this.#random.number() * ms, () => this.#redrive());
    this.#scheduler.after(ms * 2, () => this.#redrive());
  }

  #redrive(): void {
    this.#request(async (deps) => {
      const directory = { resolveAgain: async () => deadTopic };
      try {
        await redriveDeadLetters({ ...deps, directory }, this.#options.topic, 'billing', 'new', 'redrive');
      } catch (error) {
        // One is under way.
        if (!(error instanceof Problem && error.code === 'conflict')) throw error;
      }
    });
  }

  #resume(): void {
    const at = { group: 'billing', requestId: 'resume' };
    this.#request((deps) => resumeGroup(deps, this.#options.topic, at));
  }

  #seek(): void {
    const { topic } = this.#options;
    const to = this.#somewhere();
    this.#request(async (deps) => {
      const { group } = await findGroup(deps.groups, topic, 'billing');
      await seekGroup(deps, topic, group, { to, requestId: 'seek' });
    });
  }

  #somewhere(): GroupStart {
    const chance = this.#random.number();
    if (chance < 0.3) return 'earliest';
    if (chance < 0.6) return 'latest';
    const offsets = this.#options.ends().map((end) => Math.floor(this.#random.number() * (end + 1)));
    const named = [...offsets.entries()].filter(() => this.#random.number() < 0.7);
    return { offsets: Object.fromEntries(named) };
  }

  #request(act: (deps: RequestDeps) => Promise<unknown>, then: () => void = () => undefined): void {
    const process = this.#scheduler.process();
    const { runs, ...deps } = this.#options.deps(process);
    let isOver = false;
    let hasFailed = false;
    const repeat = (): void => {
      if (isOver) return;
      isOver = true;
      process.crash();
      this.#scheduler.after(1000, () => this.#request(act, then));
    };
    const end = (): void => {
      if (hasFailed) repeat();
      if (isOver) return;
      isOver = true;
      then();
    };
    this.#scheduler.after(requestMs, repeat);
    const telemetry = {
      record: () => {
        hasFailed = true;
      },
    };
    const reader = {
      endOffset: (at: Parameters<SeekDeps['reader']['endOffset']>[0]) => runs.offsets.end(at),
      offsetAtTime: () => Promise.reject(new Error('Nobody asks for a time.')),
    };
    act(this.#options.wire({ ...deps, reader, telemetry })).then(end, repeat);
  }
}
