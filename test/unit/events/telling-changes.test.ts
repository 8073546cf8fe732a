import { describe, expect, it } from 'vitest';
import type { SystemEvent } from '../../../lib/domain/events/events.ts';
import {
  deliveryDefaults,
  disabling,
  type Endpoint,
  enabling,
  type PushGroup,
} from '../../../lib/domain/groups/groups.ts';
import { tellChanges } from '../../../lib/events/telling-changes.ts';
import type { GroupStore } from '../../../lib/stores/groups.ts';
import { memoryStores } from '../../../lib/stores/memory/stores.ts';
import type { TelemetryEvent } from '../../../lib/surroundings/telemetry.ts';
import { ManualClock } from '../../http/manual-clock.ts';

const ref = { topicId: 't1', group: 'billing' };

const makeStore = async (endpointIds: readonly string[], replace: Partial<GroupStore> = {}) => {
  const clock = new ManualClock();
  const { groups } = memoryStores({ clock });
  const group: PushGroup = {
    name: 'billing',
    groupId: 'g1',
    topic: 'orders',
    topicId: 't1',
    mode: 'push',
    start: 'earliest',
    startOffsets: [0],
    delivery: deliveryDefaults,
    createdAt: 0,
  };
  await groups.create(group);
  const settings = {
    url: 'https://hooks.example.com/',
    secrets: [],
    status: 'enabled',
    createdAt: 0,
  } as const;
  for (const endpointId of endpointIds) await groups.putEndpoint(ref, { ...settings, endpointId });
  const told: SystemEvent[] = [];
  const faults: TelemetryEvent[] = [];
  const telling = tellChanges(Object.assign(groups, replace), {
    systemEvents: { tell: async (event) => void told.push(event) },
    clock,
    telemetry: { record: (event) => void faults.push(event) },
  });
  const now = async () => {
    const [found] = await groups.list('t1');
    if (found === undefined) throw new Error('There is no such group.');
    return found;
  };
  const endpoint = async (id: string): Promise<Endpoint> => {
    const found = (await now()).endpoints.find(({ endpointId }) => endpointId === id);
    if (found === undefined) throw new Error('There is no such endpoint.');
    return found;
  };
  const groupNow = async () => (await now()).group;
  /** What was told since the last time. */
  const takeTold = () => told.splice(0).map(({ type, details }) => ({ type, ...details }));
  const disable = async (id: string) =>
    telling.updateEndpoint(ref, await endpoint(id), disabling('It answered 410 (Gone).', clock.now()));
  const enable = async (id: string) => telling.updateEndpoint(ref, await endpoint(id), enabling(clock.now()));
  return { clock, telling, endpoint, groupNow, takeTold, disable, enable, faults };
};

describe('a store that tells of its changes', () => {
  it('tells of an endpoint that is disabled and enabled, and of its group where it is the only one', async () => {
    const { disable, enable, takeTold } = await makeStore(['e1']);
    await disable('e1');
    const reason = 'It answered 410 (Gone).';
    expect(takeTold()).toEqual([
      { type: 'endpoint.disabled', endpoint: 'e1', by: 'failures', reason },
      { type: 'group.paused', endpoint: 'e1', by: 'endpoint', reason },
    ]);
    await enable('e1');
    expect(takeTold()).toEqual([
      { type: 'endpoint.enabled', endpoint: 'e1' },
      { type: 'group.resumed', by: 'endpoint', endpoint: 'e1' },
    ]);
  });

  it('tells of no pause while another endpoint is called', async () => {
    const { disable, enable, takeTold } = await makeStore(['e1', 'e2']);
    await disable('e1');
    expect(takeTold()).toMatchObject([{ type: 'endpoint.disabled' }]);
    await enable('e1');
    expect(takeTold()).toMatchObject([{ type: 'endpoint.enabled' }]);
  });

  it('tells of a group that a request pauses and resumes', async () => {
    const { telling, groupNow, takeTold, clock } = await makeStore(['e1']);
    await telling.update(await groupNow(), { pausedSince: clock.now() });
    expect(takeTold()).toEqual([{ type: 'group.paused', by: 'request' }]);
    await telling.update(await groupNow(), { pausedSince: null });
    expect(takeTold()).toEqual([{ type: 'group.resumed', by: 'request' }]);
    await telling.update(await groupNow(), { pausedSince: null });
    expect(takeTold()).toEqual([]);
  });

  it('tells of nothing that did not happen, or that is no news', async () => {
    const { telling, endpoint, groupNow, takeTold, clock } = await makeStore(['e1']);
    const [read, group] = [await endpoint('e1'), await groupNow()];
    await telling.updateEndpoint(ref, read, { description: 'x' });
    await telling.update(group, { delivery: deliveryDefaults });
    // Both are no more as they were read.
    expect(await telling.updateEndpoint(ref, read, disabling('No.', clock.now()))).toBeUndefined();
    expect(await telling.update(group, { pausedSince: 1 })).toBeUndefined();
    expect(takeTold()).toEqual([]);
  });

  it('changes what is to be changed where it cannot tell of it', async () => {
    const get = () => Promise.reject(new Error('No answer.'));
    const { disable, endpoint, faults } = await makeStore(['e1'], { get });
    expect(await disable('e1')).toMatchObject({ status: 'disabled' });
    expect(await endpoint('e1')).toMatchObject({ status: 'disabled' });
    expect(faults).toMatchObject([{ kind: 'fault', where: 'telling of an endpoint' }]);
  });
});
