import { jsonText } from '../../lib/domain/json/text.ts';
import { recordBytes } from '../../lib/domain/records/encoding.ts';
import type { NewRecord } from '../../lib/domain/records/records.ts';
import type { Random } from '../../lib/surroundings/random.ts';

const statuses = ['created', 'paid', 'packed', 'shipped', 'delivered', 'returned'];
const cities = ['Lisbon', 'Osaka', 'Nairobi', 'Bergen', 'Quito', 'Leipzig', 'Hobart', 'Calgary'];
const words =
  'leave at the front desk and ring twice if nobody answers please call before coming gift wrap in blue paper with a card'.split(
    ' ',
  );

const pick = (random: Random, from: readonly string[]): string =>
  from[Math.floor(random.number() * from.length)] ?? '';

const hex = (random: Random, bytes: number): string => Buffer.from(random.bytes(bytes)).toString('hex');

const note = (random: Random, length: number): string => {
  let text = '';
  while (text.length < length) text += `${pick(random, words)} `;
  return text.slice(0, length);
};

/**
 * An event of a shop, `bytes` long as it is stored, whose sequence number says which one it was. Like real events it repeats
 * its names and draws some values from few (so batches compress), and has ids that do not repeat (20 random bytes).
 */
export const orderEvent = (random: Random, sequence: number, at: number, bytes: number): NewRecord => {
  const event = {
    sequence,
    id: hex(random, 16),
    type: `order.${pick(random, statuses)}`,
    time: new Date(at).toISOString(),
    customer: hex(random, 4),
    total: { amount: Math.round(random.number() * 100_000) / 100, currency: 'EUR' },
    items: 1 + Math.floor(random.number() * 9),
    city: pick(random, cities),
    note: '',
  };
  const missing = bytes - recordBytes({ valueJson: jsonText(event) });
  return { valueJson: jsonText({ ...event, note: note(random, missing) }) };
};

/** The sequence number that `orderEvent` put in. */
export const sequenceOf = (record: NewRecord): number | undefined => {
  const value: unknown = JSON.parse(record.valueJson ?? 'null');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { sequence } = value as { sequence?: unknown };
  return typeof sequence === 'number' ? sequence : undefined;
};
