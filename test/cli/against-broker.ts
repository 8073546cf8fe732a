import { afterAll, beforeAll, expect } from 'vitest';
import { type Broker, broker as startBroker } from '../end-to-end/broker.ts';
import { type Ended, run, type Surroundings } from './command.ts';

/** Gives what a command that ended well told people. */
export const done = async (ended: Promise<Ended>): Promise<string> => {
  const { code, stdout, stderr } = await ended;
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr });
  return stderr;
};

/** A broker for the tests of a file, and commands that speak to it, or to what stands before it. */
export const useBroker = () => {
  let started: Broker | undefined;
  beforeAll(async () => {
    started = await startBroker();
  });
  afterAll(() => started?.stop());
  const broker = (): Broker => {
    if (started === undefined) throw new Error('There is no broker before the tests begin.');
    return started;
  };
  const surroundings = (url = broker().url): Surroundings => ({
    environment: { MILLRACE_URL: url, MILLRACE_KEY: broker().key },
  });
  return {
    broker,
    surroundings,
    exported: (...args: readonly string[]) => done(run('export', args, surroundings())),
    imported: (...args: readonly string[]) => done(run('import', args, surroundings())),
  };
};
