import { jsonOf, type Operation } from '../operation.ts';
import { sampleProblem } from '../problems.ts';

/** A message that an endpoint took is acknowledged by itself. */
export const acksOperation: Operation = {
  method: 'POST',
  path: '/v1/acks/:token',
  id: 'acknowledgeMessage',
  tag: 'Endpoints',
  summary: 'Acknowledge a message by its token',
  description:
    'Of groups with `delivery.ack: "explicit"`: says what became of a message that the endpoint took. It takes no API key: the token came with the message, in the header `webhook-ack-token`, and is good for that attempt of it alone, as long as the message was not refused or sent again, and there was no seek. Without a body the message is acknowledged. After the deadline it is as good as before it, if the message was not taken up again by then.',
  scopes: 'open',
  body: { required: false, content: jsonOf('MessageOutcome') },
  answers: { 204: { description: 'It is done. The same acknowledgement again is as well.' } },
  problems: ['invalid_token', 'lease_lost', 'throttled', 'outcome_unknown', 'unavailable', 'internal'],
  examples: [
    {
      name: 'not-ours',
      summary: 'A token that was not signed here',
      path: { token: 'WzEsIjAwIl0.c2lnbmF0dXJl' },
      body: { outcome: 'ack' },
      status: 403,
      answer: sampleProblem('invalid_token'),
    },
  ],
};
