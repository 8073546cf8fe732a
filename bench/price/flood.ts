import { type Item, item } from './idle.ts';
import { accessLogBytes, shortAnswerBytes } from './long-poll.ts';
import { prices } from './prices.ts';

export interface Flood {
  /** Requests that the gateway lets through in a second. */
  readonly throttleRate: number;
  readonly produceMemoryMb: number;
}

/** What produce is charged for until it has refused a key that it has looked for, ms. */
const refusedMs = 10;

/**
 * What a day costs of as many requests as are let through, with small bodies, to the function that costs most, each with
 * another key that has the form of one. Nothing is taken off that is free: it is used up within the first day.
 */
export const floodItems = ({ throttleRate, produceMemoryMb }: Flood): readonly Item[] => {
  const requests = throttleRate * 24 * 3600;
  const gb = 1024 ** 3;
  return [
    item('requests to the API', requests, prices.apiRequest, 0),
    item('calls of produce', requests, prices.lambdaCall, 0),
    item('GB-seconds', (requests * refusedMs * produceMemoryMb) / 1000 / 1024, prices.lambdaGbSecond, 0),
    item('read units', requests, prices.readUnit, 0),
    item('GB of logs', (requests * accessLogBytes) / gb, prices.logs, 0),
    item('GB sent out', (requests * shortAnswerBytes) / gb, prices.dataOut, 0),
  ];
};
