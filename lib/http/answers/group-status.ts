import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { groupAnswer } from './groups.ts';
import { listOf, text, time, whole } from './parts.ts';

const seconds = (description: string) => z.number().check(z.minimum(0), z.meta({ description }));

const totals = () => ({
  lag: whole('Records that are not acknowledged yet, in all partitions.'),
  lost: whole('Records that retention took before they were acknowledged, in all partitions.'),
  filtered: z.exactOptional(whole('Records that the filter left out, in all partitions. Absent: none.')),
  deadLettered: z.exactOptional(
    whole('Records that went to the dead letters, in all partitions. Of mode "shared".'),
  ),
});

const listedGroup = whenNeeded(() =>
  z.extend(groupAnswer(), {
    ...totals(),
    members: z.exactOptional(whole('Members that are live. Of a group that is pulled from.')),
  }),
);
export const groupListAnswer = whenNeeded(() => z.object({ groups: listOf(listedGroup()) }));
export type GroupListAnswer = z.output<ReturnType<typeof groupListAnswer>>;

const waiting = () =>
  z
    .object({
      for: z.enum(['resume', 'endpoint', 'answer', 'acknowledgement', 'retry', 'wake']).check(
        z.meta({
          description:
            '"resume": that the group is resumed. "endpoint": an endpoint that may be called. "answer": they are being delivered. "acknowledgement": that a consumer which has them acknowledges them. "retry": the next attempt. "wake": their turn alone.',
        }),
      ),
      since: z.exactOptional(
        time('When the group was paused, or the endpoint disabled, or since when it has been failing.'),
      ),
      until: z.exactOptional(
        time(
          'When the next attempt is, until when an acknowledgement is waited for, or for how long whoever makes an attempt has the partition at least.',
        ),
      ),
      reason: text('The same in words, with why the last attempt failed.'),
    })
    .check(
      z.meta({
        description:
          'What the records wait for that are not acknowledged. Absent: none waits. Of mode "push".',
      }),
    );

export const partitionProgress = whenNeeded(() =>
  z.object({
    partition: whole('The number of the partition.'),
    committed: whole('The next offset to be acknowledged: every record below it is.'),
    end: whole('The offset that the next record of the partition will have.'),
    lag: whole('Records that are not acknowledged yet.'),
    lost: whole('Records that retention took before they were acknowledged.'),
    filtered: z.exactOptional(whole('Records that the filter left out. Absent: none.')),
    owner: z.nullable(z.string()).check(
      z.meta({
        description:
          'Mode "push": who delivers the partition at this moment. Mode "pull": the consumer that has records of it, otherwise the one that it is assigned to. null: nobody; always of mode "shared".',
      }),
    ),
    handedOut: z.exactOptional(
      whole(
        'Records that a live member was handed out and has not acknowledged, while its ack timeout lasts. Of mode "push": those that are with a consumer, which acknowledges them by token. Absent: none, of mode "push".',
      ),
    ),
    delayed: z.exactOptional(
      whole(
        'Records that are to be handed out or sent again, at once or after their delay, and those that wait behind them for the order of keys. Of mode "shared", and of "push" in the orders "key" and "none".',
      ),
    ),
    stuck: z.exactOptional(
      whole(
        'Records that are to go to the dead letters, and are not there yet. Of modes "shared" and "push".',
      ),
    ),
    acknowledgedAhead: z.exactOptional(
      whole(
        'Records above `committed` that are acknowledged already, and part of the lag. Of mode "shared", and of "push" in the orders "key" and "none".',
      ),
    ),
    deadLettered: z.exactOptional(
      whole('Records that went to the dead letters. Of mode "shared", and of "push" where there are some.'),
    ),
    oldestUnacknowledgedSeconds: z.exactOptional(
      seconds('Since the oldest record was appended that is not acknowledged. Absent: none is left.'),
    ),
    attempts: z.exactOptional(
      whole(
        'How often the next records failed, or were given back or not acknowledged in time, one after another. Absent: never.',
      ),
    ),
    retryAt: z.exactOptional(time('When they are delivered or handed out again. Absent: at once.')),
    lastFailure: z.exactOptional(
      text('Why the last attempt failed, or what is waited for before the first. Of mode "push".'),
    ),
    waiting: z.exactOptional(waiting()),
  }),
);
export type PartitionProgress = z.output<ReturnType<typeof partitionProgress>>;

export const groupMember = whenNeeded(() =>
  z.object({
    consumerId: text('As it names itself. Two processes of one name are one member.'),
    partitions: listOf(whole('The number of a partition.')).check(
      z.meta({ description: 'Those that are assigned to it. None of mode "shared": all are everybody\'s.' }),
    ),
    lastPoll: time(
      'When it polled. It may have polled since: this is noted anew when a third of its session timeout is over.',
    ),
    expiresAt: time('When it is no member any more, unless it polls.'),
    handedOut: whole('Records that it was handed out and has not acknowledged, while its ack timeout lasts.'),
  }),
);
export type GroupMember = z.output<ReturnType<typeof groupMember>>;

const redrive = () =>
  z
    .object({
      requestedAt: time('When it was asked for.'),
      records: whole('Dead letters that the group was given again.'),
      done: whole('Those of them that it is through with.'),
      left: whole('The rest.'),
      deadLettered: whole('Those that it is through with because they are dead letters once more.'),
    })
    .check(z.meta({ description: 'The last redrive. Absent: there was none.' }));

export const groupProgressAnswer = whenNeeded(() =>
  z.extend(groupAnswer(), {
    ...totals(),
    oldestUnacknowledgedSeconds: z
      .nullable(seconds('Since the oldest record was appended that is not acknowledged.'))
      .check(
        z.meta({
          description: 'Since the oldest record was appended that is not acknowledged. null: none is left.',
        }),
      ),
    members: z.exactOptional(listOf(groupMember())),
    redrive: z.exactOptional(redrive()),
    partitions: listOf(partitionProgress()),
  }),
);
export type GroupProgressAnswer = z.output<ReturnType<typeof groupProgressAnswer>>;
