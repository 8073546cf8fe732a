import type { Random } from '../../../lib/surroundings/random.ts';

/** A standard normal number, by the Box–Muller transform. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random.number())) * Math.cos(2 * Math.PI * random.number());

/** A log-normal number of the given mean: its median is `mean · exp(−sigma²/2)`. */
export const logNormal = (random: Random, mean: number, sigma: number): number =>
  mean * Math.exp(sigma * normal(random) - (sigma * sigma) / 2);

/** The time to the next of independent arrivals, in the unit of `mean`: exponential. */
export const exponential = (random: Random, mean: number): number => -mean * Math.log(1 - random.number());
