import { jsonOf, type Operation } from '../../operation.ts';
import { at, groupPath, sample } from './samples.ts';

const problems = ['topic_not_found', 'group_not_found', 'conflict', 'outcome_unknown'] as const;

export const pauseOperations: readonly Operation[] = [
  {
    method: 'POST',
    path: `${groupPath}/pause`,
    id: 'pauseGroup',
    tag: 'Groups',
    summary: 'Pause a group',
    description:
      'From now on the group is given nothing; its members stay, and acknowledgements count. It may be called for five seconds more. A group that is paused already stays so.',
    scopes: ['groups'],
    answers: { 200: { description: 'The group as it is now.', content: jsonOf('Group') } },
    problems,
    examples: [
      {
        name: 'billing',
        summary: 'Pause a group',
        path: at,
        status: 200,
        answer: {
          ...sample,
          status: 'paused',
          pausedBy: { kind: 'request', since: '2026-03-11T09:00:00.000Z' },
        },
      },
    ],
  },
  {
    method: 'POST',
    path: `${groupPath}/resume`,
    id: 'resumeGroup',
    tag: 'Groups',
    summary: 'Resume a group',
    description:
      'The group goes on where it stands. One that is pushed to is called at once wherever it lags, whatever retry is due later: also one that is not paused.',
    scopes: ['groups'],
    answers: { 200: { description: 'The group as it is now.', content: jsonOf('Group') } },
    problems,
    examples: [{ name: 'billing', summary: 'Resume a group', path: at, status: 200, answer: sample }],
  },
];
