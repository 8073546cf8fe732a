import { describe, expect, it } from 'vitest';
import { standingEvents, toldAgainMs, warningOf } from '../../../lib/domain/events/standing.ts';
import { isReservedName } from '../../../lib/domain/events/topic.ts';
import { deliveryDefaults, type Endpoint, type PushGroup } from '../../../lib/domain/groups/groups.ts';
import { limits } from '../../../lib/domain/limits.ts';

const now = Date.UTC(2026, 2, 1);
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
const enabled: Endpoint = {
  endpointId: 'e1',
  url: 'https://hooks.example.com/',
  secrets: [],
  status: 'enabled',
  createdAt: 0,
};
const disabled = (endpointId: string, disabledAt: number): Endpoint => ({
  ...enabled,
  endpointId,
  status: 'disabled',
  disabledAt,
  disabledReason: 'It answered 410 (Gone).',
});

describe('how a group stands', () => {
  const typesOf = (...given: Parameters<typeof standingEvents>): string[] =>
    standingEvents(...given).map(
      ({ type, details }) => `${type} by ${details['by']} ${details['endpoint'] ?? ''}`,
    );

  it('is worth no word while it is called', () => {
    expect(typesOf({ group, endpoints: [enabled] }, now)).toEqual([]);
    expect(typesOf({ group, endpoints: [] }, now)).toEqual([]);
  });

  it('is told of an endpoint that was disabled, and of the group where that was the last', () => {
    const one = disabled('e2', now - 1000);
    expect(typesOf({ group, endpoints: [enabled, one] }, now)).toEqual(['endpoint.disabled by failures e2']);
    expect(typesOf({ group, endpoints: [one, disabled('e3', now)] }, now)).toEqual([
      'endpoint.disabled by failures e2',
      'endpoint.disabled by failures e3',
      'group.paused by endpoint e3',
    ]);
  });

  it('is told of a request that paused it, which counts before its endpoints', () => {
    const paused = { ...group, pausedSince: now - 1000 };
    expect(typesOf({ group: paused, endpoints: [disabled('e2', now)] }, now)).toEqual([
      'endpoint.disabled by failures e2',
      'group.paused by request ',
    ]);
  });

  it('is told the same each time, for some hours', () => {
    const at = (ms: number) =>
      standingEvents({ group: { ...group, pausedSince: now }, endpoints: [disabled('e2', now)] }, now + ms);
    expect(at(0)).toHaveLength(2);
    expect(at(toldAgainMs - 1)).toEqual(at(0));
    expect(at(toldAgainMs)).toEqual([]);
    // By a clock that is behind.
    expect(at(-60_000)).toEqual(at(0));
  });

  it('is told for less than half the time in which what was told is known', () => {
    expect(toldAgainMs * 2).toBeLessThan(limits.idempotencyMs);
  });
});

describe('a warning', () => {
  const whole = limits.outageDisablesAfterMs;
  const of = (outageMs: number, beforeMs = outageMs, endpoint = enabled) => {
    const outage = { failingSince: now, failedAt: now, outageMs };
    return warningOf(group, endpoint, { outage, beforeMs, reason: 'Connection refused.', at: now });
  };

  it('comes with half of the time before an endpoint is disabled, and with nine tenths of it', () => {
    const shares = [0, 0.49, 0.5, 0.51, 0.7, 0.89, 0.9, 0.92, 0.97].map((share) => [
      share,
      of(whole * share)?.details['share'],
    ]);
    expect(shares).toEqual([
      [0, undefined],
      [0.49, undefined],
      [0.5, 0.5],
      [0.51, 0.5],
      [0.7, undefined],
      [0.89, undefined],
      [0.9, 0.9],
      [0.92, 0.9],
      [0.97, undefined],
    ]);
  });

  it('comes with the first attempt beyond, however long that is after the one before', () => {
    expect(of(whole * 0.7, whole * 0.49)?.details['share']).toBe(0.5);
    expect(of(whole * 0.97, whole * 0.77)?.details['share']).toBe(0.9);
  });

  it('is one for an endpoint and a part of the time, and another once that is called anew', () => {
    expect(of(whole * 0.5)?.key).toBe(of(whole * 0.5 + 1000)?.key);
    expect(of(whole * 0.9)?.key).not.toBe(of(whole * 0.5)?.key);
    expect(of(whole * 0.5, 0, { ...enabled, calledSince: 5 })?.key).not.toBe(of(whole * 0.5)?.key);
  });

  it('says since when, for how long and when the end is', () => {
    expect(of(whole / 2)).toMatchObject({
      type: 'endpoint.failing',
      details: {
        endpoint: 'e1',
        failingSince: '2026-03-01T00:00:00.000Z',
        outageSeconds: 216_000,
        disabledAfterSeconds: 432_000,
        reason: 'Connection refused.',
      },
    });
  });
});

describe('the names that Millrace keeps for itself', () => {
  it('begin with "millrace.", and are not that of the topic of events', () => {
    expect(['millrace.x', 'millrace.events.a.dead', 'millrace.'].every(isReservedName)).toBe(true);
    expect(['millrace', 'millrace-x', 'millrace.events', 'Millrace.x'].some(isReservedName)).toBe(false);
  });
});
