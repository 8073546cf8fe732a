import { limits } from '../../../domain/limits.ts';
import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

const path = '/v1/topics/:topic/groups/:group';
const at = { topic: 'orders', group: 'workers' };
/** A consumer of each has the record that there is: of the one partitions are assigned, of the other records are shared. */
const mailers = { topic: 'orders', group: 'mailers' };
const resizers = { topic: 'orders', group: 'resizers' };

const polled = {
  records: [
    {
      partition: 0,
      offset: 0,
      timestamp: '2026-03-10T05:16:23.000Z',
      key: 'customer-7',
      value: { total: 42 },
    },
  ],
  assignment: [0, 1, 2, 3],
  epochs: { 0: 1 },
  leaseUntil: '2026-03-10T05:16:53.000Z',
  ackUntil: '2026-03-10T05:17:23.000Z',
};

const found = ['topic_not_found', 'group_not_found'] as const;
const refused = [...found, 'partition_not_found', 'lease_lost', 'not_handed_out', 'outcome_unknown'] as const;

/** What the consumers of a group that pulls ask for. */
export const pullOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: `${path}/poll`,
    id: 'poll',
    tag: 'Consumers',
    summary: 'Poll for records',
    description:
      'Hands records to a consumer of a group of mode "pull" or "shared", and makes it a member where it is none. `ack` acknowledges what came before, in the same write. Nothing more comes of a partition with something unacknowledged, unless `positions` says that the consumer has it.',
    scopes: ['consume'],
    body: { required: true, content: jsonOf('Poll') },
    answers: { 200: { description: 'What there is for the consumer.', content: jsonOf('Polled') } },
    problems: [...refused, 'undecodable_batch'],
    examples: [
      {
        name: 'first',
        summary: 'A consumer comes for records, and waits for some a few seconds if there are none',
        path: at,
        body: { consumerId: 'worker-1', maxRecords: 100, waitSeconds: 5 },
        status: 200,
        answer: polled,
      },
      {
        name: 'acknowledging',
        summary: 'It acknowledges what it had, and comes for more',
        path: mailers,
        body: { consumerId: 'worker-1', ack: { offsets: { 0: 1 } }, epochs: { 0: 1 } },
        status: 200,
        answer: { ...polled, records: [] },
      },
      {
        name: 'shared',
        summary: 'A consumer of a shared group comes for records',
        path: { topic: 'orders', group: 'jobs' },
        body: { consumerId: 'worker-1', maxRecords: 10 },
        status: 200,
        answer: {
          ...polled,
          records: polled.records.map((record) => ({ ...record, deliveries: 1 })),
          assignment: [],
          epochs: { 0: 0 },
        },
      },
      {
        name: 'lost',
        summary: 'It acknowledges what is not its own any more',
        path: at,
        body: { consumerId: 'worker-1', ack: { offsets: { 3: 1 } } },
        status: 409,
        answer: sampleProblem('lease_lost'),
      },
    ],
  },
  {
    method: 'POST',
    path: `${path}/ack`,
    id: 'acknowledge',
    tag: 'Consumers',
    summary: 'Acknowledge records',
    description: `Says that records are done with. In a group of mode "pull" by \`offsets\`: of each partition the offset after the last such record, for all below it. In one of mode "shared" by \`records\`, each with an outcome of its own: "ack", "nack" (hand it out again, after \`delaySeconds\`) or "extend" (I need another ack timeout). Nothing moves where one of them cannot be.`,
    scopes: ['consume'],
    body: { required: true, content: jsonOf('Acknowledgement') },
    answers: { 204: { description: 'It is acknowledged. The same again is as well.' } },
    problems: refused,
    examples: [
      {
        name: 'offsets',
        summary: 'Partition 0 is done below offset 1',
        path: mailers,
        body: { consumerId: 'worker-1', offsets: { 0: 1 }, epochs: { 0: 1 } },
        status: 204,
      },
      {
        name: 'records',
        summary: 'One record of a shared group is done',
        path: resizers,
        body: { consumerId: 'worker-1', records: [{ partition: 0, offset: 0 }] },
        status: 204,
      },
      {
        name: 'longer',
        summary: 'Records of a shared group are still worked on',
        path: resizers,
        body: { consumerId: 'worker-1', records: [{ partition: 0, from: 0, to: 1, outcome: 'extend' }] },
        status: 204,
      },
      {
        name: 'without-a-session',
        summary: 'A consumer that is no member acknowledges',
        path: at,
        body: { consumerId: 'worker-2', offsets: { 3: 1 } },
        status: 409,
        answer: sampleProblem('lease_lost'),
      },
    ],
  },
  {
    method: 'POST',
    path: `${path}/nack`,
    id: 'giveBack',
    tag: 'Consumers',
    summary: 'Give records back',
    description:
      'Has records handed out again, after `delaySeconds` where that is given. In a group of mode "pull" by `offsets`: of each partition from that offset on, and what is below it is acknowledged. In one of mode "shared" by `records`.',
    scopes: ['consume'],
    body: { required: true, content: jsonOf('GivingBack') },
    answers: { 204: { description: 'They are handed out again.' } },
    problems: refused,
    examples: [
      {
        name: 'offsets',
        summary: 'Partition 0 is handed out again from offset 0 on, in ten seconds',
        path: mailers,
        body: { consumerId: 'worker-1', offsets: { 0: 0 }, delaySeconds: 10 },
        status: 204,
      },
      {
        name: 'records',
        summary: 'One record of a shared group is handed out again, in half a minute',
        path: resizers,
        body: { consumerId: 'worker-1', records: [{ partition: 0, offset: 0 }], delaySeconds: 30 },
        status: 204,
      },
      {
        name: 'without-a-session',
        summary: 'A consumer that is no member gives back',
        path: at,
        body: { consumerId: 'worker-2', offsets: { 3: 1 }, delaySeconds: 10 },
        status: 409,
        answer: sampleProblem('lease_lost'),
      },
    ],
  },
  {
    method: 'POST',
    path: `${path}/leave`,
    id: 'leave',
    tag: 'Consumers',
    summary: 'Leave a group',
    description: `Ends the consumer's membership. What it has and did not acknowledge goes to others at once. Who does not leave is a member until its session is over, and up to ${limits.memberSkewMs / 1000} seconds longer.`,
    scopes: ['consume'],
    body: { required: true, content: jsonOf('Leaving') },
    answers: { 204: { description: 'It is no member.' } },
    problems: [...found, 'outcome_unknown'],
    examples: [
      {
        name: 'worker',
        summary: 'A consumer ends',
        path: at,
        body: { consumerId: 'worker-1' },
        status: 204,
      },
    ],
  },
];
