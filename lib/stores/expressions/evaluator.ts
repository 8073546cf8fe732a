import { type Context, createContext, Script } from 'node:vm';
import { withheldFunctions } from '../../domain/expressions.ts';
import { limits } from '../../domain/limits.ts';
import { type Bounds, type Mark, type Purpose, program, type Slice } from './program.ts';

/** Records are taken in slices of about this length, so that the one that is ended at the end of its time is the one to blame. */
const sliceMs = 50;
const loadMs = 10_000;
const graceMs = 50;

export interface Job {
  readonly purpose: Purpose;
  readonly expression: string;
  readonly records: readonly string[];
}

const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const outOfTime = `!overtime It took longer than ${limits.expressionMs} ms (limit expressionMs).`;
const outOfTurn = `!overtime Its message took longer than ${limits.expressionsMs} ms (limit expressionsMs).`;

type Room = Context & {
  program: ReturnType<typeof program>;
  slice?: Slice;
  marks?: Mark[];
};

/**
 * Evaluates expressions in a context of `node:vm` that has nothing but the language itself: no module, no process, no
 * network, no code from strings. A context runs its promises by itself (`afterEvaluate`), so that its timeout ends whatever is
 * under way in there, a regular expression among it. It does not bound memory: `process.ts` does.
 */
export class Evaluator {
  readonly #library: Script;
  readonly #run = new Script('program.run(slice, marks)');
  #room: Room | undefined;

  /** @param source of JSONata, a CommonJS module. */
  constructor(source: string) {
    // What it looks for in a browser, for `$base64encode` and `$base64decode`.
    const parameters = 'window, module, exports';
    this.#library = new Script(`(function (${parameters}) {${source}\nreturn module.exports; })`);
  }

  evaluate({ records, ...job }: Job): Mark[] {
    const until = performance.now() + limits.expressionsMs;
    const marks: Mark[] = [];
    while (marks.length < records.length) {
      if (performance.now() >= until) marks.push(outOfTurn);
      else marks.push(...this.#slice({ ...job, records, from: marks.length }));
    }
    return marks;
  }

  #slice(slice: Slice): Mark[] {
    this.#room ??= this.#open();
    const room = this.#room;
    const marks: Mark[] = [];
    Object.assign(room, { slice, marks });
    try {
      this.#run.runInContext(room, { timeout: sliceMs + limits.expressionMs + graceMs });
      return marks;
    } catch (error) {
      if (!isTimeout(error)) throw error;
      // What was ended may have left promises behind, that would go on with the next.
      this.#room = undefined;
      return [...marks, outOfTime];
    }
  }

  #open(): Room {
    const bounds: Bounds = {
      recordMs: limits.expressionMs,
      sliceMs,
      maxLength: limits.recordBytes,
      withheld: Object.keys(withheldFunctions),
    };
    const room = createContext(
      {},
      { microtaskMode: 'afterEvaluate', codeGeneration: { strings: false, wasm: false } },
    ) as Room;
    const load = this.#library.runInContext(room, { timeout: loadMs }) as (...given: unknown[]) => unknown;
    const module = { exports: {} };
    const jsonata = load({ btoa, atob }, module, module.exports);
    const begin = new Script(`(${program.toString()})`).runInContext(room) as typeof program;
    room.program = begin(jsonata as Parameters<typeof program>[0], bounds);
    return room;
  }
}
