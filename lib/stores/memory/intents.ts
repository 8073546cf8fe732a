import { partitionKey } from '../../domain/records/records.ts';
import type { Intent, IntentChange, IntentRef, IntentStore } from '../intents.ts';

const keyOf = (ref: IntentRef): string => `${partitionKey(ref)}/${ref.key}`;

/** Intents in memory. */
export class MemoryIntentStore implements IntentStore {
  readonly #intents = new Map<string, Intent>();

  /** As it is, and to be changed under no condition: for a simulation that shows what the conditions are for. */
  standing(ref: IntentRef): Intent | undefined {
    return this.#intents.get(keyOf(ref));
  }

  place(ref: IntentRef, intent: Intent): void {
    this.#intents.set(keyOf(ref), Object.freeze({ ...intent }));
  }

  async begin(ref: IntentRef, intent: Intent, now: number): Promise<Intent> {
    const standing = this.#intents.get(keyOf(ref));
    if (standing !== undefined && standing.expiresAt > now) return standing;
    this.#intents.set(keyOf(ref), Object.freeze({ ...intent }));
    return intent;
  }

  async find(ref: IntentRef): Promise<Intent | undefined> {
    return this.standing(ref);
  }

  async move(ref: IntentRef, to: IntentChange & { readonly slot: number }): Promise<boolean> {
    const standing = this.#intents.get(keyOf(ref));
    if (standing?.attempt !== to.attempt || standing.slot > to.slot) return false;
    this.#intents.set(keyOf(ref), Object.freeze({ ...standing, ...to }));
    return true;
  }

  async takeOver(
    ref: IntentRef,
    { attempt, by, expiresAt }: IntentChange & { readonly by: string },
  ): Promise<Intent | undefined> {
    const standing = this.#intents.get(keyOf(ref));
    if (standing?.attempt === by) return standing;
    if (standing?.attempt !== attempt) return undefined;
    const taken = Object.freeze({ ...standing, attempt: by, expiresAt });
    this.#intents.set(keyOf(ref), taken);
    return taken;
  }
}
