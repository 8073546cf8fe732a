import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { disabling, enabling, groupStatus } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';
import { bodyText } from '../../harness/body-text.ts';
import { answered, cursorRef, groupRef, makeRig, offsetsOf, ok, secret, unreachable } from './rig.ts';

const values = (count: number) => Array.from({ length: count }, (_, value) => ({ value }));

describe('deliver', () => {
  it('calls the endpoint with signed records in order until nothing is left, and commits them', async () => {
    const { deliver, append, sent, cursor } = await makeRig({ delivery: { batchSize: 2 } });
    append({ value: 'a', key: 'k', headers: { h: 'x' }, timestamp: 5 }, { valueBase64: 'AAE=' });
    append({ value: null });
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[0, 1], [2]]);
    expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual(['g1-0-0-2', 'g1-0-2-3']);
    expect(JSON.parse(bodyText(sent[0] ?? { body: '' }))).toEqual({
      type: 'topic.records',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: {
        topic: 'orders',
        group: 'billing',
        partition: 0,
        records: [
          {
            partition: 0,
            offset: 0,
            timestamp: '1970-01-01T00:00:00.005Z',
            appendedAt: '2026-01-01T00:00:00.000Z',
            key: 'k',
            value: 'a',
            headers: { h: 'x' },
          },
          { partition: 0, offset: 1, timestamp: '2026-01-01T00:00:00.000Z', valueBase64: 'AAE=' },
        ],
      },
    });
    const headers = { ...sent[0]?.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) };
    const body = bodyText(sent[0] ?? { body: '' });
    const signature = new Webhook(secret).sign('g1-0-0-2', new Date(Date.UTC(2026, 0, 1)), body);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-signature': signature });
    expect(await cursor()).toMatchObject({ committed: 3, leaseUntil: 0, attempts: 0 });
  });

  it('costs one query and one update for each message while there is work', async () => {
    const { rig, deliver, append, calls } = await makeRig({ delivery: { batchSize: 10 } });
    append(...values(10));
    const costs: string[][] = [];
    rig.answer = () => {
      if (costs.push(calls.splice(0)) < 5) append(...values(10));
      return ok;
    };
    await deliver();
    // That more came while it called the run learns when it has let go; from then on it looks before.
    expect(costs[1]).toEqual(['cursors.commit', 'batches.range', 'cursors.acquire', 'post']);
    expect(costs.slice(2)).toEqual(
      Array.from({ length: 3 }, () => ['batches.range', 'cursors.commit', 'post']),
    );
    // Nothing is left: found out, committed and let go in one write, and looked at once more.
    expect(calls).toEqual(['batches.range', 'cursors.commit', 'batches.range']);
  });

  it('costs two reads, two queries and two updates for a record alone, and a second one no read but the queries', async () => {
    const { deliver, append, calls } = await makeRig();
    append({ value: 1 });
    await deliver();
    expect(calls).toEqual([
      'cursors.get',
      'groups.get',
      'batches.range',
      'cursors.acquire',
      'post',
      'cursors.commit',
      'batches.range',
    ]);
    append({ value: 2 });
    calls.length = 0;
    await deliver();
    expect(calls).toEqual(['batches.range', 'cursors.acquire', 'post', 'cursors.commit', 'batches.range']);
  });

  it('costs one read for a wake that finds a live lease, or a retry that is due later', async () => {
    const { rig, deliver, append, calls, cursor } = await makeRig();
    append({ value: 1 });
    rig.answer = async () => {
      calls.length = 0;
      await deliver();
      expect(calls).toEqual(['cursors.get']);
      return answered(503, { retryAfter: '60' });
    };
    await deliver();
    expect(await cursor()).toMatchObject({ attempts: 1 });
    calls.length = 0;
    await deliver();
    expect(calls).toEqual(['cursors.get']);
  });

  it('serves several messages from one query when a batch holds them', async () => {
    const { rig, deliver, append, calls } = await makeRig({ delivery: { batchSize: 10 } });
    append(...values(30));
    const costs: string[][] = [];
    rig.answer = () => {
      costs.push(calls.splice(0));
      return ok;
    };
    await deliver();
    expect(costs.slice(1)).toEqual([
      ['cursors.commit', 'post'],
      ['cursors.commit', 'post'],
    ]);
  });

  it('writes nothing when nothing is there', async () => {
    const { deliver, calls } = await makeRig();
    await deliver();
    expect(calls.filter((call) => !/get|range|floor/.test(call))).toEqual([]);
  });

  it('begins where the group does, in the middle of a batch too', async () => {
    const { deliver, append, sent } = await makeRig({ group: { startOffsets: [2] } });
    append(...values(4));
    append(...values(1));
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[2, 3, 4]]);
  });

  it('goes on with what was appended while it let go', async () => {
    const { rig, deliver, append, sent, cursors } = await makeRig();
    append({ value: 1 });
    const commit = cursors.commit.bind(cursors);
    cursors.commit = async (ref, change) => {
      const done = await commit(ref, change);
      if (change.leaseUntil === 0 && sent.length === 1) append({ value: 2 });
      return done;
    };
    await deliver();
    expect(rig.sent.map(offsetsOf)).toEqual([[0], [1]]);
  });

  it('keeps a message to the byte limit, sends a larger record alone, and every number as it came', async () => {
    const { deliver, append, sent } = await makeRig();
    const half = 'x'.repeat(limits.deliveryBytes / 2);
    append({ value: half }, { value: half }, { value: `${half}${half}` }, { value: 1 });
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2], [3]]);
    const big = await makeRig();
    const exact = (JSON as unknown as { rawJSON(text: string): number }).rawJSON('12345678901234567890');
    big.append({ value: { id: exact } });
    await big.deliver();
    expect(big.sent[0]?.body).toContain('{"id":12345678901234567890}');
  });

  it('skips records that were trimmed before they were delivered, and notes the message it sends instead', async () => {
    const { rig, deliver, append, sent, trim, cursor } = await makeRig();
    append({ value: 0 });
    append({ value: 1 });
    await trim(1);
    rig.answer = async () => {
      expect(await cursor()).toMatchObject({ committed: 1, pendingEnd: 2 });
      return ok;
    };
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([[1]]);
    expect(await cursor()).toMatchObject({ committed: 2 });
  });

  it('goes on with the next message when the one that failed was trimmed', async () => {
    const { rig, deliver, append, sent, trim, takeWakes } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(500);
    await deliver();
    append({ value: 1 });
    await trim(1);
    rig.answer = () => ok;
    for (const { wake, delayMs } of takeWakes()) {
      rig.pass(delayMs);
      await deliver(wake);
    }
    expect(sent.map(offsetsOf)).toEqual([[0], [1]]);
  });

  it("sends the endpoint's own headers, which never replace Millrace's", async () => {
    const headers = { 'X-Token': 't', 'Webhook-Id': 'forged', 'Content-Type': 'text/plain' };
    const { deliver, append, sent } = await makeRig({ endpoint: { headers } });
    append({ value: 1 });
    await deliver();
    expect(sent[0]?.headers).toMatchObject({
      'x-token': 't',
      'webhook-id': 'g1-0-0-1',
      'content-type': 'application/json',
    });
    expect(Object.keys(sent[0]?.headers ?? {}).filter((name) => name !== name.toLowerCase())).toEqual([]);
  });

  it('tells telemetry of each attempt, and neither secret nor record', async () => {
    const { rig, deliver, append, events } = await makeRig({ endpoint: { headers: { 'x-token': 'hush' } } });
    append({ value: 'confidential' });
    rig.pass(250);
    await deliver({ requestId: 'r1' });
    expect(events).toEqual([
      {
        kind: 'attempt',
        topic: 'orders',
        group: 'billing',
        partition: 0,
        endpointId: 'e1',
        messageId: 'g1-0-0-1',
        outcome: 'acknowledged',
        status: 200,
        records: 1,
        ms: 0,
        sinceAppendMs: 250,
        wokenBy: 'r1',
      },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/whsec|hush|confidential/);
  });

  it('names the call that the first record of each message came with, again on every attempt', async () => {
    const { rig, deliver, append, appendFrom, events, sent, takeWakes } = await makeRig({
      delivery: { batchSize: 3 },
      endpoint: { headers: { Traceparent: 'not-ours' } },
    });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    appendFrom({ requestId: 'r1', traceparent }, { value: 0 }, { value: 1 });
    appendFrom({ requestId: 'r2' }, { value: 2 }, { value: 3 });
    append({ value: 4 }, { value: 5 }, { value: 6 });
    rig.answer = () => answered(500);
    await deliver();
    rig.answer = () => ok;
    for (const { wake, delayMs } of takeWakes()) {
      rig.pass(delayMs);
      await deliver(wake);
    }
    expect(sent.map(offsetsOf)).toEqual([[0, 1, 2], [0, 1, 2], [3, 4, 5], [6]]);
    const traces = sent.map(({ headers }) => headers['traceparent']);
    expect(traces).toEqual([traceparent, traceparent, 'not-ours', 'not-ours']);
    expect(events.filter(({ kind }) => kind === 'attempt')).toMatchObject([
      { outcome: 'refusal', requestId: 'r1', traceparent },
      { outcome: 'acknowledged', requestId: 'r1', traceparent },
      { requestId: 'r2' },
      {},
    ]);
    expect(events.at(-1)).not.toHaveProperty('requestId');
  });
});

describe('deliver drops a wake', () => {
  it('of a group that was deleted, or deleted and created again', async () => {
    const { deliver, append, sent, groups } = await makeRig();
    append({ value: 1 });
    await deliver({ groupId: 'g0' });
    await groups.delete(groupRef, 'g1');
    await deliver();
    expect(sent).toEqual([]);
  });

  it('of a group that has no enabled endpoint, and delivers nothing', async () => {
    const { deliver, append, calls } = await makeRig({ endpoint: { status: 'disabled' } });
    append({ value: 1 });
    await deliver();
    expect(calls).toEqual(['cursors.get', 'groups.get']);
  });
});

describe('a failed attempt', () => {
  it.each([
    ['no connection', unreachable, 'outage'],
    ['429', answered(429), 'outage'],
    ['502', answered(502), 'outage'],
    ['503', answered(503), 'outage'],
    ['504', answered(504), 'outage'],
    ['500', answered(500), 'refusal'],
    ['400', answered(400), 'refusal'],
    ['a redirect', answered(302), 'refusal'],
    ['an ack of nothing', answered(200, { body: '{"ack":{"offset":0}}' }), 'refusal'],
    ['an ack past the message', answered(200, { body: '{"ack":{"offset":9}}' }), 'refusal'],
    ['an ack of no offset', answered(200, { body: '{"ack":{"offset":"1"}}' }), 'refusal'],
  ] as const)('by %s is tried again as the same message', async (_what, answer, outcome) => {
    const { rig, deliver, append, sent, cursor, takeWakes, events } = await makeRig();
    append({ value: 0 }, { value: 1 });
    rig.answer = () => answer;
    await deliver();
    expect(events).toMatchObject([{ kind: 'attempt', outcome }, { kind: 'retry-planned' }]);
    const failed = await cursor();
    expect(failed).toMatchObject({ committed: 0, leaseUntil: 0, attempts: 1, pendingEnd: 2 });
    expect(failed?.failingSince !== undefined).toBe(outcome === 'outage');
    const [retry, ...others] = takeWakes();
    expect(others).toEqual([]);
    expect(retry?.wake).toMatchObject({ kind: 'retry', epoch: 1 });
    expect(retry?.delayMs).toBe((failed?.retryAt ?? 0) - rig.clock.now());
    expect(events[1]).toMatchObject({ reason: failed?.lastFailure, delayMs: retry?.delayMs });

    append({ value: 2 });
    rig.answer = () => ok;
    rig.pass(retry?.delayMs ?? 0);
    await deliver(retry?.wake);
    expect(sent.map(offsetsOf)).toEqual([[0, 1], [0, 1], [2]]);
    expect(sent[1]?.body).toBe(sent[0]?.body);
    expect(sent[1]?.headers['webhook-id']).toBe(sent[0]?.headers['webhook-id']);
    const delivered = await cursor();
    expect(delivered).toMatchObject({ committed: 3, attempts: 0, retryAt: 0 });
    expect(delivered?.failingSince).toBeUndefined();
  });

  it('is repeated for as long as it takes, ever more slowly, without end', async () => {
    const { rig, deliver, append, cursor, takeWakes } = await makeRig({
      delivery: { backoff: { initialSeconds: 1, maxSeconds: 64 } },
    });
    append({ value: 0 });
    rig.random = { ...rig.random, number: () => 0.999_999 };
    rig.answer = () => answered(500);
    const delays: number[] = [];
    let wake = {};
    for (let attempts = 0; attempts < 9; attempts += 1) {
      await deliver(wake);
      const [retry] = takeWakes();
      wake = retry?.wake ?? {};
      delays.push(Math.round((retry?.delayMs ?? 0) / 1000));
      rig.pass(retry?.delayMs ?? 0);
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
    expect(await cursor()).toMatchObject({ attempts: 9, committed: 0 });
  });

  it.each([
    ['429', '1800', 1_800_000],
    ['503', 'Thu, 01 Jan 2026 00:30:00 GMT', 1_800_000],
    ['503', '999999', limits.retryAfterMs],
  ])('by %s with Retry-After %s waits as long, over more than one wake', async (status, retryAfter, ms) => {
    const { rig, deliver, append, sent, takeWakes, clock } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(Number(status), { retryAfter });
    const dueAt = clock.now() + ms;
    await deliver();
    rig.answer = () => ok;
    while (sent.length === 1) {
      const [retry, ...others] = takeWakes();
      expect(others).toEqual([]);
      expect(retry?.delayMs).toBeLessThanOrEqual(limits.wakeDelayMs);
      rig.pass(retry?.delayMs ?? 0);
      await deliver(retry?.wake);
      if (clock.now() < dueAt) await deliver({ kind: 'append' });
    }
    expect(clock.now()).toBe(dueAt);
  });

  it('by an endpoint that was changed meanwhile makes nobody wait for what the former one asked', async () => {
    const { rig, deliver, append, sent, groups, takeWakes } = await makeRig();
    append({ value: 0 });
    rig.answer = async () => {
      const [endpoint] = (await groups.get(groupRef))?.endpoints ?? [];
      if (endpoint) await groups.updateEndpoint(groupRef, endpoint, { url: 'https://new.example.com/' });
      rig.answer = () => ok;
      return answered(503, { retryAfter: '3600' });
    };
    await deliver();
    const wakes = takeWakes();
    expect(wakes.map(({ delayMs }) => delayMs)).toEqual([1000]);
    rig.pass(1000);
    for (const { wake } of wakes) await deliver(wake);
    expect(sent.map(({ url }) => new URL(url).hostname)).toEqual(['hooks.example.com', 'new.example.com']);
  });

  it('ignores Retry-After on any other answer', async () => {
    const { rig, deliver, append, takeWakes } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(500, { retryAfter: '3600' });
    await deliver();
    expect(takeWakes()[0]?.delayMs).toBeLessThanOrEqual(1000);
  });

  describe('whose retry is due within a second', () => {
    const quick = { delivery: { backoff: { initialSeconds: 0.2, maxSeconds: 0.2 } } };

    it('is tried again by its own run, just then', async () => {
      const { rig, deliver, append, sent, cursor, takeWakes, clock } = await makeRig(quick);
      append({ value: 0 }, { value: 1 });
      rig.random = { ...rig.random, number: () => 0.5 };
      const times: number[] = [];
      rig.answer = () => (times.push(clock.now()) < 3 ? answered(500) : ok);
      await deliver();
      expect(times.map((at) => at - (times[0] ?? 0))).toEqual([0, 100, 200]);
      expect(new Set(sent.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
      expect(await cursor()).toMatchObject({ committed: 2, attempts: 0, epoch: 3 });
      // One for all of them.
      const wakes = takeWakes();
      expect(wakes).toHaveLength(1);
      for (const { wake, delayMs } of wakes) {
        rig.pass(delayMs);
        await deliver(wake);
      }
      expect(sent).toHaveLength(3);
      expect(takeWakes()).toEqual([]);
    });

    it('comes by the queue when the run dies in a later one', async () => {
      const { rig, deliver, append, sent, cursor, takeWakes } = await makeRig(quick);
      append({ value: 0 });
      rig.answer = async () => {
        if (sent.length < 6) return answered(500);
        throw new Error('The process died.');
      };
      await expect(deliver()).rejects.toThrow('The process died.');
      rig.answer = () => ok;
      for (const { wake, delayMs } of takeWakes()) {
        rig.pass(delayMs);
        await deliver(wake);
      }
      expect(sent).toHaveLength(7);
      expect(await cursor()).toMatchObject({ committed: 1 });
    });

    it('is left to the queue when the run has done so for some seconds', async () => {
      const { rig, deliver, append, sent, takeWakes, clock } = await makeRig(quick);
      append({ value: 0 });
      const begunAt = clock.now();
      rig.remainingMs = () => 120_000 - (clock.now() - begunAt);
      rig.answer = () => unreachable;
      await deliver();
      expect(clock.now() - begunAt).toBeGreaterThan(4_500);
      expect(clock.now() - begunAt).toBeLessThan(5_500);
      const attempts = sent.length;
      expect(attempts).toBeGreaterThan(20);
      const [next] = takeWakes();
      expect(next?.delayMs).toBeLessThanOrEqual(1000);
      rig.answer = () => ok;
      rig.pass(next?.delayMs ?? 0);
      await deliver(next?.wake);
      expect(sent).toHaveLength(attempts + 1);
    });

    it('is left to the queue when the attempt itself took seconds', async () => {
      const { rig, deliver, append, sent, takeWakes, clock } = await makeRig(quick);
      append({ value: 0 });
      const begunAt = clock.now();
      rig.remainingMs = () => 120_000 - (clock.now() - begunAt);
      rig.answer = () => {
        rig.pass(6000);
        return unreachable;
      };
      await deliver();
      expect(sent).toHaveLength(1);
      expect(takeWakes()[0]?.delayMs).toBeLessThanOrEqual(1000);
    });

    it('comes by the queue when the run dies in it, though its message was taken off the queue', async () => {
      const { rig, deliver, append, sent, cursor, takeWakes } = await makeRig(quick);
      append({ value: 0 });
      rig.answer = async () => {
        if (sent.length === 1) return answered(500);
        throw new Error('The process died.');
      };
      await expect(deliver()).rejects.toThrow('The process died.');
      expect((await cursor())?.leaseUntil).toBeGreaterThan(rig.clock.now());
      rig.answer = () => ok;
      for (const { wake, delayMs } of takeWakes()) {
        rig.pass(delayMs);
        await deliver(wake);
      }
      expect(sent).toHaveLength(3);
      expect(await cursor()).toMatchObject({ committed: 1 });
    });

    it('is not made to an endpoint that was disabled meanwhile', async () => {
      const { rig, deliver, append, sent, groups } = await makeRig(quick);
      append({ value: 0 });
      rig.answer = async () => {
        const [read] = (await groups.get(groupRef))?.endpoints ?? [];
        if (read) await groups.updateEndpoint(groupRef, read, disabling('gone', rig.clock.now()));
        return answered(500);
      };
      await deliver();
      expect(sent).toHaveLength(1);
    });
  });

  it('of 410 disables the endpoint and keeps the records', async () => {
    const { rig, deliver, append, groups, cursor, events, takeWakes } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(410);
    await deliver();
    const { endpoints } = (await groups.get(groupRef)) ?? {};
    expect(endpoints).toMatchObject([{ status: 'disabled', disabledReason: 'It answered 410 (Gone).' }]);
    expect(events.map(({ kind }) => kind)).toEqual(['attempt', 'endpoint-disabled']);
    expect(await cursor()).toMatchObject({ committed: 0, leaseUntil: 0 });
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(rig.sent).toHaveLength(1);
  });

  const dayMs = 86_400_000;
  type Rig = Awaited<ReturnType<typeof makeRig>>;

  /**
   * Makes every attempt as it falls due, until the endpoint is disabled or `ms` are over: the first a quarter of an hour
   * from now, when any pause of usual length is over. Gives the time of each.
   */
  const attemptsFor = async ({ rig, deliver, takeWakes, events, groups }: Rig, ms: number) => {
    rig.pass(900_000);
    const until = rig.clock.now() + ms;
    const times: number[] = [];
    for (let wake = {}; ; ) {
      const before = events.length;
      await deliver(wake);
      if (events.slice(before).some(({ kind }) => kind === 'attempt')) times.push(rig.clock.now());
      const [next] = takeWakes();
      const disabled = (await groups.get(groupRef))?.endpoints[0]?.status === 'disabled';
      if (disabled || next === undefined || rig.clock.now() + next.delayMs > until)
        return { times, disabled };
      rig.pass(next.delayMs);
      wake = next.wake;
    }
  };

  it.each([900, 86_400])(
    'after five days of them disables the endpoint and pauses the group, and not before, with pauses up to %i s',
    async (maxSeconds) => {
      const world = await makeRig({ delivery: { backoff: { initialSeconds: 1, maxSeconds } } });
      world.append({ value: 0 });
      world.rig.answer = () => unreachable;
      const { times, disabled } = await attemptsFor(world, 7 * dayMs);
      expect(disabled).toBe(true);
      const [since = 0] = times;
      const [beforeLast = 0, last = 0] = times.slice(-2);
      expect(last - since).toBeGreaterThanOrEqual(limits.outageDisablesAfterMs);
      expect(beforeLast - since).toBeLessThan(limits.outageDisablesAfterMs);
      const standing = await world.groups.get(groupRef);
      expect(standing && groupStatus(standing)).toBe('paused');
      const endpoints = standing?.endpoints;
      expect(endpoints?.[0]?.disabledReason).toContain(new Date(since).toISOString());
    },
  );

  it('does not count the days on which nobody tried', async () => {
    const world = await makeRig();
    const { rig, append, cursor } = world;
    append({ value: 0 });
    rig.answer = () => unreachable;
    for (let times = 0; times < 30; times += 1) {
      expect(await attemptsFor(world, 3_600_000)).toMatchObject({ disabled: false });
      rig.pass(6 * dayMs);
    }
    expect(rig.clock.now() - ((await cursor())?.failingSince ?? 0)).toBeGreaterThan(180 * dayMs);
    expect((await attemptsFor(world, 3 * dayMs)).disabled).toBe(false);
    expect((await attemptsFor(world, 2 * dayMs)).disabled).toBe(true);
  });

  it.each([
    ['a refusal', answered(500)],
    ['an acknowledgement', ok],
  ])('counts anew after %s', async (_what, answer) => {
    const world = await makeRig();
    const { rig, append, cursor } = world;
    append({ value: 0 }, { value: 1 });
    rig.answer = () => unreachable;
    expect((await attemptsFor(world, 4.9 * dayMs)).disabled).toBe(false);
    rig.answer = () => answer;
    await attemptsFor(world, 0);
    const { failingSince, failedAt, outageMs } = (await cursor()) ?? {};
    expect([failingSince, failedAt, outageMs]).toEqual([undefined, undefined, undefined]);
    append({ value: 2 });
    rig.answer = () => unreachable;
    expect((await attemptsFor(world, 4.9 * dayMs)).disabled).toBe(false);
    expect((await attemptsFor(world, 0.2 * dayMs)).disabled).toBe(true);
  });

  it('is part of the outage that a version before this one began, which counts from then on', async () => {
    const world = await makeRig();
    const { rig, append, cursors, cursor, deliver } = world;
    append({ value: 0 });
    rig.answer = () => unreachable;
    await deliver();
    const since = rig.clock.now();
    rig.pass(6 * dayMs);
    const get = cursors.get.bind(cursors);
    cursors.get = async (ref) => {
      const { failedAt: _new, outageMs: _too, ...rest } = (await get(ref)) ?? {};
      return rest as Awaited<ReturnType<typeof get>>;
    };
    const acquire = cursors.acquire.bind(cursors);
    cursors.acquire = async (ref, acquisition) => {
      const acquired = await acquire(ref, acquisition);
      const { failedAt: _new, outageMs: _too, ...rest } = acquired.cursor ?? {};
      return { ...acquired, cursor: rest } as typeof acquired;
    };
    await deliver();
    cursors.get = get;
    expect(await cursor()).toMatchObject({ failingSince: since, outageMs: 0 });
  });

  it('of five days says nothing of an endpoint that took its place during the last attempt', async () => {
    const { rig, deliver, append, groups, cursors, sent } = await makeRig();
    append({ value: 0 });
    rig.answer = () => unreachable;
    await deliver();
    rig.takeWakes();
    rig.pass(limits.outageDisablesAfterMs);
    const failedAt = rig.clock.now();
    const outage = { failingSince: failedAt - 1, failedAt, outageMs: limits.outageDisablesAfterMs };
    const retry = { attempts: 9, retryAt: failedAt, pendingEnd: 1, lastFailure: 'It was out.', outage };
    await cursors.release(cursorRef, { epoch: 1, retry });
    const [old] = (await groups.get(groupRef))?.endpoints ?? [];
    rig.answer = async () => {
      await groups.deleteEndpoint(groupRef, 'e1');
      if (old) await groups.putEndpoint(groupRef, { ...old, endpointId: 'e2', createdAt: rig.clock.now() });
      rig.answer = () => ok;
      return unreachable;
    };
    await deliver();
    expect((await groups.get(groupRef))?.endpoints).toMatchObject([{ endpointId: 'e2', status: 'enabled' }]);
    for (const { wake } of rig.takeWakes()) await deliver(wake);
    expect(sent).toHaveLength(3);
  });

  it.each([
    ['of 410', answered(410), 0],
    ['of the fifth day', unreachable, limits.outageDisablesAfterMs],
  ])(
    '%s says nothing of an endpoint that was changed or enabled meanwhile',
    async (_what, answer, outageMs) => {
      const { rig, deliver, append, groups, cursors, sent, events } = await makeRig();
      append({ value: 0 });
      rig.answer = () => unreachable;
      await deliver();
      rig.takeWakes();
      const failedAt = rig.clock.now();
      const outage = { failingSince: failedAt, failedAt, outageMs };
      const retry = { attempts: 1, retryAt: failedAt, pendingEnd: 1, lastFailure: 'It was out.', outage };
      await cursors.release(cursorRef, { epoch: 1, retry });
      const [read] = (await groups.get(groupRef))?.endpoints ?? [];
      rig.answer = async () => {
        if (read) await groups.updateEndpoint(groupRef, read, { description: 'mended' });
        rig.answer = () => ok;
        return answer;
      };
      await deliver();
      expect((await groups.get(groupRef))?.endpoints).toMatchObject([{ status: 'enabled', version: 2 }]);
      expect(events.map(({ kind }) => kind)).not.toContain('endpoint-disabled');
      for (const { wake } of rig.takeWakes()) await deliver(wake);
      expect(sent).toHaveLength(3);
    },
  );

  it.each([
    ['enabled again', (now: number) => enabling(now)],
    ['given another URL', (now: number) => ({ ...enabling(now), url: 'https://other.example.com/' })],
  ])('counts anew for an endpoint that was %s', async (_how, change) => {
    const world = await makeRig();
    const { rig, append, groups, cursor, deliver, takeWakes } = world;
    append({ value: 0 });
    rig.answer = () => unreachable;
    expect((await attemptsFor(world, 6 * dayMs)).disabled).toBe(true);
    takeWakes();
    const [disabled] = (await groups.get(groupRef))?.endpoints ?? [];
    expect(disabled?.disabledAt).toBe(rig.clock.now());
    rig.pass(dayMs);
    if (disabled) await groups.updateEndpoint(groupRef, disabled, change(rig.clock.now()));
    const enabledAt = rig.clock.now();
    await deliver({ kind: 'resume' });
    expect(await cursor()).toMatchObject({ failingSince: enabledAt, outageMs: 0, attempts: 1 });
    expect((await groups.get(groupRef))?.endpoints).toMatchObject([{ status: 'enabled' }]);
  });

  it('is not blamed on an endpoint that was registered after the outage began', async () => {
    const { rig, deliver, append, groups, cursor } = await makeRig();
    append({ value: 0 });
    rig.answer = () => unreachable;
    await deliver();
    rig.pass(limits.outageDisablesAfterMs);
    await groups.deleteEndpoint(groupRef, 'e1');
    const createdAt = rig.clock.now();
    const url = 'https://other.example.com/';
    await groups.putEndpoint(groupRef, {
      endpointId: 'e2',
      url,
      secrets: [secret],
      status: 'enabled',
      createdAt,
    });
    await deliver();
    expect((await groups.get(groupRef))?.endpoints).toMatchObject([{ status: 'enabled' }]);
    expect(await cursor()).toMatchObject({ failingSince: createdAt, outageMs: 0 });
  });
});

describe('a partial acknowledgement', () => {
  it('commits what is below it, ends the attempts, and goes on from there', async () => {
    const { rig, deliver, append, sent, takeWakes } = await makeRig();
    append(...values(5));
    rig.answer = () => (sent.length === 1 ? answered(200, { body: '{"ack":{"offset":3}}' }) : ok);
    await deliver();
    expect(sent.map(offsetsOf)).toEqual([
      [0, 1, 2, 3, 4],
      [3, 4],
    ]);
    expect(takeWakes()).toEqual([]);
  });

  it('that is not understood acknowledges nothing, and the cursor says why', async () => {
    const { rig, deliver, append, cursor } = await makeRig();
    append(...values(2));
    rig.answer = () => answered(200, { body: '{"ack":true}' });
    await deliver();
    expect(await cursor()).toMatchObject({
      committed: 0,
      attempts: 1,
      lastFailure:
        'The endpoint answered with an "ack" that is no object: {"ack":{"offset":N}} or {"ack":{"failed":[N]}} is expected.',
    });
  });

  it('by what failed commits what is before it, and is a refusal when the message begins with it', async () => {
    const { rig, deliver, append, cursor } = await makeRig();
    append(...values(5));
    rig.answer = () => answered(200, { body: '{"ack":{"failed":[4,2]}}' });
    await deliver();
    expect(await cursor()).toMatchObject({
      committed: 2,
      attempts: 1,
      lastFailure: expect.stringContaining('refused'),
    });
  });

  it('is not looked for in what is no 2xx', async () => {
    const { rig, deliver, append, cursor } = await makeRig();
    append(...values(2));
    rig.answer = () => answered(500, { body: '{"ack":{"offset":1}}' });
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 0 });
  });
});

describe('a run', () => {
  it('hands over when its time is nearly over: a wake first, then the lease', async () => {
    const { rig, deliver, append, sent, calls, takeWakes, cursor } = await makeRig({
      delivery: { batchSize: 1 },
    });
    append(...values(3));
    let leftMs = 40_000;
    rig.remainingMs = () => leftMs;
    rig.answer = () => {
      leftMs = 19_999;
      return ok;
    };
    await deliver();
    expect(calls.slice(-2)).toEqual(['queue.send', 'cursors.release']);
    expect(await cursor()).toMatchObject({ committed: 1, leaseUntil: 0 });
    const [next, ...others] = takeWakes();
    expect(others).toEqual([]);
    expect(next?.wake).toMatchObject({ kind: 'continue', epoch: 1 });
    leftMs = 120_000;
    rig.answer = () => ok;
    await deliver(next?.wake);
    expect(sent.map(offsetsOf)).toEqual([[0], [1], [2]]);
  });

  it.each(['waits in the log', 'comes when the lease is let go'])(
    'hands over after half a minute of a slow endpoint, where more %s',
    async (how) => {
      const { rig, deliver, append, sent, cursors, takeWakes, cursor } = await makeRig({
        delivery: { batchSize: 1 },
      });
      const begunAt = rig.clock.now();
      rig.remainingMs = () => limits.deliverRunMs - (rig.clock.now() - begunAt);
      append(...values(how === 'waits in the log' ? 5 : 1));
      const commit = cursors.commit.bind(cursors);
      cursors.commit = async (ref, change) => {
        const done = await commit(ref, change);
        if (change.leaseUntil === 0 && sent.length < 5) append(...values(1));
        return done;
      };
      rig.answer = () => {
        rig.pass(12_000);
        return ok;
      };
      await deliver();
      expect(sent).toHaveLength(3);
      expect(await cursor()).toMatchObject({ committed: 3, leaseUntil: 0 });
      const [next, ...others] = takeWakes();
      expect([next?.wake, others]).toMatchObject([{ kind: 'continue' }, []]);
      rig.remainingMs = () => limits.deliverRunMs;
      await deliver(next?.wake);
      expect(sent.map(offsetsOf)).toEqual([[0], [1], [2], [3], [4]]);
    },
  );

  it('without time for a single request leaves the work to a wake and takes no lease', async () => {
    const { rig, deliver, append, sent, takeWakes, cursor } = await makeRig();
    append({ value: 0 });
    rig.remainingMs = () => 5000;
    await deliver();
    expect([sent, await cursor()]).toEqual([[], undefined]);
    rig.remainingMs = () => 120_000;
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(sent).toHaveLength(1);
  });

  it('sends nothing when its lease might end before the answer comes', async () => {
    const { rig, deliver, append, sent, cursors, takeWakes } = await makeRig();
    append({ value: 0 });
    const acquire = cursors.acquire.bind(cursors);
    cursors.acquire = async (ref, acquisition) => {
      const cursor = await acquire(ref, acquisition);
      if (sent.length === 0) rig.pass(limits.leaseMarginMs + 1);
      return cursor;
    };
    await deliver();
    expect(sent).toEqual([]);
    cursors.acquire = acquire;
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(sent).toHaveLength(1);
  });

  it.each([[], [{ value: 2 }]])(
    'goes on from where a late commit of the holder before moved the cursor to, with %j left',
    async (...left) => {
      const { deliver, append, sent, cursors, cursor, clock, takeWakes } = await makeRig();
      append({ value: 0 }, { value: 1 });
      const holder = { read: undefined, startOffset: 0, owner: 'dead', pendingEnd: 2 };
      await cursors.acquire(cursorRef, { ...holder, leaseUntil: clock.now() });
      if (left.length > 0) append(...left);
      const acquire = cursors.acquire.bind(cursors);
      cursors.acquire = async (ref, acquisition) => {
        await cursors.commit(ref, { epoch: 1, committed: 2, leaseUntil: 0 });
        return acquire(ref, acquisition);
      };
      await deliver();
      // The lease is refused, and what is left is for the run of a new wake.
      for (const { wake } of takeWakes()) await deliver(wake);
      expect(sent.flatMap(offsetsOf)).toEqual(left.map(() => 2));
      expect(await cursor()).toMatchObject({ committed: 2 + left.length, leaseUntil: 0 });
    },
  );

  /** `change` lands between the reading of the cursor and the asking for a lease, `times` times. */
  const changedBeforeAcquire = (
    cursors: Awaited<ReturnType<typeof makeRig>>['cursors'],
    times: number,
    change: () => Promise<unknown>,
  ): void => {
    const acquire = cursors.acquire.bind(cursors);
    let left = times;
    cursors.acquire = async (ref, acquisition) => {
      left -= 1;
      if (left >= 0) await change();
      return acquire(ref, acquisition);
    };
  };

  it('sends the message that a late commit of the holder before began, and no longer one', async () => {
    const { deliver, append, sent, cursors, clock, takeWakes } = await makeRig();
    for (let value = 0; value < 3; value += 1) append({ value });
    const holder = { read: undefined, startOffset: 0, owner: 'dead' };
    await cursors.acquire(cursorRef, { ...holder, leaseUntil: clock.now() });
    changedBeforeAcquire(cursors, 1, () =>
      cursors.commit(cursorRef, { epoch: 1, committed: 0, leaseUntil: clock.now(), pendingEnd: 2 }),
    );
    await deliver();
    for (const { wake } of takeWakes()) await deliver(wake);
    expect(sent.map(offsetsOf)).toEqual([[0, 1], [2]]);
  });

  it('whose lease is refused for a retry that was set late waits for it, and does not forget it', async () => {
    const { rig, deliver, append, sent, cursors, takeWakes, clock } = await makeRig();
    append({ value: 0 });
    const holder = { read: undefined, startOffset: 0, owner: 'dead', pendingEnd: 1 };
    await cursors.acquire(cursorRef, { ...holder, leaseUntil: clock.now() });
    const retry = { attempts: 1, retryAt: clock.now() + 60_000, pendingEnd: 1, lastFailure: 'It was out.' };
    changedBeforeAcquire(cursors, 1, () => cursors.release(cursorRef, { epoch: 1, retry }));
    await deliver({ kind: 'retry', epoch: 1 });
    expect(sent).toEqual([]);
    const [again, ...others] = takeWakes();
    expect([again, others]).toMatchObject([{ wake: { kind: 'retry', epoch: 1 }, delayMs: 60_000 }, []]);
    rig.pass(60_000);
    await deliver(again?.wake);
    expect(sent).toHaveLength(1);
  });

  it('of a retry that has no time left forgets no retry that a late release sets meanwhile', async () => {
    const { rig, deliver, append, sent, cursors, takeWakes, clock } = await makeRig();
    append({ value: 0 });
    const holder = { read: undefined, startOffset: 0, owner: 'dead', pendingEnd: 1 };
    await cursors.acquire(cursorRef, { ...holder, leaseUntil: clock.now() });
    rig.remainingMs = () => 5000;
    await deliver({ kind: 'retry', epoch: 1 });
    rig.remainingMs = () => 120_000;
    const retry = { attempts: 1, retryAt: clock.now() + 60_000, pendingEnd: 1, lastFailure: 'It was out.' };
    await cursors.release(cursorRef, { epoch: 1, retry });
    for (let [next] = takeWakes(); next !== undefined; [next] = takeWakes()) {
      rig.pass(next.delayMs);
      await deliver(next.wake);
    }
    expect(sent).toHaveLength(1);
    expect(clock.now()).toBe(retry.retryAt);
  });

  it.each([
    ['leaves it to a new wake, for its own may be over', 0, 1],
    ['is over when nothing is left', 1, 0],
  ])('whose lease is refused for a lease that is over by now %s', async (_what, committed, wakes) => {
    const { deliver, append, sent, cursors, cursor, clock, takeWakes } = await makeRig();
    append({ value: 0 });
    const other = { startOffset: 0, owner: 'other', now: clock.now(), leaseUntil: clock.now() + 1 };
    const acquire = cursors.acquire.bind(cursors);
    changedBeforeAcquire(cursors, 1, async () => {
      await acquire(cursorRef, { ...other, read: await cursor() });
      await cursors.commit(cursorRef, { epoch: 1, committed, leaseUntil: 0 });
    });
    await deliver();
    expect(sent).toEqual([]);
    const left = takeWakes();
    expect(left).toHaveLength(wakes);
    for (const { wake } of left) await deliver(wake);
    expect(sent).toHaveLength(wakes);
  });

  it('of a message that another run answers throws, so that the message stays for as long as that may fail', async () => {
    const { rig, deliver, append, sent, cursor } = await makeRig();
    append({ value: 0 });
    rig.answer = async () => {
      await expect(deliver({}, 'mine')).rejects.toThrow('Another run answers the same message');
      await deliver({}, 'mine2');
      return ok;
    };
    await deliver({}, 'mine');
    expect(sent).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 1 });
    await deliver({}, 'mine');
    expect(sent).toHaveLength(1);
  });

  it('that outlived its end renews no lease, and throws', async () => {
    const { rig, deliver, append, cursor } = await makeRig({ delivery: { batchSize: 1 } });
    append(...values(2));
    let leftMs = 120_000;
    rig.remainingMs = () => leftMs;
    rig.answer = () => {
      leftMs = 0;
      return ok;
    };
    await expect(deliver()).rejects.toThrow('The run was over');
    expect(await cursor()).toMatchObject({ committed: 0, epoch: 1 });
  });

  it('stops calling an endpoint that was deleted meanwhile, five seconds later at most', async () => {
    const { rig, deliver, append, sent, groups } = await makeRig({ delivery: { batchSize: 1 } });
    append(...values(9));
    rig.answer = async () => {
      if (sent.length === 1) await groups.deleteEndpoint(groupRef, 'e1');
      rig.pass(2000);
      return ok;
    };
    await deliver();
    expect(sent).toHaveLength(3);
  });

  it('stops calling it as soon though its clock steps back', async () => {
    const { rig, deliver, append, sent, groups, clock } = await makeRig({ delivery: { batchSize: 1 } });
    append(...values(9));
    const { monotonic } = clock;
    rig.answer = async () => {
      if (sent.length === 1) {
        await groups.deleteEndpoint(groupRef, 'e1');
        clock.now = () => monotonic() - 3_600_000;
      }
      rig.pass(2000);
      return ok;
    };
    await deliver();
    expect(sent.length).toBeLessThanOrEqual(3);
  });

  it('goes on with the endpoint that took the place of the one it began with', async () => {
    const { rig, deliver, append, sent, groups } = await makeRig({ delivery: { batchSize: 1 } });
    append(...values(4));
    rig.answer = async () => {
      const [old] = (await groups.get(groupRef))?.endpoints ?? [];
      await groups.deleteEndpoint(groupRef, 'e1');
      if (old)
        await groups.putEndpoint(groupRef, { ...old, endpointId: 'e2', url: 'https://new.example.com/' });
      rig.pass(6000);
      return ok;
    };
    await deliver();
    expect(sent.map(({ url }) => new URL(url).hostname)).toEqual([
      'hooks.example.com',
      'new.example.com',
      'new.example.com',
      'new.example.com',
    ]);
  });

  it.each(['group', 'topic'] as const)(
    'whose %s is taken apart during an attempt ends, and so does every wake',
    async (what) => {
      const { rig, deliver, append, sent, groups, cursors, batches, takeWakes, cursor } = await makeRig({
        delivery: { batchSize: 1 },
      });
      append(...values(3));
      rig.answer = async () => {
        await groups.delete(groupRef, 'g1');
        await cursors.deleteAll('g1');
        if (what === 'topic') await batches.delete({ topicId: 't1', partition: 0 }, [0]);
        return sent.length === 1 ? ok : answered(500);
      };
      await deliver();
      rig.pass(5000);
      for (const { wake } of takeWakes()) await deliver(wake);
      for (const kind of ['retry', 'continue', 'resume'] as const) await deliver({ kind, epoch: 1 });
      expect(sent).toHaveLength(1);
      expect([await cursor(), takeWakes()]).toEqual([undefined, []]);
    },
  );

  it('moves no cursor and stops when another holder superseded it', async () => {
    const { rig, deliver, append, sent, cursors, cursor } = await makeRig({ delivery: { batchSize: 1 } });
    append(...values(3));
    rig.answer = async () => {
      const read = await cursor();
      const taken = { read, startOffset: 0, owner: 'other', leaseUntil: rig.clock.now() + 60_000 };
      await cursors.acquire(cursorRef, taken);
      return ok;
    };
    await deliver();
    expect(sent).toHaveLength(1);
    expect(await cursor()).toMatchObject({ committed: 0, owner: 'other', epoch: 2 });
  });

  it.each(['acquire', 'commit', 'release'] as const)(
    'throws when the answer to %s stays out',
    async (method) => {
      const { rig, deliver, append, cursors } = await makeRig();
      append({ value: 0 });
      rig.answer = () => (method === 'release' ? answered(500) : ok);
      Object.assign(cursors, { [method]: () => Promise.reject(new Error('no answer')) });
      await expect(deliver()).rejects.toThrow('no answer');
    },
  );

  it('throws, and keeps its lease, when the wake of a retry cannot be queued', async () => {
    const { rig, deliver, append, wakes, cursor } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(500);
    wakes.send = () => Promise.reject(new Error('no queue'));
    await expect(deliver()).rejects.toThrow('no queue');
    expect((await cursor())?.leaseUntil).toBeGreaterThan(rig.clock.now());
  });
});

describe('a group with a new endpoint', () => {
  it('is delivered at once though the retry of the one before is due later', async () => {
    const { rig, deliver, append, sent, takeWakes, cursor } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(503, { retryAfter: '3000' });
    await deliver();
    const stale = takeWakes();
    rig.answer = () => ok;
    await deliver({ kind: 'resume' });
    expect(sent).toHaveLength(2);
    expect(await cursor()).toMatchObject({ committed: 1, attempts: 0, retryAt: 0 });
    for (const { wake } of stale) await deliver(wake);
    expect([sent.length, takeWakes()]).toEqual([2, []]);
  });

  it('is delivered at once by the next run when the first has no time', async () => {
    const { rig, deliver, append, sent, takeWakes } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(503, { retryAfter: '3000' });
    await deliver();
    takeWakes();
    rig.remainingMs = () => 5000;
    await deliver({ kind: 'resume' });
    rig.remainingMs = () => 120_000;
    rig.answer = () => ok;
    for (const { wake, delayMs } of takeWakes()) {
      expect(delayMs).toBeLessThanOrEqual(1000);
      await deliver(wake);
    }
    expect(sent).toHaveLength(2);
  });

  it('counts attempts anew', async () => {
    const { rig, deliver, append, takeWakes, cursor } = await makeRig();
    append({ value: 0 });
    rig.answer = () => answered(503, { retryAfter: '10' });
    for (let attempts = 0; attempts < 5; attempts += 1) {
      await deliver();
      rig.pass(10_000);
    }
    takeWakes();
    await deliver({ kind: 'resume' });
    expect(await cursor()).toMatchObject({ attempts: 1 });
  });
});
