import { type Answered, afterSaid, type Said } from '../../domain/delivery/explicit-acks.ts';
import { Problem } from '../../domain/errors.ts';
import { effectiveDelivery, type PushGroup } from '../../domain/groups/groups.ts';
import type { CursorChanges } from '../../groups/pull/cursor-changes.ts';
import { redriveWake, wakeFor } from '../../groups/wake-group.ts';
import type { GroupStore } from '../../stores/groups.ts';
import type { WakeQueue } from '../../stores/wake-queue.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry } from '../../surroundings/telemetry.ts';
import { cursorRefOf } from '../subject.ts';
import { type AckToken, AckTokenError, type AckTokens } from './token.ts';

export interface AcknowledgeDeps {
  readonly tokens: Pick<AckTokens, 'open'>;
  readonly groups: Pick<GroupStore, 'get'>;
  readonly changes: Pick<CursorChanges, 'change' | 'forget'>;
  readonly queue: Pick<WakeQueue, 'send'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What a consumer asks for. Without times: those of the group. */
export type Asked =
  | Extract<Said, { outcome: 'ack' }>
  | { readonly outcome: 'nack'; readonly delayMs: number }
  | { readonly outcome: 'extend'; readonly ms?: number };

/**
 * Acknowledges a message that an endpoint took, refuses it, or asks for more time. Whoever has the token may, as long as the message is with
 * its consumer: the same acknowledgement again is done already, and one of another epoch or attempt is refused, with nothing changed.
 * @throws Problem `invalid_token`; `lease_lost` where the message is not the consumer's any more; `invalid_request` for records that it has
 * not; `throttled`, `outcome_unknown`: ask again.
 */
export const acknowledge = async (deps: AcknowledgeDeps, text: string, asked: Asked): Promise<void> => {
  const token = await opened(deps, text);
  const group = await groupOf(deps, token);
  const { ordering, ackTimeoutSeconds } = effectiveDelivery(group.delivery);
  const said: Said =
    asked.outcome === 'extend' ? { ...asked, ms: asked.ms ?? ackTimeoutSeconds * 1000 } : asked;
  const { groupId, partition, redriveId } = token;
  // A deliverer has written it since.
  deps.changes.forget(groupId);
  const { isFree, records } = await deps.changes.change(cursorRefOf(token), 0, (cursor) => {
    const answered = afterSaid(cursor, token, said, ordering === 'partition', deps.clock.now());
    if (answered.kind === 'over' || answered.kind === 'strange') throw refused(token, answered);
    // Whoever has the lease finds what was said when it writes the cursor, at the latest to let the lease go.
    const isFree = cursor.leaseUntil === 0 && said.outcome !== 'extend';
    return answered.kind === 'done'
      ? { answer: { isFree, records: 0 } }
      : { next: answered.next, answer: { isFree, records: answered.acknowledged } };
  });
  const { topic, name } = group;
  deps.telemetry.record({
    kind: 'said-by-token',
    topic,
    group: name,
    partition,
    outcome: said.outcome,
    records,
  });
  if (!isFree) return;
  const wake =
    redriveId === undefined ? wakeFor(group, partition, 'append') : redriveWake(group, partition, redriveId);
  await deps.queue.send([wake]);
};

const opened = async ({ tokens }: AcknowledgeDeps, text: string): Promise<AckToken> => {
  try {
    return await tokens.open(text);
  } catch (error) {
    if (!(error instanceof AckTokenError)) throw error;
    const detail =
      'The token is none that this broker signed. Send it as it came in the header webhook-ack-token, unchanged.';
    throw new Problem('invalid_token', detail);
  }
};

const lost = ({ partition }: AckToken, why: string): Problem =>
  new Problem('lease_lost', `${why} Forget the message. Nothing was changed.`, {
    members: { partitions: [partition] },
  });

const groupOf = async ({ groups }: AcknowledgeDeps, token: AckToken): Promise<PushGroup> => {
  const { topicId, group, groupId } = token;
  const found = await groups.get({ topicId, group });
  if (found?.group.mode === 'push' && found.group.groupId === groupId) return found.group;
  throw lost(token, 'The group that the message was sent for was deleted.');
};

const refused = (token: AckToken, answered: Extract<Answered, { kind: 'over' | 'strange' }>): Problem => {
  const { start, end } = token;
  if (answered.kind === 'over')
    return lost(
      token,
      'The message is not with its consumer any more: it was refused, nobody acknowledged it in time, or there was a seek.',
    );
  const { field, offset } = answered;
  const message =
    field === 'offset'
      ? `Give the offset after the last record that you are done with: from ${start + 1} to ${end}.`
      : `The message has no record at offset ${offset}, or it is done with.`;
  return new Problem('invalid_request', `The request is not valid. ${message} Nothing was acknowledged.`, {
    errors: [{ path: field, message }],
  });
};
