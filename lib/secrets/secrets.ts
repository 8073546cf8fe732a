import { elapsedMs, type Instant } from '../domain/instants.ts';
import type { KeyringStore } from '../stores/keyrings.ts';
import { type Clock, instantOf } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import { type Keyring, parseKeyring } from './keyring.ts';
import { open, type SecretPlace, seal, sealingKeyId } from './sealing.ts';

export interface SecretsDeps {
  readonly keyrings: KeyringStore;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly random: Random;
}

/** A key that was added seals in every process after this long. Where it opens is asked for when it is met. */
const keyringMaxAgeMs = 3_600_000;
/** How often a key that is missing may have the keyring read again: where it stays missing, each delivery asks. */
const againAfterMs = 5000;

interface Held {
  readonly keyring: Keyring;
  readonly readAt: Instant;
}

/** Seals and opens by the keyring, which a process reads once an hour, and when it meets a key that it does not know. */
export class Secrets {
  readonly #deps: SecretsDeps;
  #held: Held | undefined;
  /** When the last reading began, whatever came of it. */
  #askedAt: Instant | undefined;
  #reading: Promise<Keyring> | undefined;

  constructor(deps: SecretsDeps) {
    this.#deps = deps;
  }

  /**
   * The keyring; one that has the key of this id, if there is such a key.
   * @throws what reading it throws, where none was read yet; `KeyringFormatError`
   */
  async keyring(keyId?: string): Promise<Keyring> {
    const held = this.#held;
    if (held === undefined) return this.#read();
    const isMissing = keyId !== undefined && held.keyring.every(({ id }) => id !== keyId);
    const isDue = isMissing || this.#msSince(held.readAt) >= keyringMaxAgeMs;
    if (!isDue || this.#msSince(this.#askedAt ?? held.readAt) < againAfterMs) return held.keyring;
    // Where none is missing, what is held opens and seals as well as ever.
    return isMissing ? this.#read() : this.#read().catch(() => held.keyring);
  }

  /** Sealed by the newest key. */
  async seal(plain: string, place: SecretPlace): Promise<string> {
    return seal(await this.keyring(), this.#deps.random, plain, place);
  }

  /** @throws UnknownDataKeyError, UnopenableSecretError, and what `keyring` throws */
  async open(text: string, place: SecretPlace): Promise<string> {
    const keyId = sealingKeyId(text);
    return keyId === undefined ? text : open(await this.keyring(keyId), text, place);
  }

  /** Whether it is sealed, and by the newest key. */
  async isCurrent(text: string): Promise<boolean> {
    const [newest] = await this.keyring();
    return sealingKeyId(text) === newest.id;
  }

  #msSince(at: Instant): number {
    return elapsedMs(at, instantOf(this.#deps.clock));
  }

  #read(): Promise<Keyring> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<Keyring> {
    const readAt = instantOf(this.#deps.clock);
    this.#askedAt = readAt;
    const keyring = parseKeyring(await this.#deps.keyrings.read());
    this.#held = { keyring, readAt };
    return keyring;
  }
}
