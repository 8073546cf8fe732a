import { dropOldest } from '../../domain/drop-oldest.ts';
import type { TelemetryEvent } from '../../surroundings/telemetry.ts';
import { LineBudget, Repeats } from './repeats.ts';

type Event<Kind extends TelemetryEvent['kind']> = Extract<TelemetryEvent, { kind: Kind }>;

/** What is known of an endpoint that fails, or did so not long ago. */
interface Trouble {
  readonly partitions: Set<number>;
  /** Failed attempts since all was well. */
  failed: number;
  /** Whether the last line about it says that it fails. */
  isSaid: boolean;
}

/** Endpoints that are remembered; beyond, those that failed longest ago are forgotten. */
const remembered = 500;

/** Different failures of an endpoint that are told within a minute. */
const linesAMinute = 4;

/** A word, as `hooks` or `v1`: what names nobody and opens nothing. */
const word = /^(?:v\d{1,2}|[a-z][a-z_-]{0,15})$/;

/**
 * The host, and how the path begins where that is a plain word: what follows is with many services the key to the
 * webhook, as a query or a password may be.
 */
const shownUrl = (text: string): string => {
  if (!URL.canParse(text)) return '(no URL)';
  const { protocol, host, pathname, search } = new URL(text);
  const [first = '', ...rest] = pathname.slice(1).split('/');
  const isWhole = rest.length === 0 && search === '';
  if (first === '' && isWhole) return `${protocol}//${host}/`;
  return `${protocol}//${host}/${word.test(first) ? `${first}${isWhole ? '' : '/…'}` : '…'}`;
};

const inWords = (ms: number): string => {
  if (ms < 1000) return 'in less than a second';
  return ms < 120_000 ? `in ${Math.round(ms / 1000)} s` : `in ${Math.round(ms / 60_000)} min`;
};

/** The same reason again at the same URL, whatever offsets and lengths it names. */
const sameness = ({ endpointId, url, reason, status }: Event<'retry-planned'>): string =>
  [endpointId, url, status ?? '', reason.replace(/\d+/g, '#')].join(' ');

const placeOf = ({ endpointId, topic, group }: Record<'endpointId' | 'topic' | 'group', string>): string =>
  `of ${topic}/${group} (endpoint ${endpointId})`;

const what = ({ reason, status = 0, excerpt }: Event<'retry-planned'>): string => {
  if (status >= 200 && status <= 299) return `its acknowledgement was refused. ${reason}`;
  return excerpt === undefined ? reason : `${reason.replace(/\.$/, '')}: ${JSON.stringify(cut(excerpt))}.`;
};

/** Characters of an answer that a line has. A character of two halves is not cut between them. */
const shown = 160;
const cut = (excerpt: string): string =>
  excerpt.length > shown ? `${excerpt.slice(0, shown).replace(/[\ud800-\udbff]$/, '')}…` : excerpt;

/** What came since the last line like this, and since the last one of the endpoint. */
const before = (times: number, untold: number): string =>
  (times === 0 ? '' : ` The same ${times} times more since the last line like this.`) +
  (untold === 0 ? '' : ` ${untold} more of its failures were not told.`);

/**
 * Tells of webhooks that fail, once a minute for each reason and no more than a few times a minute for each endpoint,
 * and once that they work again. A URL is that of the attempt: an endpoint's may have changed since it failed last, so
 * lines about no failed attempt name the endpoint by its id alone.
 */
export class WebhookLines {
  readonly #repeats = new Repeats();
  readonly #budget = new LineBudget(linesAMinute);
  /** By the endpoint's id, those that failed last at the end. */
  readonly #troubles = new Map<string, Trouble>();

  /** @param now ms, of a clock that never goes back. */
  failed(event: Event<'retry-planned'>, now: number): string | undefined {
    const { endpointId, url, partition, delayMs } = event;
    const trouble = this.#troubleOf(endpointId);
    trouble.partitions.add(partition);
    trouble.failed += 1;
    if (!this.#budget.hasLeft(endpointId, now)) return undefined;
    const times = this.#repeats.maySay(sameness(event), now);
    if (times === undefined) return undefined;
    trouble.isSaid = true;
    const untold = this.#budget.spend(endpointId, now);
    return `webhook ${shownUrl(url)} ${placeOf(event)}, partition ${partition}: ${what(event)} Next try ${inWords(delayMs)}.${before(times, untold)}`;
  }

  acknowledged({ endpointId, partition, topic, group }: Event<'attempt'>): string | undefined {
    const trouble = this.#troubles.get(endpointId);
    if (trouble === undefined || !trouble.partitions.delete(partition) || trouble.partitions.size > 0)
      return undefined;
    const { failed, isSaid } = trouble;
    this.#troubles.delete(endpointId);
    if (!isSaid) return undefined;
    const attempts = failed === 1 ? 'one failed attempt' : `${failed} failed attempts`;
    return `webhook ${placeOf({ endpointId, topic, group })} works again, after ${attempts}`;
  }

  disabled({ endpointId, topic, group, reason }: Event<'endpoint-disabled'>): string {
    this.#troubles.delete(endpointId);
    return `webhook ${placeOf({ endpointId, topic, group })} is disabled: ${reason}`;
  }

  #troubleOf(endpointId: string): Trouble {
    const trouble = this.#troubles.get(endpointId) ?? { partitions: new Set(), failed: 0, isSaid: false };
    this.#troubles.delete(endpointId);
    this.#troubles.set(endpointId, trouble);
    dropOldest(this.#troubles, remembered);
    return trouble;
  }
}
