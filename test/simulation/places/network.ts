import { OutcomeUnknownError } from '../../../lib/domain/errors.ts';
import type { GroupStore } from '../../../lib/stores/groups.ts';
import type { MemoryGroupStore } from '../../../lib/stores/memory/groups.ts';
import type { Random } from '../../../lib/surroundings/random.ts';
import type { Scheduler } from '../scheduler.ts';

/** No copy of a request lands later than this. */
const latestMs = 25 * 60_000;
const timeoutMs = 3000;

export interface Network {
  readonly names: Names;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly store: MemoryGroupStore;
  /** Called after everything that happens to the store. */
  readonly look: (method: string) => void;
}

/**
 * A group is created in place of what was read under its name, and of nothing else: its put lands late only where that is
 * what it was. As `putUnderName` does it; what the memory store does at once reads and puts.
 */
export class Names {
  readonly #changes = new Map<string, number>();

  /** Whether a request may still land, once asked. */
  bound(method: string, args: readonly unknown[]): () => boolean {
    const [group] = args as readonly [{ readonly name?: string }];
    const { name = '' } = group;
    const sent = this.#changes.get(name);
    return () => method !== 'create' || this.#changes.get(name) === sent;
  }

  served(method: string, args: readonly unknown[]): void {
    if (!['create', 'delete'].includes(method)) return;
    const [{ name, group = name ?? '' }] = args as readonly [
      { readonly name?: string; readonly group?: string },
    ];
    this.#changes.set(group, (this.#changes.get(group) ?? 0) + 1);
  }
}

type Call = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * The store as a process reaches it that may end at every call: requests and answers get lost, requests come late and
 * more than once.
 */
export const reached = ({ scheduler, random, store, look, names }: Network): GroupStore => {
  const late = (): number => (random.number() < 0.5 ? 5000 : latestMs) * random.number();
  let ended = false;
  const request = (method: string, call: Call, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const sent = structuredClone(args);
      const isWrite = !['get', 'list', 'places'].includes(method);
      const isBound = names.bound(method, sent);
      const serve = async (): Promise<unknown> => {
        // Each call takes effect before it returns its promise.
        const answer = call.apply(store, structuredClone(sent) as unknown[]);
        names.served(method, sent);
        if (isWrite) look(method);
        return answer;
      };
      const land = (): void => void (isBound() && serve().catch(() => undefined));
      const fate = random.number();
      if (ended || fate < 0.03) ended = true;
      if (ended && random.number() < 0.5) return;
      if (fate < (isWrite ? 0.2 : 0.08)) {
        if (fate < 0.18) scheduler.after(late(), land);
        if (!ended) scheduler.after(timeoutMs, () => reject(new OutcomeUnknownError('No answer came.')));
        return;
      }
      scheduler.after(random.number() * 30, () => {
        const answer = serve();
        if (!ended) scheduler.after(random.number() * 30, () => answer.then(resolve, reject));
      });
      if (isWrite && fate > 0.9) scheduler.after(late(), land);
    });
  return new Proxy(store, {
    get: (_store, name) => {
      const member: unknown = Reflect.get(store, name);
      return typeof member === 'function'
        ? (...args: readonly unknown[]) => request(String(name), member as Call, args)
        : member;
    },
  });
};
