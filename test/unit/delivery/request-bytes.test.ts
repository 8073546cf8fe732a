import { describe, expect, it } from 'vitest';
import { messageBytesOf } from '../../../lib/domain/delivery/request-size.ts';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { makeRig, secret } from './rig.ts';

const bytesOf = ({ body }: { readonly body: string | Uint8Array }): number => Buffer.byteLength(body);
const many = (records: number, bytes: number) =>
  Array.from({ length: records }, () => ({ value: 'x'.repeat(bytes) }));
const countOf = ({ body }: { readonly body: string | Uint8Array }): number =>
  (JSON.parse(String(body)) as { data: { records: unknown[] } }).data.records.length;

describe('the greatest request of an endpoint', () => {
  it.each(['partition', 'key', 'none'] as const)(
    'is kept to, ordered by %s, and nothing is lost',
    async (ordering) => {
      const maxRequestBytes = 5000;
      const { deliver, append, sent } = await makeRig({
        delivery: { batchSize: 1000, ordering },
        endpoint: { maxRequestBytes },
      });
      append(...many(50, 900));
      await deliver();
      expect(sent.map(countOf).reduce((sum, count) => sum + count, 0)).toBe(50);
      for (const request of sent) expect(bytesOf(request)).toBeLessThanOrEqual(maxRequestBytes);
      expect(sent.length).toBeLessThanOrEqual(14);
    },
  );

  it('is no reason to leave out a record that is larger: it goes alone', async () => {
    const { deliver, append, sent } = await makeRig({ endpoint: { maxRequestBytes: 1024 } });
    append(...many(1, 100), ...many(1, 4000), ...many(2, 100));
    await deliver();
    expect(sent.map(countOf)).toEqual([1, 1, 2]);
    expect(bytesOf(sent[1] ?? { body: '' })).toBeGreaterThan(4000);
  });

  it('may be more than it is by itself', async () => {
    const { deliver, append, sent } = await makeRig({
      delivery: { batchSize: 1000 },
      endpoint: { maxRequestBytes: limits.maxRequestBytes },
    });
    append(...many(40, 60_000));
    await deliver();
    expect(sent.map(countOf)).toEqual([40]);
    expect(bytesOf(sent[0] ?? { body: '' })).toBeGreaterThan(2 * limits.deliveryBytes);
  });

  it('is the least of those that are enabled, where a group has several', () => {
    const endpoint = (endpointId: string, more: Partial<Endpoint>): Endpoint => ({
      ...{ endpointId, url: 'https://example.com/', secrets: [secret], status: 'enabled', createdAt: 0 },
      ...more,
    });
    const endpoints = [
      endpoint('a', { maxRequestBytes: 2_000_000 }),
      endpoint('b', {}),
      endpoint('c', { maxRequestBytes: 2000, status: 'disabled' }),
    ];
    expect(messageBytesOf({ endpoints })).toBe(limits.deliveryBytes);
    expect(messageBytesOf({ endpoints: endpoints.slice(0, 1) })).toBe(2_000_000);
    expect(messageBytesOf({ endpoints: endpoints.slice(2) })).toBe(limits.deliveryBytes);
  });
});
