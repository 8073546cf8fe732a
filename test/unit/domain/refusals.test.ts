import { describe, expect, it } from 'vitest';
import { afterRefusal } from '../../../lib/domain/delivery/refusals.ts';
import { deliveryDefaults } from '../../../lib/domain/groups/groups.ts';

const minute = 60_000;
const since = Date.UTC(2026, 0, 1);
const alone = (refusals: number, after: number, deadRow = 0, settings = deliveryDefaults) =>
  afterRefusal({ refusals, since, deadRow }, 1, settings, since + after);

describe('what follows a refusal', () => {
  it('is the same message again twice, and then a half, where it has several records', () => {
    const kinds = [1, 2, 3, 40].map(
      (refusals) => afterRefusal({ refusals, since, deadRow: 0 }, 2, deliveryDefaults, since).kind,
    );
    expect(kinds).toEqual(['again', 'again', 'halve', 'halve']);
  });

  it('is the record alone again until it was refused maxAttempts times', () => {
    expect(alone(9, 60 * minute)).toEqual({ kind: 'again' });
    expect(alone(10, 60 * minute)).toEqual({ kind: 'give-up' });
    expect(alone(1000, 60 * minute, 0, { ...deliveryDefaults, maxAttempts: null })).toEqual({
      kind: 'again',
    });
  });

  it('is no dead letter within five minutes by default, so that a deploy of a minute makes none', () => {
    expect(alone(10, minute)).toEqual({ kind: 'again', dueInMs: 4 * minute });
    expect(alone(50, 5 * minute - 1)).toEqual({ kind: 'again', dueInMs: 1 });
    expect(alone(50, 5 * minute)).toEqual({ kind: 'give-up' });
  });

  it('waits twice as long for each dead letter in a row, up to a day', () => {
    expect(alone(10, 10 * minute - 1, 1)).toMatchObject({ kind: 'again' });
    expect(alone(10, 10 * minute, 1)).toEqual({ kind: 'give-up' });
    expect(alone(10, 40 * minute - 1, 3)).toMatchObject({ kind: 'again' });
    expect(alone(10, 24 * 60 * minute - 1, 1000)).toEqual({ kind: 'again', dueInMs: 1 });
    expect(alone(10, 24 * 60 * minute, 1000)).toEqual({ kind: 'give-up' });
  });

  it('loses about ten records of a healthy stream in three days in which everything is refused', () => {
    let at = 0;
    let dead = 0;
    // Refused at once, and tried again when it is due.
    while (at < 3 * 24 * 60 * minute) {
      const next = afterRefusal({ refusals: 10, since, deadRow: dead }, 1, deliveryDefaults, since);
      at += next.kind === 'again' ? (next.dueInMs ?? 0) : 0;
      dead += 1;
    }
    expect(dead).toBeLessThan(12);
  });

  it('is never further off than the wait, where a clock was ahead when the record was refused first', () => {
    const ahead = { refusals: 10, since: since + 24 * 60 * minute, deadRow: 0 };
    expect(afterRefusal(ahead, 1, deliveryDefaults, since)).toEqual({ kind: 'again', dueInMs: 5 * minute });
  });

  it('is a dead letter at once where nothing is to be waited for', () => {
    const settings = { ...deliveryDefaults, maxAttempts: 1, deadLetterAfterSeconds: 0 };
    expect(alone(1, 0, 7, settings)).toEqual({ kind: 'give-up' });
  });
});
