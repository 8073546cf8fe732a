import { dropOldest } from '../../domain/drop-oldest.ts';
import type { ApiKey, Quota } from '../../domain/keys.ts';
import { type Clock, instantOf } from '../../surroundings/clock.ts';
import { Meter } from './meter.ts';

export interface QuotasDeps {
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  /** Keys whose use is remembered: of those beyond, what was used for longest ago is forgotten, as if it had used nothing. */
  readonly maxKeys?: number;
}

/** What the keys that have a quota use up in this process. Other processes know nothing of it, nor it of theirs. */
export class Quotas {
  readonly #deps: QuotasDeps;
  readonly #meters = new Map<string, { readonly quota: Quota; readonly meter: Meter }>();

  constructor(deps: QuotasDeps) {
    this.#deps = deps;
  }

  /** Of a key that has a quota; undefined for one that has none. */
  meterOf({ keyId, quota }: Pick<ApiKey, 'keyId' | 'quota'>): Meter | undefined {
    if (quota === undefined) {
      this.#meters.delete(keyId);
      return undefined;
    }
    const known = this.#meters.get(keyId);
    const meter =
      known === undefined || isOther(known.quota, quota) ? this.#begin(quota, known) : known.meter;
    // Moved to the end: the first ones are those unused for longest.
    this.#meters.delete(keyId);
    this.#meters.set(keyId, { quota, meter });
    dropOldest(this.#meters, this.#deps.maxKeys ?? 10_000);
    return meter;
  }

  /** What was used under the quota before is not forgiven. */
  #begin(quota: Quota, former: { readonly meter: Meter } | undefined): Meter {
    const now = () => instantOf(this.#deps.clock);
    return new Meter(quota, now, former?.meter);
  }
}

const isOther = (one: Quota, other: Quota): boolean =>
  one.recordsPerSecond !== other.recordsPerSecond ||
  one.bytesPerSecond !== other.bytesPerSecond ||
  one.burstSeconds !== other.burstSeconds;
