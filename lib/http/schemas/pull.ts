import * as z from 'zod/mini';
import { limits } from '../../domain/limits.ts';
import type { Acknowledgement, Offsets, RecordOutcome } from '../../groups/pull/requests.ts';
import { name, recordOf, whenNeeded, wholeBetween } from './check.ts';

const offset = () => wholeBetween(0, Number.MAX_SAFE_INTEGER);
const partition = () => wholeBetween(0, limits.partitionsPerTopic - 1, 'partitionsPerTopic');

const partitionRule = 'Name partitions by their numbers, in decimal digits.';

/** By partition. */
const byPartition = () =>
  z.pipe(
    recordOf(z.string().check(z.regex(/^(0|[1-9]\d{0,3})$/, partitionRule)), offset()).check(
      z.refine(
        (given) => Object.keys(given).length <= limits.partitionsPerTopic,
        'There are more than a topic can have partitions.',
      ),
    ),
    z.transform(
      (given): Offsets => new Map(Object.entries(given).map(([key, value]) => [Number(key), value])),
    ),
  );

const delaySeconds = () => {
  const message = `Give seconds from 0 to ${limits.nackDelaySeconds} (limit nackDelaySeconds).`;
  return z.number(message).check(z.minimum(0, message), z.maximum(limits.nackDelaySeconds, message));
};

const rangeRule =
  'Give "offset" for one record, or "from" and "to" (exclusive, and above "from") for several.';

/** Records of a shared group, with what becomes of them. @param standard where they do not say it. */
const outcome = (standard: RecordOutcome['outcome']) =>
  z
    .strictObject({
      topic: z.exactOptional(name()),
      partition: partition(),
      offset: z.exactOptional(offset()),
      from: z.exactOptional(offset()),
      to: z.exactOptional(offset()),
      outcome: z.exactOptional(z.enum(['ack', 'nack', 'extend'], 'Give "ack", "nack" or "extend".')),
      delaySeconds: z.exactOptional(delaySeconds()),
    })
    .check(
      z.refine(
        ({ offset: one, from, to }) =>
          one === undefined
            ? from !== undefined && to !== undefined && to > from
            : from === undefined && to === undefined,
        rangeRule,
      ),
      z.refine(
        ({ outcome: what = standard, delaySeconds: delay }) => delay === undefined || what === 'nack',
        {
          path: ['delaySeconds'],
          error: 'Give it with the outcome "nack" alone: nothing else is handed out again.',
        },
      ),
    );

type GivenOutcome = z.output<ReturnType<typeof outcome>>;

/** None too: who loops sends what it has. */
const records = (standard: RecordOutcome['outcome']) =>
  z
    .array(outcome(standard))
    .check(z.maxLength(limits.pollRecords, `Give ${limits.pollRecords} at most (limit pollRecords).`));

const oneForm = (given: { readonly offsets?: unknown; readonly records?: unknown }): boolean =>
  (given.offsets === undefined) !== (given.records === undefined);
const oneFormRule =
  'Give "offsets" in a group of mode "pull", or "records" in one of mode "shared", and not both.';

const acknowledgement = () =>
  z
    .strictObject({ offsets: z.exactOptional(byPartition()), records: z.exactOptional(records('ack')) })
    .check(z.refine(oneForm, oneFormRule));

/** `POST …/groups/{group}/poll` */
export const pollRequest = whenNeeded(() =>
  z
    .strictObject({
      consumerId: name(),
      maxRecords: z._default(wholeBetween(0, limits.pollRecords, 'pollRecords'), 100),
      maxBytes: z._default(wholeBetween(1, limits.pollBytes, 'pollBytes'), limits.pollBytes),
      waitSeconds: z._default(seconds(limits.pollWaitSeconds, 'pollWaitSeconds'), 0),
      ack: z.exactOptional(acknowledgement()),
      epochs: z.exactOptional(byPartition()),
      positions: z.exactOptional(byPartition()),
    })
    .check(
      z.refine(
        // Of what is wrong in itself that is said already.
        ({ positions, epochs }) =>
          !(positions instanceof Map) || (epochs !== undefined && !(epochs instanceof Map))
            ? true
            : [...positions.keys()].every((at) => epochs?.has(at) === true),
        {
          path: ['epochs'],
          error:
            'Give the epoch of each partition that has a position, as the poll told it that its records came with.',
        },
      ),
    ),
);

/** Whole ms. */
export const msOf = (given: number): number => Math.round(given * 1000);

const seconds = (most: number, limit: keyof typeof limits) => {
  const message = `Give seconds from 0 to ${most} (limit ${limit}).`;
  return z.number(message).check(z.minimum(0, message), z.maximum(most, message));
};

/** `POST …/groups/{group}/ack` */
export const ackRequest = whenNeeded(() =>
  z
    .strictObject({
      consumerId: name(),
      offsets: z.exactOptional(byPartition()),
      records: z.exactOptional(records('ack')),
      epochs: z.exactOptional(byPartition()),
    })
    .check(z.refine(oneForm, oneFormRule)),
);

/** `POST …/groups/{group}/nack` */
export const nackRequest = whenNeeded(() =>
  z
    .strictObject({
      consumerId: name(),
      offsets: z.exactOptional(byPartition()),
      records: z.exactOptional(records('nack')),
      epochs: z.exactOptional(byPartition()),
      delaySeconds: z.exactOptional(delaySeconds()),
    })
    .check(z.refine(oneForm, oneFormRule)),
);

/** `POST …/groups/{group}/leave` */
export const leaveRequest = whenNeeded(() => z.strictObject({ consumerId: name() }));

/** What was given of records, as a group takes it. @param standard what becomes of those that do not say it. */
export const outcomesOf = (
  given: readonly GivenOutcome[],
  standard: { readonly outcome: RecordOutcome['outcome']; readonly delaySeconds?: number },
): readonly RecordOutcome[] =>
  given.map(({ topic, partition: at, offset: one, from = one ?? 0, to = from + 1, ...more }) => {
    const { outcome: what = standard.outcome, delaySeconds: delay = standard.delaySeconds } = more;
    return {
      partition: at,
      from,
      to,
      outcome: what,
      ...(topic !== undefined && { topic }),
      ...(delay !== undefined && what === 'nack' && { delayMs: msOf(delay) }),
    };
  });

/** What was given of an acknowledgement, as a group takes it. */
export const acknowledgementOf = ({
  offsets,
  records: given,
}: z.output<ReturnType<typeof acknowledgement>>): Acknowledgement => ({
  ...(offsets !== undefined && { offsets }),
  ...(given !== undefined && { records: outcomesOf(given, { outcome: 'ack' }) }),
});
