import type { Answer, Client, Page } from '../../test/end-to-end/client.ts';

/** `small`: 20 requests a second of five records of 300 bytes. `large`: one of 4 MB every five seconds. */
export type Size = 'small' | 'large';

const requests = {
  small: { everyMs: 50, records: 5, valueBytes: 300 },
  large: { everyMs: 5000, records: 32, valueBytes: 125_000 },
} as const;

/** Of the topic: what goes to one of them in one request is limited. */
export const partitions = 32;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Text that zstd does not make much shorter. */
const text = (length: number): string =>
  Array.from({ length: Math.ceil(length / 10) }, () => Math.random().toString(36).slice(2, 12).padEnd(10))
    .join('')
    .slice(0, length);

/** How many requests were answered as they should be, and how many were not. */
interface Tally {
  done: number;
  failed: number;
}

/** 0 where there was no answer. */
const statusOf = (called: Promise<Answer>): Promise<number> =>
  called.then(
    ({ status }) => status,
    () => 0,
  );

const produce = async (client: Client, topic: string, size: Size, isOver: () => boolean, tally: Tally) => {
  const { everyMs, records, valueBytes } = requests[size];
  for (let number = 0; !isOver(); number += 1) {
    const began = performance.now();
    const given = Array.from({ length: records }, (_, at) => ({
      partition: (number + at) % partitions,
      value: text(valueBytes),
    }));
    const status = await statusOf(client.call('POST', `/v1/topics/${topic}/records`, { records: given }));
    if (status === 200) tally.done += 1;
    else tally.failed += 1;
    await pause(Math.max(0, everyMs - (performance.now() - began)));
  }
};

/** Follows one partition by long polls. On a busy machine one may be refused: it is asked again. */
const follow = async (client: Client, topic: string, partition: number, isOver: () => boolean) => {
  const records = `/v1/topics/${topic}/partitions/${partition}/records`;
  for (let offset: number | 'latest' = 'latest'; !isOver(); ) {
    const path: string = `${records}?offset=${offset}&waitSeconds=1`;
    const answer: Answer | undefined = await client.call('GET', path).catch(() => undefined);
    if (answer?.status === 200) offset = (answer.body as Page).nextOffset;
    else await pause(1000);
  }
};

export interface Load {
  readonly tally: Readonly<Tally>;
  stop(): Promise<void>;
}

/** Begins to produce requests of one size, and to fetch what they bring. */
export const load = (client: Client, topic: string, size: Size): Load => {
  const tally: Tally = { done: 0, failed: 0 };
  let over = false;
  const isOver = (): boolean => over;
  const running = Promise.all([
    produce(client, topic, size, isOver, tally),
    ...[0, 1, 2, 3].map((partition) => follow(client, topic, partition, isOver)),
  ]);
  return {
    tally,
    stop: async () => {
      over = true;
      await running;
    },
  };
};
