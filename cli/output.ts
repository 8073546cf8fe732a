import { once } from 'node:events';

/** Whoever reads may go, as `head` does: then there is nobody to tell, and no more to do. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** Writes the answer of a command, and waits while whoever reads it is behind. */
export const answer = async (text: string): Promise<void> => {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
};

/** Tells people what is beside the answer. */
export const remark = (line: string): void => void process.stderr.write(`${line}\n`);
