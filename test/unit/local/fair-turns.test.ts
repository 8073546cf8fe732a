import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairTurns } from '../../../lib/local/pumps/fair-turns.ts';

interface Work {
  readonly group: string;
  readonly number: number;
}

const turnsOf = (places: number, waiting = 1000) => {
  const turns = new FairTurns<Work>({ places, waiting });
  const running = new Map<string, number>();
  const rig = {
    turns,
    add: (group: string, count: number): (Work | undefined)[] =>
      Array.from({ length: count }, (_, number) => turns.add(group, { group, number })),
    /** Starts all that may run, and gives it in order. */
    start: (): Work[] => {
      const started: Work[] = [];
      for (let turn = turns.next(); turn !== undefined; turn = turns.next()) {
        expect(turn.item.group).toBe(turn.group);
        running.set(turn.group, (running.get(turn.group) ?? 0) + 1);
        started.push(turn.item);
      }
      return started;
    },
    end: (group: string, count = 1): void => {
      for (let ended = 0; ended < count; ended += 1) turns.done(group);
      running.set(group, (running.get(group) ?? 0) - count);
    },
    runs: (group: string): number => running.get(group) ?? 0,
  };
  return rig;
};

describe('turns', () => {
  it('are taken in the order in which a group’s work came', () => {
    const { add, start } = turnsOf(8);
    add('a', 3);
    expect(start().map(({ number }) => number)).toEqual([0, 1, 2]);
  });

  it('give a group alone half of what is not reserved, and keep the other places free', () => {
    const { add, start, runs, turns } = turnsOf(160);
    add('hangs', 500);
    start();
    expect([runs('hangs'), turns.running, turns.waiting]).toEqual([64, 64, 436]);
    add('well', 1);
    expect(start()).toEqual([{ group: 'well', number: 0 }]);
  });

  it.each([1, 2, 3, 30])(
    'leave a place to whoever comes while %i groups keep all that they get',
    (groups) => {
      const { add, start, end, runs, turns } = turnsOf(160);
      const comes = (group: string): void => {
        add(group, 1);
        expect(start().map((work) => work.group)).toContain(group);
        end(group);
      };
      const names = Array.from({ length: groups }, (_, index) => `hangs-${index}`);
      for (const name of names) {
        add(name, 200);
        start();
        comes('well');
      }
      // As their runs end, by timeouts, they come to have equal shares.
      for (let rounds = 0; rounds < 300; rounds += 1) {
        for (const name of names) {
          if (runs(name) > 0) end(name);
          add(name, 1);
          start();
        }
        comes(`well-${rounds}`);
      }
      const share = 128 / (groups + 1);
      for (const name of names) expect(Math.abs(runs(name) - share)).toBeLessThanOrEqual(2);
      expect(160 - turns.running).toBeGreaterThanOrEqual(32);
    },
  );

  it('go to the group with the fewest running, and among those to the one whose turn is longest ago', () => {
    const { add, start, end } = turnsOf(4);
    add('a', 9);
    add('b', 9);
    add('c', 9);
    expect(start().map(({ group }) => group)).toEqual(['a', 'b', 'c']);
    end('a');
    expect(start().map(({ group }) => group)).toEqual(['a']);
    end('a');
    end('b');
    end('c');
    expect(start().map(({ group }) => group)).toEqual(['b', 'c', 'a']);
  });

  it('of one place go round all groups', () => {
    const { add, start, end } = turnsOf(1);
    for (const group of ['a', 'b', 'c']) add(group, 2);
    const order = Array.from({ length: 6 }, () => {
      const [work] = start();
      end(work?.group ?? '');
      return work?.group;
    });
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('keep no more waiting than there is room for: the last of the longest line goes', () => {
    const { add, start, turns } = turnsOf(2, 10);
    expect(add('hangs', 10).filter(Boolean)).toEqual([]);
    expect(add('hangs', 1)).toEqual([{ group: 'hangs', number: 0 }]);
    expect(add('well', 3)).toEqual([9, 8, 7].map((number) => ({ group: 'hangs', number })));
    expect(turns.waiting).toBe(10);
    expect(start()).toHaveLength(2);
  });

  it('forget what waits when it is taken out, and not what runs', () => {
    const { add, start, end, turns } = turnsOf(4);
    add('a', 5);
    start();
    expect(turns.drain().map(({ number }) => number)).toEqual([2, 3, 4]);
    expect([turns.waiting, turns.running]).toEqual([0, 2]);
    end('a', 2);
    expect([turns.running, start()]).toEqual([0, []]);
  });

  it('keep every promise, however work comes and ends', () => {
    const group = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), group }),
      fc.record({ kind: fc.constant('end' as const), group }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(step, { maxLength: 200 }),
        (places, most, steps) => {
          const { turns, start, end, runs } = turnsOf(places, most);
          let [added, gone, ended] = [0, 0, 0];
          for (const { kind, group: name } of steps) {
            if (kind === 'end' && runs(name) > 0) {
              end(name);
              ended += 1;
            }
            if (kind === 'add') {
              const idle = runs(name) === 0 && turns.running < places;
              if (turns.add(name, { group: name, number: added }) !== undefined) gone += 1;
              added += 1;
              const started = start();
              // Who has nothing running waits for nobody while a place is free.
              if (idle && most > 4) expect(started.map((work) => work.group)).toContain(name);
            }
            start();
            expect(turns.running).toBeLessThanOrEqual(places);
            expect(turns.waiting).toBeLessThanOrEqual(most);
            expect(turns.waiting + turns.running).toBe(added - gone - ended);
            // No place stays free that somebody who waits may have.
            expect(turns.next()).toBeUndefined();
          }
        },
      ),
    );
  });
});
