import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodyText } from '../../harness/body-text.ts';
import { answered, makeRig, ok, secret } from './rig.ts';

describe('the number of an attempt', () => {
  it('goes along with each of a message, and begins anew with the next', async () => {
    const { rig, append, deliver, takeWakes, sent } = await makeRig({ delivery: { batchSize: 1 } });
    append({ value: 1 }, { value: 2 });
    rig.answer = () => (sent.length < 3 ? answered(500) : ok);
    for (let wakes = [{ wake: {}, delayMs: 0 }]; wakes.length > 0; wakes = takeWakes()) {
      rig.pass(wakes[0]?.delayMs ?? 0);
      await deliver(wakes[0]?.wake);
    }
    expect(sent.map(({ headers }) => [headers['webhook-id'], headers['webhook-attempt']])).toEqual([
      ['g1-0-0-1', '1'],
      ['g1-0-0-1', '2'],
      ['g1-0-0-1', '3'],
      ['g1-0-1-2', '1'],
    ]);
  });
});

describe('the signature of an attempt', () => {
  // The verifier goes by the machine's clock, and refuses what is five minutes off.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is of the time of the attempt, hours after the append and on each retry', async () => {
    const { rig, append, deliver, takeWakes, clock, sent } = await makeRig();
    append({ value: 'late' });
    const appendedAt = clock.now();
    rig.pass(7_200_000);
    const times: number[] = [];
    rig.answer = ({ headers, ...request }) => {
      const body = bodyText(request);
      vi.setSystemTime(clock.now());
      expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({
        type: 'topic.records',
      });
      expect(headers['webhook-timestamp']).toBe(String(Math.floor(clock.now() / 1000)));
      vi.setSystemTime(appendedAt);
      expect(() => new Webhook(secret).verify(body, { ...headers })).toThrow('too new');
      times.push(clock.now() - appendedAt);
      return times.length < 3 ? answered(503, { retryAfter: '600' }) : ok;
    };
    let wake = {};
    for (let attempts = 0; attempts < 3; attempts += 1) {
      await deliver(wake);
      const [retry] = takeWakes();
      wake = retry?.wake ?? {};
      rig.pass(retry?.delayMs ?? 0);
    }
    expect(times).toEqual([7_200_000, 7_800_000, 8_400_000]);
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
  });
});
