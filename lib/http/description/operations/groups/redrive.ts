import { jsonOf, type Operation } from '../../operation.ts';
import { sampleProblem } from '../../problems.ts';
import { groupPath } from './samples.ts';

const at = { topic: 'orders', group: 'sorters' };

export const redriveOperation: Operation = {
  method: 'POST',
  path: `${groupPath}/redrive`,
  id: 'redriveDeadLetters',
  tag: 'Groups',
  summary: 'Give a group its dead letters again',
  description:
    'Has dead letters of a group of mode "shared" or "push" handed out or delivered to it again, with deliveries that are counted anew: all that are there since the last time, a range of them, or one. Partitions and offsets are those of the topic `{topic}.{group}.dead`, where they are, and stay. They come as records of that topic: a poll hands them out with that `topic`, and takes their acknowledgement with it; a webhook names it as the topic. One redrive of a group is under way at a time. `GET` of the group says how far it is.',
  scopes: ['groups'],
  body: { required: false, content: jsonOf('RedriveRequest') },
  answers: { 200: { description: 'Which are given again.', content: jsonOf('Redriven') } },
  problems: ['topic_not_found', 'group_not_found', 'conflict', 'outcome_unknown'],
  examples: [
    {
      name: 'all',
      summary: 'All dead letters since the last redrive, of which there are none',
      path: at,
      body: {},
      status: 200,
      answer: { partitions: [], records: 0 },
    },
    {
      name: 'not-there',
      summary: 'One that is not there',
      path: at,
      body: { record: { partition: 0, offset: 7 } },
      status: 400,
      answer: sampleProblem('invalid_request'),
    },
  ],
};
