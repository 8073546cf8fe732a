import { limits } from '../../lib/domain/limits.ts';

/** As large as a produce request may be, but for what the records around a value take. */
const bodyBytes = 5 * 1024 * 1024 - 1000;
const largeRecords = 20;

const filled = (unit: string, bytes: number): string =>
  unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));

/** Values within the limit on records that fill a request. */
const inRecords = (value: (bytes: number) => string, count = largeRecords): string => {
  const record = `{"value":${value(Math.floor(bodyBytes / count) - 16)}}`;
  return `{"records":[${Array(count).fill(record).join(',')}]}`;
};

const list = (item: string): string => inRecords((bytes) => `[${filled(`${item},`, bytes - 4)}0]`);
const text = (unit: string): string => inRecords((bytes) => `"${filled(unit, bytes - 2)}"`);
const alone = (value: string): string => `{"records":[{"value":${value}}]}`;

/** A thousand records that have `count` headers each, whose names and values fill the request, each letter as `written`. */
const manyHeaders = (count: number, written: (letter: string) => string): string => {
  const bytes = (bodyBytes / 1000 - 30) / count - '"000":"",'.length;
  const name = written('h').repeat(Math.floor(bytes / written('h').length));
  const headers = Array.from({ length: count }, (_, index) => `"${name}${index}":""`);
  return `{"records":[${Array(1000)
    .fill(`{"value":1,"headers":{${headers.join(',')}}}`)
    .join(',')}]}`;
};

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Produce requests of five megabytes that are hard to read, by what they are made of. */
export const bodies: Readonly<Record<string, () => string>> = {
  'integers 1234': () => list('1234'),
  'decimals 1.0': () => list('1.0'),
  'decimals 1.10': () => list('1.10'),
  digits: () => list('1'),
  'exponents 1e1': () => list('1e1'),
  'long numbers': () => inRecords((bytes) => '1'.repeat(bytes)),
  'arrays 100 deep': () => list(`${'['.repeat(99)}${']'.repeat(99)}`),
  'objects 100 deep': () => list(`${'{"":'.repeat(99)}0${'}'.repeat(99)}`),
  'empty objects': () => list('{}'),
  'fields without names': () => inRecords((bytes) => `{${filled('"":1,', bytes - 8)}"":0}`),
  'digits and blanks': () => list('1 '),
  'short strings': () => list('""'),
  'text in ASCII': () => text('x'),
  'text of two bytes': () => text('é'),
  'text of surrogate pairs': () => text('😀'),
  'escapes \\u0041': () => text('\\u0041'),
  'escaped surrogate pairs': () => text('\\ud83d\\ude00'),
  'quotes \\"': () => text('\\"'),
  'backslashes \\\\': () => text('\\\\'),
  'white space in values': () => inRecords((bytes) => `[${' '.repeat(bytes - 3)}1]`),
  'white space around': () => `${alone('1')}${' '.repeat(bodyBytes - 30)}`,
  '1,000 records': () => inRecords((bytes) => `"${'x'.repeat(bytes - 2)}"`, 1000),
  'many headers': () => manyHeaders(limits.recordHeaders, (letter) => letter),
  'many escaped headers': () => manyHeaders(limits.recordHeaders, escaped),
  'too many headers': () => manyHeaders(2 * limits.recordHeaders, escaped),
  'a partition that is a list': () =>
    `{"records":[{"value":1,"partition":[${filled('1,', bodyBytes - 60)}1]}]}`,
  'one value, too large': () => alone(`[${filled('1.10,', bodyBytes - 40)}0]`),
  'one string, too large': () => alone(`"${filled('\\u0041', bodyBytes - 40)}"`),
  'one key, too large': () => `{"records":[{"key":"${filled('\\u0041', bodyBytes - 40)}","value":1}]}`,
};
