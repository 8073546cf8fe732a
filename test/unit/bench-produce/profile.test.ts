import type { Profiler } from 'node:inspector';
import { expect, test } from 'vitest';
import { partsOf } from '../../../bench/produce/profile.ts';

const frame = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 },
  children,
});

test('the time of a built-in function counts for the code that called it', () => {
  const profile: Profiler.Profile = {
    nodes: [
      frame(1, '(root)', '', [2, 4]),
      frame(2, 'write', 'file:///x/lib/stores/sqlite/database.ts', [3]),
      frame(3, 'run', ''),
      frame(4, '(idle)', ''),
    ],
    startTime: 0,
    endTime: 100,
    samples: [3, 2, 4],
    timeDeltas: [50, 10, 40],
  };
  expect(partsOf(profile)).toEqual([
    { kind: 'SQLite', share: 0.6 },
    { kind: 'idle, or waiting for the disk', share: 0.4 },
  ]);
});
