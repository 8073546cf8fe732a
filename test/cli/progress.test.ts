import { expect, test } from 'vitest';
import { Progress } from '../../cli/terminal/progress.ts';

const telling = (isTerminal: boolean) => {
  let [now, written] = [0, ''];
  const write = (text: string): void => {
    written += text;
  };
  const progress = new Progress({ write, isTerminal, now: () => now });
  return {
    progress,
    tellAt: (ms: number, fraction: number) => {
      now = ms;
      written = '';
      progress.tell({ records: 12_345, bytes: 30_000_000, fraction });
      return written;
    },
    endAt: (ms: number) => {
      now = ms;
      written = '';
      progress.end({ records: 12_345, bytes: 30_000_000 }, 'Exported');
      return written;
    },
  };
};

test('a terminal has one line, written over: records, speed, and the time that is left', () => {
  const { tellAt, endAt } = telling(true);
  expect(tellAt(100, 0.1)).toBe('');
  expect(tellAt(10_000, 0.25)).toBe('\r\u001b[K12,345 records, 3.0 MB/s, 25 %, 30 s left');
  expect(tellAt(10_100, 0.26)).toBe('');
  expect(endAt(20_000)).toBe('\r\u001b[KExported 12,345 records, 1.5 MB/s, in 20 s.\n');
});

test('elsewhere it is a line now and then', () => {
  const { tellAt, endAt } = telling(false);
  expect(tellAt(5000, 0.1)).toBe('');
  expect(tellAt(10_000, 0.25)).toBe('12,345 records, 3.0 MB/s, 25 %, 30 s left\n');
  expect(endAt(20_000)).toBe('Exported 12,345 records, 1.5 MB/s, in 20 s.\n');
});

test('what was done before says nothing of how long the rest takes', () => {
  const { progress, tellAt } = telling(false);
  progress.resumeAt(0.5);
  expect(tellAt(10_000, 0.75)).toContain('75 %, 10 s left');
});
