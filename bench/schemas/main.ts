/**
 * `npm run bench:schemas`: what the check of records against a schema takes, in CPU ms of the thread: to load ajv, to compile schemas
 * of several sizes, to check requests of a thousand records, and to do it within a time limit. The shortest of several runs, since the
 * machine may be busy.
 */
import { jsonText } from '../../lib/domain/json/text.ts';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import type { Topic } from '../../lib/domain/topics.ts';
import { loadAjv } from '../../lib/schemas/ajv.ts';
import { differences } from '../../lib/schemas/compatibility/differences.ts';
import type { SchemaObject } from '../../lib/schemas/keywords.ts';
import { RecordSchemas } from '../../lib/schemas/record-schemas.ts';
import { withinTime } from '../../lib/schemas/time-limit.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';

const runs = 5;
const records = 1000;

/** CPU ms of this thread. */
const cpu = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const spent = async (work: () => unknown): Promise<number> => {
  const before = cpu();
  await work();
  return cpu() - before;
};

/** The clock of CPU time ticks too seldom for one. */
const times = 10;

const least = async (work: () => unknown): Promise<number> => {
  const several = async (): Promise<void> => {
    for (let time = 0; time < times; time += 1) await work();
  };
  const all: number[] = [];
  for (let run = 0; run < runs; run += 1) all.push((await spent(several)) / times);
  return Math.min(...all);
};

/** An object of so many fields, each a text of some length; every tenth an address. */
const schemaOf = (fields: number): SchemaObject => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: fields }, (_, index) => [
      `field${index}`,
      index % 10 === 9 ? { type: 'string', format: 'email' } : { type: 'string', maxLength: 100 },
    ]),
  ),
  required: ['field0'],
  additionalProperties: false,
});

const exampleOf = (fields: number): object =>
  Object.fromEntries(
    Array.from({ length: fields }, (_, index) => [
      `field${index}`,
      index % 10 === 9 ? 'someone@example.com' : 'some text',
    ]),
  );

const say = (what: string, ms: number): void => {
  process.stdout.write(`${what.padEnd(64)}${ms.toFixed(ms < 1 ? 3 : 1).padStart(9)}\n`);
};

const topic = (fields: number): Topic => ({
  name: 'a',
  topicId: `a${fields}`,
  partitions: 1,
  retentionHours: null,
  archive: false,
  createdAt: 0,
  version: 1,
  schema: { version: 1, schemaId: 's', compatibility: 'none', isInForce: true },
});

const checking = (fields: number): (() => Promise<void>) => {
  const version = { version: 1, schemaId: 's', schemaJson: jsonText(schemaOf(fields)), createdAt: 0 };
  const schemas = new RecordSchemas({ schemas: { get: () => Promise.resolve(version) }, clock });
  const record: NewRecord = { valueJson: jsonText(exampleOf(fields)) };
  const all = Array.from({ length: records }, () => record);
  const pathOf = (index: number): string => `records[${index}].value`;
  return () => schemas.require(topic(fields), all, { pathOf });
};

process.stdout.write(`CPU ms, least of ${runs} runs; Node ${process.versions.node}\n`);
say('ajv is loaded (once)', await spent(loadAjv));
const { compile } = await loadAjv();
say('something is done within a time limit', await least(() => withinTime(1000, () => 1)));
for (const fields of [5, 50, 500]) {
  say(`a schema of ${fields} fields is compiled`, await least(() => compile(schemaOf(fields))));
  const named = (schema: SchemaObject, name: string) => ({ schema, name });
  const [former, next] = [named(schemaOf(fields), 'a'), named(schemaOf(fields + 1), 'b')];
  say(`  one of a field more is compared with it`, await least(() => differences(former, next, 'backward')));
  const check = checking(fields);
  await check();
  say(`  ${records} records of ${fields} fields are checked`, await least(check));
  const text = jsonText(exampleOf(fields));
  const parse = (): void => {
    for (let record = 0; record < records; record += 1) JSON.parse(text);
  };
  say('    of that, JSON.parse', await least(parse));
}
