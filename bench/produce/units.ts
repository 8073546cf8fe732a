import { randomUUID } from 'node:crypto';
import { startSystem } from '../units/system.ts';
import { difference, type Usage } from '../units/usage.ts';
import { type Mode, modes } from './cases.ts';

export interface Cost {
  readonly mode: Mode;
  readonly records: number;
  /** All for each request of a warm process. */
  readonly writes: number;
  readonly reads: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

const requests = 50;

/** The value of a record, about 300 bytes that compress as little as ids do. */
const recordOf = () => ({
  value: { order: randomUUID(), note: Array.from({ length: 6 }, randomUUID).join() },
});

const headersOf = (mode: Mode): ((request: number) => Record<string, string>) => {
  const lines = modes[mode]?.({ number: 0, id: randomUUID() });
  return (request) =>
    Object.fromEntries(
      (lines?.(request) ?? '')
        .split('\r\n')
        .filter((line) => line !== '')
        .map((line) => line.split(': ') as [string, string]),
    );
};

/** What a produce request costs on DynamoDB, counted at the clients of the real code over the embedded store. */
export const costs = async (): Promise<readonly Cost[]> => {
  const system = await startSystem();
  try {
    const found: Cost[] = [];
    for (const records of [1, 100])
      for (const mode of Object.keys(modes) as Mode[]) {
        const headers = headersOf(mode);
        const send = (request: number) =>
          system.produce(Array.from({ length: records }, recordOf), headers(request));
        for (let request = 0; request < 2; request += 1) await send(request);
        const before = system.meter.total;
        for (let request = 0; request < requests; request += 1) await send(2 + request);
        const usage = difference(system.meter.total, before);
        const each = (kind: keyof Usage): number => usage[kind] / requests;
        found.push({
          mode,
          records,
          writes: each('writes'),
          reads: each('reads'),
          writeUnits: each('writeUnits'),
          readUnits: each('readUnits'),
        });
      }
    return found;
  } finally {
    await system.stop();
  }
};
