import { describe, expect, it } from 'vitest';
import { Line } from '../../../../lib/delivery/pacing/line.ts';

const at = (ms: number, wall = ms) => ({ wall: 1_700_000_000_000 + wall, monotonic: ms });
const booked = (first: number, count: number) => {
  const line = new Line();
  line.add({ at: at(first).wall, count, everyMs: 100 }, at(0));
  return line;
};
const waits = (line: Line, ...times: Parameters<typeof at>): number | undefined => {
  const now = at(...times);
  const place = line.take(now, 10_000);
  return place === undefined || place === 'later' ? undefined : place.waitMs(now);
};

describe('the places of a process', () => {
  it('are given out in order, each when it comes', () => {
    const line = booked(50, 3);
    expect([waits(line, 0), waits(line, 0), waits(line, 200), waits(line, 200)]).toEqual([
      50,
      150,
      50,
      undefined,
    ]);
  });

  it('can be used half a second late, or after they were booked, and are lost then', () => {
    const line = booked(-200, 5);
    // Those of -200 to 0 were past when they were booked.
    expect(line.left(at(500))).toBe(5);
    expect(line.left(at(501))).toBe(2);
    expect(waits(line, 501)).toBe(0);
    const [first] = [booked(0, 1).take(at(0), 0)];
    if (first === undefined || first === 'later') throw new Error('There is one.');
    expect([first.isOver(at(500)), first.isOver(at(501))]).toEqual([false, true]);
  });

  it('are lost by whichever clock shows more time, and wait for the one that shows less', () => {
    expect(waits(booked(0, 1), 0, 501)).toBeUndefined();
    expect(waits(booked(0, 1), 501, 0)).toBeUndefined();
    expect(waits(booked(300, 1), 200, 100)).toBe(200);
  });

  it('stay where there is no time to wait for them', () => {
    const line = booked(300, 1);
    expect(line.take(at(0), 299)).toBe('later');
    expect(waits(line, 0)).toBe(300);
  });

  it('tell how many were used in half a second', () => {
    const line = booked(0, 11);
    for (let ms = 600; ms < 1000; ms += 100) waits(line, ms);
    expect([line.used(at(1000)), line.used(at(1150)), line.used(at(2200))]).toEqual([4, 4, 0]);
  });
});
