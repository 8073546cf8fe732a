import { describe, expect, it } from 'vitest';
import { onAppend } from '../../../lib/delivery/on-append.ts';
import { makeRig, secret } from './rig.ts';

const at = (partition: number, topicId = 't1') => ({ topicId, partition });

describe('onAppend', () => {
  it('wakes each partition that changed once for each group that is to be called, with one read of a topic', async () => {
    const { deps, group, groups, takeWakes, calls } = await makeRig();
    const ref = { topicId: 't1', group: 'audit' };
    await groups.create({ ...group, name: 'audit', groupId: 'g2' });
    const endpoint = { endpointId: 'e2', url: 'https://a.example.com/', secrets: [secret], createdAt: 0 };
    await groups.putEndpoint(ref, { ...endpoint, status: 'enabled' });
    await onAppend(deps, [at(0), at(3), at(0), at(1, 't2')]);
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
    const { deps, calls } = await makeRig({ endpoint: { status: 'disabled' } });
    await onAppend(deps, [at(0)]);
    expect(calls).toEqual(['groups.list']);
  });

  it('throws when the queue does, so that the stream tells it again', async () => {
    const { deps, wakes } = await makeRig();
    wakes.send = () => Promise.reject(new Error('no queue'));
    await expect(onAppend(deps, [at(0)])).rejects.toThrow('no queue');
  });
});
