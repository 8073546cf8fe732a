import { JsonReader } from '../../../lib/domain/json/reader.ts';
import type { Broker } from '../../end-to-end/broker.ts';
import { Client } from '../../end-to-end/client.ts';

/** A topic, as text of JSON, by partition: what a fetch shows but for offsets and times of appends. */
export type Contents = readonly (readonly string[])[];

const withoutPlace = (record: string): string =>
  record
    .replace(/^\{"partition":\d+,"offset":\d+,/, '{')
    .replace(/^(\{"timestamp":"[^"]*"),"appendedAt":"[^"]*"/, '$1');

const recordsIn = (answer: string): readonly string[] => {
  const records: string[] = [];
  const reader = new JsonReader(Buffer.from(answer), 200);
  reader.fields(() => {
    if (reader.name === 'records') reader.items(() => void records.push(reader.value()));
    else reader.skip();
  });
  return records;
};

/** Every record of a topic that is there now. */
export const contentsOf = async ({ url, key }: Broker, topic: string): Promise<Contents> => {
  const headers = { authorization: `Bearer ${key}` };
  const { body } = await new Client(url, key).call('GET', `/v1/topics/${topic}/partitions`);
  const { partitions } = body as { partitions: { partition: number; endOffset: number }[] };
  const contents: string[][] = [];
  for (const { partition, endOffset } of partitions) {
    const records: string[] = [];
    while (records.length < endOffset) {
      const path = `/v1/topics/${topic}/partitions/${partition}/records?limit=1000&offset=${records.length}`;
      records.push(...recordsIn(await (await fetch(`${url}${path}`, { headers })).text()));
    }
    contents.push(records.map(withoutPlace));
  }
  return contents;
};

/** Makes a topic of records that are written as a produce request has them. */
export const makeTopic = async (
  { url, key }: Broker,
  topic: string,
  partitions: number,
  records: readonly string[] = [],
): Promise<void> => {
  const client = new Client(url, key);
  await client.ok('PUT', `/v1/topics/${topic}`, { partitions });
  for (let from = 0; from < records.length; from += 500)
    await client.ok(
      'POST',
      `/v1/topics/${topic}/records`,
      `{"records":[${records.slice(from, from + 500).join(',')}]}`,
    );
};

/** Records of two partitions, so many that they take several requests. */
export const many = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, at) => `{"partition":${at % 2},"key":"k${at % 10}","value":{"at":${at},"text":"${'x'.repeat(300)}"}}`,
  );

/** The values of each of two partitions, in order. */
export const valuesOf = (records: readonly string[]): unknown => {
  const parsed = records.map((record) => JSON.parse(record) as { partition: number; value: unknown });
  return [0, 1].map((partition) =>
    parsed.filter((record) => record.partition === partition).map(({ value }) => value),
  );
};

export const valuesIn = (contents: readonly (readonly string[])[]): unknown =>
  contents.map((records) => records.map((record) => (JSON.parse(record) as { value: unknown }).value));

export const isProduce = ({ method }: { readonly method: string }): boolean => method === 'POST';
export const isFetch = ({ path }: { readonly path: string }): boolean => path.includes('/records?');
