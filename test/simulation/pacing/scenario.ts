import { limits } from '../../../lib/domain/limits.ts';
import { seededRandom } from '../scheduler.ts';
import { runPacing, type WorldOptions } from './world.ts';

const windowMs = 10_000;
/** What is promised of the rate over ten seconds: 10 % and one request more, by clocks that differ by a quarter of a second. */
const mostOf = (requestsPerSecond: number): number => requestsPerSecond * 10 * 1.1 + 1;

/** One world of one seed; `breach` says what the endpoint saw that it must not. */
export const runPaced = async (
  seed: number,
  options: WorldOptions,
): Promise<{ readonly breach: string | undefined }> => {
  const { endpoint } = await runPacing(seed, options);
  const { maxConcurrentRequests: most = Number.POSITIVE_INFINITY, requestsPerSecond } = options;
  if (endpoint.most > most) return { breach: `${endpoint.most} requests were under way` };
  const within = endpoint.mostWithin(windowMs);
  const allowed = requestsPerSecond === undefined ? Number.POSITIVE_INFINITY : mostOf(requestsPerSecond);
  return { breach: within > allowed ? `${within} requests came within ten seconds` : undefined };
};

/** The same, in a world that the seed makes. */
export const runAnyPaced = (seed: number): Promise<{ readonly breach: string | undefined }> => {
  const random = seededRandom(seed);
  const among = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[Math.floor(random.number() * choices.length)] ?? choices[0];
  const kind = among('slots', 'rate', 'both');
  return runPaced(seed, {
    processes: among(1, 2, 5, 15),
    lanes: among(1, 2, 6),
    ...(kind !== 'rate' && { maxConcurrentRequests: among(1, 2, 5) }),
    ...(kind !== 'slots' && { requestsPerSecond: among(0.1, 0.7, 3, 20, 100) }),
    takesMs: among([5, 50] as const, [50, 2000] as const, [1000, 15_000] as const),
    timeoutMs: among(1000, 15_000, 30_000),
    skewMs: kind === 'slots' ? limits.slotSkewMs : 250,
    faults: random.number() < 0.8,
    forMs: 200_000,
  });
};
