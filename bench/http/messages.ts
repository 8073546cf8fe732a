import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';

/** What a server of the benchmark tells when it listens. */
export interface Ready {
  readonly port: number;
  /** What requests to it bring along, or nothing. */
  readonly key: string;
}

/** What it answers whenever it is asked: CPU time of the whole process so far, µs, and what it has in memory. */
export interface Taken {
  readonly cpuMicros: number;
  readonly residentBytes: number;
}

/** What it is asked: what it has taken, or to take a profile of itself until the next question. */
export type Question = 'cpu' | 'profile' | 'profiled';

/** What it answers when a profile is over. */
export interface Profiled {
  readonly profile: Profiler.Profile;
}

/** µs between two looks of the profiler. */
const profileIntervalMicros = 200;

/** Tells the parent process that this one listens, and from then on answers its questions. Ends with the parent. */
export const serveParent = (ready: Ready): void => {
  const tell = (message: Ready | Taken | Profiled): void => void process.send?.(message);
  let profiling: Session | undefined;
  const answer = async (question: Question): Promise<Taken | Profiled> => {
    if (question === 'profile') {
      profiling = new Session();
      profiling.connect();
      await profiling.post('Profiler.enable');
      await profiling.post('Profiler.setSamplingInterval', { interval: profileIntervalMicros });
      await profiling.post('Profiler.start');
    }
    if (question === 'profiled' && profiling !== undefined) {
      const { profile } = await profiling.post('Profiler.stop');
      profiling.disconnect();
      return { profile };
    }
    const { user, system } = process.cpuUsage();
    return { cpuMicros: user + system, residentBytes: process.memoryUsage.rss() };
  };
  process.on('message', (question: Question) => void answer(question).then(tell));
  process.once('disconnect', () => process.exit(0));
  tell(ready);
};
