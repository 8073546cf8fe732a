import { describe, expect, test } from 'vitest';
import { Intake } from '../../../lib/local/intake.ts';

/** An intake whose turns are taken by hand: `turn` gives what it begins, which is numbers here. */
const world = () => {
  const turns: (() => void)[] = [];
  const intake = new Intake((run) => void turns.push(run));
  let begun: number[] = [];
  return {
    intake,
    come: (...numbers: readonly number[]): void => {
      for (const number of numbers) intake.add(() => void begun.push(number));
    },
    turn: (): number[] => {
      begun = [];
      turns.shift()?.();
      return begun;
    },
    get hasTurn(): boolean {
      return turns.length > 0;
    },
  };
};

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('requests are begun', () => {
  test('in the order in which they came, all of a turn together', () => {
    const { come, turn } = world();
    come(1, 2, 3);
    expect(turn()).toEqual([1, 2, 3]);
  });

  test('some in each turn where many came, those that come meanwhile after them', () => {
    const { come, turn } = world();
    come(...numbers(100));
    const first = turn();
    expect(first.length).toBeLessThan(50);
    come(100, 101);
    const rest: number[] = [];
    for (let turns = 0; turns < 10; turns += 1) rest.push(...turn());
    expect([...first, ...rest]).toEqual(numbers(102));
  });

  test('not while connections are accepted turn after turn', () => {
    const { intake, come, turn } = world();
    come(1);
    for (let connection = 0; connection < 64; connection += 1) {
      intake.accepted();
      expect(turn()).toEqual([]);
    }
    come(2);
    expect(turn()).toEqual([1, 2]);
  });

  test('though connections never end', () => {
    const { intake, come, turn } = world();
    come(1);
    let begun: number[] = [];
    for (let turns = 0; turns < 1000 && begun.length === 0; turns += 1) {
      intake.accepted();
      begun = turn();
    }
    expect(begun).toEqual([1]);
    // And from then on as it was at first.
    come(2);
    intake.accepted();
    expect(turn()).toEqual([]);
    expect(turn()).toEqual([2]);
  });
});

test('where nothing waits no turn is asked for', () => {
  const made = world();
  const { intake, come, turn } = made;
  intake.accepted();
  come(1, 2);
  turn();
  turn();
  expect(made.hasTurn).toBe(false);
});
