import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../lib/domain/groups/groups.ts';
import { groupRef, offsetsOf, unreachable } from './rig.ts';
import { makeSweep } from './sweep-rig.ts';

const lane = 'r1';
const laneRef = { groupId: 'g1', partition: 0, lane };
const resend = { resendId: lane, ranges: { 0: [1, 3] as const }, requestedAt: 0 };

/** Three records that were delivered, and a resend of the last two of which no wake is on the queue. */
const forsaken = async () => {
  const made = await makeSweep({ endpoint: { resend } });
  made.append({ value: 0 }, { value: 1 }, { value: 2 });
  await made.deliver();
  made.takeWakes();
  made.sent.length = 0;
  const change = async (settings: Partial<Pick<Endpoint, 'status'>>): Promise<void> => {
    const [endpoint] = (await made.groups.get(groupRef))?.endpoints ?? [];
    if (endpoint === undefined) throw new Error('It has an endpoint.');
    await made.groups.updateEndpoint(groupRef, endpoint, settings);
  };
  return { ...made, change };
};

describe('a sweep of records that are sent to an endpoint again', () => {
  it('wakes what nobody is at, until all of it is sent', async () => {
    const made = await forsaken();
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
    const wakes = made.takeWakes();
    expect(wakes).toMatchObject([{ wake: { kind: 'continue', groupId: 'g1', partition: 0, lane } }]);
    for (const { wake } of wakes) await made.deliver(wake);
    expect(made.sent.map(offsetsOf)).toEqual([[1, 2]]);
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
  });

  it('waits for a lease and for a retry that is due later, and wakes nobody once it was given up', async () => {
    const made = await forsaken();
    made.rig.answer = async () => {
      expect(await made.sweep()).toMatchObject({ wakes: 0 });
      return unreachable;
    };
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      expect(await made.sweep()).toMatchObject({ wakes: 1 });
      const [own] = made.takeWakes();
      await made.deliver(own?.wake);
      // Its own wake is lost.
      const [retry] = made.takeWakes();
      expect(await made.sweep()).toMatchObject({ wakes: 0 });
      made.rig.pass(retry?.delayMs ?? 0);
    }
    expect(await made.cursors.get(laneRef)).toMatchObject({ attempts: 10, retryAt: 0 });
    made.rig.pass(86_400_000);
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
  });

  it('wakes none of an endpoint that is disabled, until it is enabled again', async () => {
    const made = await forsaken();
    await made.change({ status: 'disabled' });
    await made.groups.putEndpoint(groupRef, {
      ...{ endpointId: 'e2', url: 'https://other.example.com/', secrets: [], status: 'enabled' },
      createdAt: 0,
    });
    expect(await made.sweep()).toMatchObject({ wakes: 0 });
    await made.change({ status: 'enabled' });
    expect(await made.sweep()).toMatchObject({ wakes: 1 });
  });
});
