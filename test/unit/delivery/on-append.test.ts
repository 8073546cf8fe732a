import { describe, expect, it } from 'vitest';
import { onAppend } from '../../../lib/delivery/on-append.ts';
import type { PartitionRef } from '../../../lib/domain/records/records.ts';
import { announceChanges } from '../../../lib/groups/announced-changes.ts';
import { Receivers } from '../../../lib/groups/receivers.ts';
import { groupRef, makeRig, type RigOptions, secret } from './rig.ts';

const endpoint = {
  url: 'https://a.example.com/',
  secrets: [secret],
  status: 'enabled',
  createdAt: 0,
} as const;
const at = (partition: number, topicId = 't1') => ({ topicId, partition });

/** The rig, and the process that its stream tells of appends. */
const makeTold = async (options?: RigOptions) => {
  const made = await makeRig(options);
  const { deps, clock } = made;
  const receivers = new Receivers({ groups: deps.groups, clock });
  const tell = (...changed: readonly PartitionRef[]): Promise<void> =>
    onAppend({ receivers, queue: deps.queue }, changed);
  return { ...made, receivers, tell };
};

describe('onAppend', () => {
  it('wakes each partition that changed once for each group that is to be called, with one read of a topic', async () => {
    const { group, groups, takeWakes, calls, tell } = await makeTold();
    const ref = { topicId: 't1', group: 'audit' };
    await groups.create({ ...group, name: 'audit', groupId: 'g2' });
    await groups.putEndpoint(ref, { ...endpoint, endpointId: 'e2' });
    await tell(at(0), at(3), at(0), at(1, 't2'));
    expect(takeWakes()).toEqual(
      ['g2', 'g1'].flatMap((groupId) =>
        [0, 3].map((partition) => ({
          wake: {
            kind: 'append',
            topicId: 't1',
            groupId,
            group: groupId === 'g1' ? 'billing' : 'audit',
            partition,
          },
          delayMs: 0,
        })),
      ),
    );
    expect(calls).toEqual(['groups.list', 'groups.list', 'queue.send']);
  });

  it('wakes nobody whose endpoint is disabled', async () => {
    const { calls, tell } = await makeTold({ endpoint: { status: 'disabled' } });
    await tell(at(0));
    expect(calls).toEqual(['groups.list']);
  });

  it('throws when the queue does, so that the stream tells it again', async () => {
    const { wakes, tell } = await makeTold();
    wakes.send = () => Promise.reject(new Error('no queue'));
    await expect(tell(at(0))).rejects.toThrow('no queue');
  });

  it.each([
    ['whose groups have no endpoint that is enabled', { endpoint: { status: 'disabled' } } as const, 0],
    ['that has a group to call', undefined, 3],
  ])('costs no read for seconds on a topic %s', async (_what, options, wakes) => {
    const { rig, calls, tell, takeWakes } = await makeTold(options);
    for (const ms of [0, 4000, 999]) {
      rig.pass(ms);
      await tell(at(0));
    }
    expect(calls.filter((call) => call === 'groups.list')).toHaveLength(1);
    rig.pass(1);
    await tell(at(0));
    expect(calls.filter((call) => call === 'groups.list')).toHaveLength(2);
    expect(takeWakes()).toHaveLength(wakes === 0 ? 0 : wakes + 1);
  });

  it('tells of nobody by a read that was sent before the append', async () => {
    const { group, groups, deps, receivers, tell, takeWakes } = await makeTold({
      endpoint: { status: 'disabled' },
    });
    const list = groups.list.bind(groups);
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof list>>>();
    Object.assign(deps.groups, { list: () => promise });
    const before = receivers.of('t1');
    Object.assign(deps.groups, { list });
    await groups.putEndpoint(groupRef, { ...endpoint, endpointId: 'e2' });
    await tell(at(0));
    resolve([{ group, endpoints: [] }]);
    await before;
    await tell(at(0));
    expect(takeWakes()).toHaveLength(2);
  });

  it('knows at once of an endpoint that its own process stored', async () => {
    const { groups, receivers, tell, takeWakes } = await makeTold({ endpoint: { status: 'disabled' } });
    await tell(at(0));
    const told = announceChanges(groups, ({ topicId }) => receivers.forget(topicId));
    await told.putEndpoint(groupRef, { ...endpoint, endpointId: 'e2' });
    await tell(at(0));
    expect(takeWakes()).toHaveLength(1);
  });
});
