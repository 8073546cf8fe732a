import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { whyNot } from '../../lib/stores/files/words.ts';
import { CommandError } from '../failure.ts';

/** How far the records of a file have come in one partition. */
export interface PartitionState {
  /** Records of the file that are stored for certain. */
  sent: number;
  /** The end of the partition when they were, as far as is known: where the next are expected to go. */
  next: number;
  /** Records of a request that was sent, of whose answer nothing is known. */
  pending: number;
  /** Of the records that are stored, and of these with those that are pending: see `SentRecords`. */
  digest?: string;
  pendingDigest?: string;
}

/** What makes a second run send the same records to the same partitions. */
export interface Plan {
  readonly broker: string;
  readonly topic: string;
  /** When the topic was made. */
  readonly createdAt: string;
  /** That keys are divided among. */
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

const endingFor = (topic: string): string => `.import-${topic}.json`;

const hasSent = ({ states }: Pick<Stored, 'states'>): boolean =>
  Object.values(states).some(({ sent, pending }) => sent > 0 || pending > 0);

/** In what a plan differs from the one by which an import was begun, in words. */
const differenceOf = (begun: Plan, wanted: Plan): string | undefined => {
  if (begun.broker !== wanted.broker)
    return `into the broker at ${begun.broker}, and this is ${wanted.broker}`;
  if (begun.options !== wanted.options) return 'with other options (--by-key, --key, --value and the like)';
  if (begun.createdAt !== wanted.createdAt)
    return `into a topic that was made at ${begun.createdAt}, and this one of its name at ${wanted.createdAt}`;
  return undefined;
};

const refuseOther = (path: string, begun: Plan, wanted: Plan): void => {
  const difference = differenceOf(begun, wanted);
  if (difference !== undefined)
    throw new CommandError(
      `${path} is of an import that was begun ${difference}. ` +
        'Run that one to its end, or delete this file to import all of its file, also what is there already.',
    );
};

/** How far a file has come, in a small file beside it. What was written there survives the end of the process. */
export class ImportState {
  readonly path: string;
  readonly plan: Plan;
  readonly partitions: Map<number, PartitionState>;
  readonly #file: string;
  #finished: boolean;

  private constructor(path: string, { plan, finished, states }: Stored) {
    this.path = path;
    this.#file = path.slice(0, -endingFor(plan.topic).length);
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
    const path = `${file}${endingFor(plan.topic)}`;
    const wanted = { ...plan, size: statSync(file).size };
    const stored = storedIn(path);
    if (stored === undefined || !hasSent(stored))
      return new ImportState(path, { format: 1, plan: wanted, finished: false, states: {} });
    refuseOther(path, stored.plan, wanted);
    const isSame = stored.plan.size === wanted.size;
    // A topic may have been given more partitions: keys go on being divided among those that it had.
    const going = { ...stored.plan, size: wanted.size };
    return new ImportState(path, { ...stored, plan: going, finished: stored.finished && isSame });
  }

  /** Whether anything was sent. */
  get isBegun(): boolean {
    return hasSent({ states: Object.fromEntries(this.partitions) });
  }

  /** The file has other records than were sent, or fewer. */
  readonly other = (partition: number): CommandError =>
    new CommandError(
      `${this.#file} is not what was imported of it: of the records that went to partition ${partition}, some are changed or gone. ` +
        `Put them back, and what follows is imported; or delete ${this.path} to import all of it, also what is there already.`,
    );

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

  /** Where nothing was sent there is nothing to keep. */
  save(): void {
    if (!this.#finished && !this.isBegun) return;
    const states = Object.fromEntries(this.partitions);
    const stored: Stored = { format: 1, plan: this.plan, finished: this.#finished, states };
    const draft = `${this.path}.part`;
    try {
      writeFileSync(draft, `${JSON.stringify(stored)}\n`);
      renameSync(draft, this.path);
    } catch (cause) {
      throw new CommandError(
        `${this.path} cannot be written: ${whyNot(cause)}. It says how far the import has come, and stands beside the file that is imported: that has to be where this user may write.`,
        { cause },
      );
    }
  }
}

const storedIn = (path: string): Stored | undefined => {
  try {
    const stored = JSON.parse(readFileSync(path, 'utf8')) as Partial<Stored> | null;
    if (stored?.plan === undefined || stored.states === undefined)
      throw new Error('It holds something else.');
    return stored as Stored;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new CommandError(`${path} cannot be read: delete it to import all of its file anew.`, {
      cause: error,
    });
  }
};
