import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answered, makeRig, ok, secret } from './rig.ts';

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
    rig.answer = ({ headers, body }) => {
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
