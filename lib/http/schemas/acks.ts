import * as z from 'zod/mini';
import type { Asked } from '../../delivery/acks/acknowledge.ts';
import { limits } from '../../domain/limits.ts';
import { whenNeeded, wholeBetween } from './check.ts';

const offset = () => wholeBetween(0, Number.MAX_SAFE_INTEGER);

const delayRule = `Give seconds from 0 to ${limits.nackDelaySeconds} (limit nackDelaySeconds).`;
const failedRule = `Give 1 to ${limits.deliveryRecords} offsets (limit deliveryRecords).`;

/** What goes with one outcome alone. */
const fieldsOf = { offset: 'ack', failed: 'ack', delaySeconds: 'nack', seconds: 'extend' } as const;
type Field = keyof typeof fieldsOf;

const onlyWith = (field: Field) =>
  z.refine<{ readonly outcome: string } & { readonly [Name in Field]?: unknown }>(
    (given) => given[field] === undefined || given.outcome === fieldsOf[field],
    { path: [field], error: `It goes with the outcome "${fieldsOf[field]}" alone.` },
  );

/** `POST /v1/acks/{token}` */
export const messageOutcome = whenNeeded(() =>
  z
    .strictObject({
      outcome: z._default(z.enum(['ack', 'nack', 'extend'], 'Give "ack", "nack" or "extend".'), 'ack'),
      offset: z.exactOptional(offset()),
      failed: z.exactOptional(
        z.array(offset()).check(z.minLength(1, failedRule), z.maxLength(limits.deliveryRecords, failedRule)),
      ),
      delaySeconds: z.exactOptional(
        z.number(delayRule).check(z.minimum(0, delayRule), z.maximum(limits.nackDelaySeconds, delayRule)),
      ),
      seconds: z.exactOptional(wholeBetween(1, limits.ackTimeoutSeconds, 'ackTimeoutSeconds')),
    })
    .check(
      onlyWith('offset'),
      onlyWith('failed'),
      onlyWith('delaySeconds'),
      onlyWith('seconds'),
      z.refine((given) => given.offset === undefined || given.failed === undefined, {
        path: ['failed'],
        error: 'Give "offset" or "failed", not both.',
      }),
    ),
);

type Given = z.output<ReturnType<typeof messageOutcome>>;

/** What is asked for by a body. */
export const askedBy = ({ outcome, offset: before, failed, delaySeconds = 0, seconds }: Given): Asked => {
  if (outcome === 'nack') return { outcome, delayMs: delaySeconds * 1000 };
  if (outcome === 'extend') return { outcome, ...(seconds !== undefined && { ms: seconds * 1000 }) };
  return { outcome, ...(before !== undefined && { before }), ...(failed !== undefined && { failed }) };
};
