import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { CommandError } from '../failure.ts';

/** How far the records of a file have come in one partition. */
export interface PartitionState {
  /** Records of the file that are stored for certain. */
  sent: number;
  /** The end of the partition when they were, as far as is known: where the next are expected to go. */
  next: number;
  /** Records of a request that was sent, of whose answer nothing is known. */
  pending: number;
}

/** What makes a second run send the same records to the same partitions. */
export interface Plan {
  readonly broker: string;
  readonly topic: string;
  readonly partitions: number;
  /** The options that say what a record is, and where it goes. */
  readonly options: string;
  /** Of the file, in bytes. */
  readonly size: number;
}

interface Stored {
  readonly format: 1;
  readonly plan: Plan;
  readonly finished: boolean;
  readonly states: Readonly<Record<string, PartitionState>>;
}

/** How far a file has come, in a small file beside it. What was written there survives the end of the process. */
export class ImportState {
  readonly path: string;
  readonly plan: Plan;
  readonly partitions: Map<number, PartitionState>;
  #finished: boolean;

  private constructor(path: string, { plan, finished, states }: Stored) {
    this.path = path;
    this.plan = plan;
    this.#finished = finished;
    this.partitions = new Map(
      Object.entries(states).map(([partition, state]) => [Number(partition), { ...state }]),
    );
  }

  /**
   * That of an earlier run, or a new one.
   * @throws CommandError where an earlier run had another plan, or is not to be read.
   */
  static open(file: string, plan: Omit<Plan, 'size'>): ImportState {
    const path = `${file}.import-${plan.topic}.json`;
    const wanted = { ...plan, size: statSync(file).size };
    const stored = storedIn(path);
    if (stored === undefined)
      return new ImportState(path, { format: 1, plan: wanted, finished: false, states: {} });
    const different = (Object.keys(wanted) as (keyof Plan)[]).find(
      (name) => stored.plan[name] !== wanted[name],
    );
    if (different !== undefined)
      throw new CommandError(
        `${path} is of an import that was begun otherwise (${different} was ${JSON.stringify(stored.plan[different])}, and is ${JSON.stringify(wanted[different])}). ` +
          'Run that one to its end, or delete this file to import all of it anew.',
      );
    return new ImportState(path, stored);
  }

  get isBegun(): boolean {
    return this.partitions.size > 0;
  }

  get isFinished(): boolean {
    return this.#finished;
  }

  of(partition: number, end: number): PartitionState {
    const known = this.partitions.get(partition) ?? { sent: 0, next: end, pending: 0 };
    this.partitions.set(partition, known);
    return known;
  }

  finish(): void {
    this.#finished = true;
    this.save();
  }

  save(): void {
    const states = Object.fromEntries(this.partitions);
    const stored: Stored = { format: 1, plan: this.plan, finished: this.#finished, states };
    const draft = `${this.path}.part`;
    writeFileSync(draft, `${JSON.stringify(stored)}\n`);
    renameSync(draft, this.path);
  }
}

const storedIn = (path: string): Stored | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Stored;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CommandError(`${path} cannot be read: delete it to import all of its file anew.`, {
      cause: error,
    });
  }
};
