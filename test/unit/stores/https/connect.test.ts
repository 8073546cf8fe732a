import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connectToFirst } from '../../../../lib/stores/https/connect.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Connections that do what the test says, by address. */
const network = () => {
  const tried = new Map<string, Socket>();
  const connect = ({ host }: { readonly host: string }): Socket => {
    const socket = new Socket();
    tried.set(host, socket);
    return socket;
  };
  const at = (host: string): Socket => tried.get(host) ?? expect.fail(`${host} was not tried.`);
  return { connect, at, tried: () => [...tried.keys()] };
};

const never = new AbortController().signal;
const refused = (code = 'ECONNREFUSED') => Object.assign(new Error(code), { code });

it('tries a slow address on while the others are tried, and takes it when it is the first to connect', async () => {
  const { connect, at, tried } = network();
  const connected = connectToFirst(['a', 'b', 'c'], 443, never, connect);
  expect(tried()).toEqual(['a']);
  vi.advanceTimersByTime(249);
  expect(tried()).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(tried()).toEqual(['a', 'b']);
  at('b').emit('error', refused());
  expect(tried()).toEqual(['a', 'b', 'c']);
  at('c').emit('error', refused());
  vi.advanceTimersByTime(60_000);
  at('a').emit('connect');
  expect(await connected).toBe(at('a'));
  expect(at('a').destroyed).toBe(false);
});

it('tries the next address at once when one fails, and ends those that come too late', async () => {
  const { connect, at, tried } = network();
  const connected = connectToFirst(['a', 'b', 'c', 'd'], 443, never, connect);
  at('a').emit('error', refused());
  vi.advanceTimersByTime(250);
  expect(tried()).toEqual(['a', 'b', 'c']);
  at('c').emit('connect');
  expect(await connected).toBe(at('c'));
  expect(at('b').destroyed).toBe(true);
  vi.advanceTimersByTime(60_000);
  expect(tried()).toEqual(['a', 'b', 'c']);
});

it('fails when each has failed, with what the last one failed with', async () => {
  const { connect, at } = network();
  const connected = connectToFirst(['a', 'b'], 443, never, connect);
  vi.advanceTimersByTime(250);
  at('b').emit('error', refused('ENETUNREACH'));
  at('a').emit('error', refused('ETIMEDOUT'));
  await expect(connected).rejects.toThrow('ETIMEDOUT');
});

it('gives up when its time is over, and leaves nothing behind', async () => {
  const { connect, at } = network();
  const time = new AbortController();
  const connected = connectToFirst(['a', 'b'], 443, time.signal, connect);
  vi.advanceTimersByTime(250);
  time.abort(new Error('over'));
  await expect(connected).rejects.toThrow('over');
  expect([at('a').destroyed, at('b').destroyed]).toEqual([true, true]);
  expect(vi.getTimerCount()).toBe(0);
  await expect(connectToFirst(['a'], 443, time.signal, connect)).rejects.toThrow('over');
});
