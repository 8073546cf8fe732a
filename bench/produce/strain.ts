import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { topic } from '../http/cases.ts';
import { pause } from '../http/load.ts';
import { percentile } from '../http/report.ts';
import { startBroker } from '../http/server.ts';

/** What clients saw of a broker whose store throttles. */
export interface Strain {
  readonly connections: number;
  /** Answers a second, by what they were. */
  readonly perSecond: Readonly<Record<string, number>>;
  /** Those that said when to try again, of all that were refused. */
  readonly withRetryAfter: number;
  /** ms, of all answers. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  /** Requests that got no answer. */
  readonly unanswered: number;
  /** The most memory that the broker's process had, MB. */
  readonly megabytes: number;
}

/**
 * Bodies of one record, 10 KB of base64 that take about eight write units compressed: a partition carries some 130 of them a
 * second. They differ, or a batch of them would take no more than one.
 */
const bodies = Array.from({ length: 500 }, () => {
  const value = randomBytes(7_500).toString('base64');
  return JSON.stringify({ records: [{ partition: 0, value }] });
});

interface Seen {
  readonly latencies: number[];
  readonly codes: Map<string, number>;
  refused: number;
  withRetryAfter: number;
}

/** What autocannon gives of a head, which its types have as something else: names and values in turn. */
interface Head {
  readonly statusCode: number;
  readonly headers: readonly string[];
}

const codeIn = (text: string): string => /"code":"(\w+)"/.exec(text)?.[1] ?? 'stored';

/** As many clients as there are connections, each of which sends its next request when it has an answer, whatever that is. */
const load = (url: string, key: string, connections: number, seconds: number, seen: Seen) => {
  let next = 0;
  return autocannon({
    url: `${url}${topic.path}/records`,
    method: 'POST',
    connections,
    duration: seconds,
    timeout: 30,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    requests: [
      {
        setupRequest: (request) => {
          next += 1;
          return { ...request, body: bodies[next % bodies.length] ?? '' };
        },
      },
    ],
    setupClient: (client) => {
      client.on('headers', (given) => {
        const { statusCode, headers } = given as unknown as Head;
        if (statusCode < 400) return;
        seen.refused += 1;
        if (headers.some((name) => name.toLowerCase() === 'retry-after')) seen.withRetryAfter += 1;
      });
      client.on('body', (text) => {
        const code = codeIn(text.toString());
        seen.codes.set(code, (seen.codes.get(code) ?? 0) + 1);
      });
      client.on('response', (_status, _bytes, ms) => void seen.latencies.push(ms));
    },
  });
};

/** Clients at the broker over a store that gives a partition 1,000 write units a second. */
export const strain = async (connections: number, seconds: number): Promise<Strain> => {
  const server = await startBroker('throttled');
  const seen: Seen = { latencies: [], codes: new Map(), refused: 0, withRetryAfter: 0 };
  let most = 0;
  let over = false;
  const look = async (): Promise<void> => {
    while (!over) {
      most = Math.max(most, await server.residentBytes());
      await pause(250);
    }
  };
  const looking = look();
  try {
    const result = await load(`http://127.0.0.1:${server.port}`, server.key, connections, seconds, seen);
    const latencies = seen.latencies.toSorted((a, b) => a - b);
    return {
      connections,
      perSecond: Object.fromEntries([...seen.codes].map(([code, count]) => [code, count / seconds])),
      withRetryAfter: seen.refused === 0 ? 1 : seen.withRetryAfter / seen.refused,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      longest: latencies.at(-1) ?? 0,
      unanswered: result.errors + result.timeouts,
      megabytes: most / 1_000_000,
    };
  } finally {
    over = true;
    await looking;
    await server.stop();
  }
};
