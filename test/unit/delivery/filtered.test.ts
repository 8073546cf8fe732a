import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import type { Sieve } from '../../../lib/delivery/filtering/sieve.ts';
import { limits } from '../../../lib/domain/limits.ts';
import type { Run, RunReader } from '../../../lib/log/read/run.ts';
import type { WebhookRequest } from '../../../lib/stores/webhooks.ts';
import { groupRef, makeRig, offsetsOf, ok, unreachable } from './rig.ts';

interface Settings {
  readonly ordering?: 'partition' | 'key' | 'none';
  readonly concurrency?: number;
  readonly filter?: string;
  readonly transform?: string;
  readonly batchSize?: number;
}

const rigOf = async (delivery: Settings) => {
  const { rig } = await makeRig({ delivery });
  const told = (kind: string) => rig.events.filter((event) => event.kind === kind);
  const appendAll = (values: readonly unknown[]): void => {
    for (const value of values) rig.append({ value });
  };
  return { rig, told, appendAll };
};

const even = 'value % 2 = 0';
const where = { topic: 'orders', group: 'billing', partition: 0 };
const bodyOf = ({ body }: WebhookRequest): string => Buffer.from(body).toString();
const valuesOf = (request: WebhookRequest): unknown[] =>
  (JSON.parse(bodyOf(request)) as { data: { records: { value: unknown }[] } }).data.records.map(
    ({ value }) => value,
  );
const idOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => headers['webhook-id'];

describe('a group with a filter', () => {
  it('is sent what matches, and its cursor moves past the rest', async () => {
    const { rig, told, appendAll } = await rigOf({ filter: even });
    appendAll([0, 1, 2, 3, 4, 5]);
    await rig.deliver();
    expect(rig.sent.map(offsetsOf)).toEqual([[0, 2, 4]]);
    expect(await rig.cursor()).toMatchObject({ committed: 6, leaseUntil: 0, filtered: 3 });
    expect(told('filtered')).toEqual([{ kind: 'filtered', ...where, records: 3 }]);
  });

  it('of which nothing matches is committed past in two writes and without a request, once', async () => {
    const { rig, told, appendAll } = await rigOf({ filter: 'value = "yes"' });
    appendAll([1, 2, 3, 4, 5]);
    await rig.deliver();
    expect(rig.sent).toEqual([]);
    expect(await rig.cursor()).toMatchObject({ committed: 5, leaseUntil: 0 });
    expect(told('filtered')).toMatchObject([{ records: 5 }]);
    const writes = (call: string): boolean => call.startsWith('cursors.') && call !== 'cursors.get';
    expect(rig.calls.filter(writes)).toEqual(['cursors.acquire', 'cursors.commit']);
    expect(rig.takeWakes()).toEqual([]);

    rig.append({ value: 'yes' });
    await rig.deliver();
    expect(rig.sent.map(offsetsOf)).toEqual([[5]]);
    expect(told('filtered')).toHaveLength(1);
  });

  it('is sent all, in order, whatever the batches, the size of a message and what matches', async () => {
    const batches = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 7 }), async (given, batchSize) => {
        const { rig, told } = await rigOf({ filter: 'value', batchSize });
        for (const values of given) rig.append(...values.map((value) => ({ value })));
        await rig.deliver();
        const all = given.flat();
        const matching = all.flatMap((value, offset) => (value ? [offset] : []));
        expect(rig.sent.flatMap(offsetsOf)).toEqual(matching);
        expect((await rig.cursor())?.committed ?? 0).toBe(all.length);
        const counted = told('filtered').reduce(
          (sum, event) => sum + ('records' in event ? event.records : 0),
          0,
        );
        expect(counted).toBe(all.length - matching.length);
      }),
      { numRuns: 60 },
    );
  });

  it('gets the same message again where it failed, whatever was appended meanwhile', async () => {
    const { rig, told, appendAll } = await rigOf({ filter: even, batchSize: 2 });
    appendAll([1, 2, 3, 4, 5, 6]);
    rig.answer = () => unreachable;
    await rig.deliver();
    expect(told('filtered')).toMatchObject([{ records: 1 }]);
    appendAll([8, 10]);
    rig.answer = () => ok;
    rig.pass(60_000);
    const [{ wake } = { wake: {} }] = rig.takeWakes();
    await rig.deliver(wake);
    const [first, again, ...others] = rig.sent;
    expect([first, again].map((request) => request && [idOf(request), request.body])).toEqual([
      [idOf(first as never), first?.body],
      [idOf(first as never), first?.body],
    ]);
    expect(others.flatMap(offsetsOf)).toEqual([5, 6, 7]);
    expect(await rig.cursor()).toMatchObject({ committed: 8 });
  });

  it('moves past many that do not match part by part, each committed when there is another', async () => {
    const { rig, told } = await rigOf({ filter: 'false' });
    const part = Array.from({ length: 1000 }, () => ({ value: 1 }));
    for (let batch = 0; batch < 12; batch += 1) rig.append(...part);
    await rig.deliver();
    expect(await rig.cursor()).toMatchObject({ committed: 12_000, leaseUntil: 0 });
    const counts = told('filtered').map((event) => ('records' in event ? event.records : 0));
    expect(counts.length).toBeGreaterThan(1);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2 * (limits.filteredRecords + part.length));
  });

  it('that fails on a record is sent that record, and says so without what it holds', async () => {
    const { rig, told, appendAll } = await rigOf({ filter: 'value > 1' });
    appendAll([0, 'secret', 2]);
    await rig.deliver();
    expect(rig.sent.map(offsetsOf)).toEqual([[1, 2]]);
    const [failed] = told('expression-failed');
    expect(failed).toMatchObject({ ...where, expression: 'filter', records: 1, code: 'T2009' });
    expect(JSON.stringify(failed)).not.toContain('secret');
  });

  it('of another kind now goes on behind a message that it leaves nothing of', async () => {
    const { rig, appendAll } = await rigOf({ batchSize: 2 });
    appendAll([1, 3, 4]);
    rig.answer = () => unreachable;
    await rig.deliver();
    const delivery = { ...rig.group.delivery, filter: even };
    await rig.groups.update(rig.group, { delivery });
    rig.answer = () => ok;
    rig.pass(60_000);
    const [{ wake } = { wake: {} }] = rig.takeWakes();
    await rig.deliver(wake);
    expect(rig.sent.slice(1).map(offsetsOf)).toEqual([[2]]);
    expect(await rig.cursor()).toMatchObject({ committed: 3 });
  });
});

describe('what was left out', () => {
  it('is not lost where retention takes it while its partition is read', async () => {
    const place = { partition: 0, timestamp: 0, appendedAt: 0 };
    const piece = (from: number, end: number) => ({
      from,
      end,
      count: end - from,
      bytes: 10,
      isArchived: false,
      decode: () => ({
        records: Array.from({ length: end - from }, (_, index) => ({ ...place, offset: from + index })),
        bytes: 10,
      }),
    });
    const found = { kind: 'found', more: true, gap: false, closed: false } as const;
    const looks: Run[] = [
      { ...found, pieces: [piece(2, 5)] },
      { kind: 'below', start: 8 },
      { ...found, pieces: [piece(8, 10)], more: false },
    ];
    const read = async (): Promise<Run> => looks.shift() ?? { kind: 'end', closed: false };
    const keep: Sieve['keep'] = async (records) => records.filter(({ offset }) => offset >= 8);
    const backlog = new Backlog(
      { read } as unknown as RunReader,
      { topicId: 't1', partition: 0 },
      1000,
      () => ({
        keep,
      }),
    );
    const { records, lost } = await backlog.next({ from: 2, maxRecords: 10 });
    const next = records.length > 0 ? { records, lost } : await backlog.next({ from: 2, maxRecords: 10 });
    expect(next.records.map(({ offset }) => offset)).toEqual([8, 9]);
    expect(next.lost).toBe(3);
  });
});

describe.each(['key', 'none'] as const)('a group with a filter whose order is by %s', (ordering) => {
  it('is sent what matches, and its cursor moves past the rest and counts it', async () => {
    const { rig, told, appendAll } = await rigOf({ filter: even, ordering, concurrency: 2, batchSize: 2 });
    appendAll([1, 2, 3, 4, 6, 7, 8, 9]);
    await rig.deliver();
    expect(rig.sent.flatMap(offsetsOf).sort()).toEqual([1, 3, 4, 6]);
    expect(await rig.cursor()).toMatchObject({ committed: 8, filtered: 4 });
    const counted = told('filtered').reduce(
      (sum, event) => sum + ('records' in event ? event.records : 0),
      0,
    );
    expect(counted).toBe(4);
  });

  it('of which nothing matches is committed past without a request', async () => {
    const { rig, appendAll } = await rigOf({ filter: 'false', ordering, concurrency: 2 });
    appendAll([1, 2, 3]);
    await rig.deliver();
    expect(rig.sent).toEqual([]);
    expect(await rig.cursor()).toMatchObject({ committed: 3, filtered: 3, leaseUntil: 0 });
    expect(rig.takeWakes()).toEqual([]);
  });
});

describe('a group with a transform', () => {
  it('is sent what it gives as the value, and all else as it is', async () => {
    const { rig } = await rigOf({ transform: '{"double": value * 2, "of": key}' });
    rig.append({ key: 'a', value: 1, headers: { h: 'x' } }, { key: 'b', value: 2 });
    await rig.deliver();
    const [request] = rig.sent;
    expect(request && JSON.parse(bodyOf(request))).toMatchObject({
      data: {
        records: [
          { offset: 0, key: 'a', headers: { h: 'x' }, value: { double: 2, of: 'a' } },
          { offset: 1, key: 'b', value: { double: 4, of: 'b' } },
        ],
      },
    });
  });

  it('is sent fewer records in a message where they became larger', async () => {
    const { rig, appendAll } = await rigOf({ transform: '$pad("x", 200000)' });
    appendAll([1, 2, 3, 4, 5, 6]);
    await rig.deliver();
    expect(rig.sent.map(offsetsOf)).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
    for (const { body } of rig.sent)
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(limits.deliveryBytes);
  });

  it('that fails on a record has that one refused alone and without a request, and the ones before it sent', async () => {
    const { rig, told, appendAll } = await rigOf({ transform: 'value + 1' });
    appendAll([1, 2, 'three', 4]);
    await rig.deliver();
    expect(rig.sent.map(valuesOf)).toEqual([[2, 3]]);
    expect(await rig.cursor()).toMatchObject({ committed: 2, pendingEnd: 3, refusals: 1 });
    expect((await rig.cursor())?.lastFailure).toMatch(/^The group's transform failed\. .*\+/);
    expect(told('expression-failed')).toMatchObject([{ ...where, expression: 'transform', code: 'T2001' }]);
  });

  it.each(['partition', 'key'] as const)(
    'that fails on a record says nothing of the endpoint, whose outage goes on (ordering %s)',
    async (ordering) => {
      const { rig, told, appendAll } = await rigOf({ transform: 'value + 1', ordering });
      const [endpoint] = (await rig.groups.get(groupRef))?.endpoints ?? [];
      if (endpoint === undefined) throw new Error('There is no endpoint.');
      const outage = { failingSince: 1, failedAt: 1, outageMs: 0, attempts: 1, retryAt: 1 };
      await rig.groups.updateEndpoint(groupRef, endpoint, { outage });
      appendAll(['one']);
      await rig.deliver();
      expect(told('expression-failed')).toHaveLength(1);
      expect((await rig.groups.get(groupRef))?.endpoints[0]).toMatchObject({ outage });
    },
  );

  it('that fails on a record for long has that one, as it is in the log, among the dead letters', async () => {
    const { rig, appendAll } = await rigOf({ transform: 'value + 1' });
    appendAll([1, 'two', 3]);
    await rig.deliver();
    for (let wakes = rig.takeWakes(); wakes.length > 0; wakes = rig.takeWakes()) {
      rig.pass(1_000_000);
      for (const { wake } of wakes) await rig.deliver(wake);
    }
    expect(rig.sent.map(valuesOf)).toEqual([[2], [4]]);
    expect(await rig.cursor()).toMatchObject({ committed: 3 });
    expect(rig.dead.offsets).toEqual([{ partition: 0, offset: 1 }]);
  });
});
