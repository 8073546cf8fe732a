import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const writes = 100;
const block = Buffer.alloc(4096);

/**
 * How long the disk of `folder` takes for a block of 4 KiB, ms, ascending: an acknowledged append waits for one such write, so that no record
 * is faster than the machine lets it be.
 */
export const diskMs = async (folder: string): Promise<readonly number[]> => {
  const file = openSync(join(folder, 'probe'), 'w');
  const taken: number[] = [];
  try {
    for (let done = 0; done < writes; done += 1) {
      const began = performance.now();
      writeSync(file, block, 0, block.length, done * block.length);
      fdatasyncSync(file);
      taken.push(performance.now() - began);
      // As the broker does under a steady rate, and not as fast as it can.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    closeSync(file);
  }
  return taken.toSorted((a, b) => a - b);
};
