import { jsonOf, type Operation } from '../../operation.ts';
import { at, groupPath } from './samples.ts';

const stay = [1, 2, 3].map((partition) => ({ partition, from: 0, to: 0, records: 0 }));

export const seekOperation: Operation = {
  method: 'POST',
  path: `${groupPath}/seek`,
  id: 'seekGroup',
  tag: 'Groups',
  summary: 'Have a group go on elsewhere',
  description:
    'Moves the group in every partition that `to` names, back or ahead, while it is running. Whoever has records in hand is fenced: what it acknowledges moves nothing any more. The same again moves what a request that died had left. With `dryRun` nothing is moved, and the answer says what would be.',
  scopes: ['groups'],
  query: {
    dryRun: { description: 'Only say what would be moved. Without it false.', schema: { type: 'boolean' } },
  },
  body: { required: true, content: jsonOf('Seek') },
  answers: { 200: { description: 'From where to where it moved.', content: jsonOf('Sought') } },
  problems: ['topic_not_found', 'group_not_found', 'conflict'],
  examples: [
    {
      name: 'what-if',
      summary: 'What would be left out if the group went on at the end',
      path: at,
      query: { dryRun: true },
      body: { to: 'latest' },
      status: 200,
      answer: { partitions: [{ partition: 0, from: 0, to: 1, records: 1 }, ...stay], records: 1 },
    },
    {
      name: 'replay',
      summary: 'Deliver everything since a time once more',
      path: at,
      body: { to: { timestamp: '2026-03-10T00:00:00Z' } },
      status: 200,
      answer: { partitions: [{ partition: 0, from: 1, to: 0, records: 1 }, ...stay], records: 1 },
    },
    {
      name: 'one-partition',
      summary: 'Go on at an offset of one partition, and stay in the others',
      path: at,
      body: { to: { offsets: { 0: 1 } } },
      status: 200,
      answer: { partitions: [{ partition: 0, from: 0, to: 1, records: 1 }, ...stay], records: 1 },
    },
  ],
};
