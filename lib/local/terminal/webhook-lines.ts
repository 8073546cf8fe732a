import type { TelemetryEvent } from '../../stores/telemetry.ts';
import { Repeats } from './repeats.ts';

type Event<Kind extends TelemetryEvent['kind']> = Extract<TelemetryEvent, { kind: Kind }>;

/** What is known of an endpoint that fails, or did so not long ago. */
interface Trouble {
  readonly url: string;
  readonly partitions: Set<number>;
  /** Failed attempts since all was well. */
  failed: number;
  /** Whether the last line about it says that it fails. */
  isSaid: boolean;
}

/** Endpoints that are remembered; beyond, those that failed longest ago are forgotten. */
const remembered = 500;

/** Host and path: a URL may hold a password, and its query a token. */
const shownUrl = (text: string): string => {
  if (!URL.canParse(text)) return '(no URL)';
  const { protocol, host, pathname } = new URL(text);
  const path = pathname.length > 100 ? `${pathname.slice(0, 100)}…` : pathname;
  return `${protocol}//${host}${path}`;
};

const inWords = (ms: number): string => {
  if (ms < 1000) return 'in less than a second';
  return ms < 120_000 ? `in ${Math.round(ms / 1000)} s` : `in ${Math.round(ms / 60_000)} min`;
};

/** The same reason again, whatever offsets and lengths it names. */
const sameness = ({ endpointId, reason, status }: Event<'retry-planned'>): string =>
  [endpointId, status ?? '', reason.replace(/\d+/g, '#')].join(' ');

const what = ({ reason, status = 0, excerpt }: Event<'retry-planned'>): string => {
  if (status >= 200 && status <= 299) return `its acknowledgement was refused. ${reason}`;
  return excerpt === undefined ? reason : `${reason.replace(/\.$/, '')}: ${JSON.stringify(excerpt)}.`;
};

/** Tells of webhooks that fail, once a minute for each reason, and once that they work again. */
export class WebhookLines {
  readonly #repeats = new Repeats();
  /** By the endpoint's id, those that failed last at the end. */
  readonly #troubles = new Map<string, Trouble>();

  /** @param now ms, of a clock that never goes back. */
  failed(event: Event<'retry-planned'>, now: number): string | undefined {
    const trouble = this.#troubleOf(event);
    trouble.partitions.add(event.partition);
    trouble.failed += 1;
    const times = this.#repeats.maySay(sameness(event), now);
    if (times === undefined) return undefined;
    trouble.isSaid = true;
    const { topic, group, partition, delayMs } = event;
    const before = times === 0 ? '' : ` The same ${times} times more since the last line like this.`;
    return `webhook ${trouble.url} of ${topic}/${group}, partition ${partition}: ${what(event)} Next try ${inWords(delayMs)}.${before}`;
  }

  acknowledged({ endpointId, partition, topic, group }: Event<'attempt'>): string | undefined {
    const trouble = this.#troubles.get(endpointId);
    if (trouble === undefined || !trouble.partitions.delete(partition) || trouble.partitions.size > 0)
      return undefined;
    const { failed, isSaid, url } = trouble;
    this.#troubles.delete(endpointId);
    if (!isSaid) return undefined;
    const attempts = failed === 1 ? 'one failed attempt' : `${failed} failed attempts`;
    return `webhook ${url} of ${topic}/${group} works again, after ${attempts}`;
  }

  disabled({ endpointId, topic, group, reason }: Event<'endpoint-disabled'>): string {
    const url = this.#troubles.get(endpointId)?.url;
    this.#troubles.delete(endpointId);
    return `webhook ${url === undefined ? '' : `${url} `}of ${topic}/${group} is disabled: ${reason}`;
  }

  #troubleOf({ endpointId, url }: Event<'retry-planned'>): Trouble {
    const known = this.#troubles.get(endpointId);
    const trouble = known ?? { url: shownUrl(url), partitions: new Set(), failed: 0, isSaid: false };
    this.#troubles.delete(endpointId);
    this.#troubles.set(endpointId, trouble);
    const [oldest] = this.#troubles.keys();
    if (this.#troubles.size > remembered && oldest !== undefined) this.#troubles.delete(oldest);
    return trouble;
  }
}
