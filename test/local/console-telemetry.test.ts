import { expect, test } from 'vitest';
import { consoleTelemetry } from '../../lib/local/console-telemetry.ts';
import type { TelemetryEvent } from '../../lib/stores/telemetry.ts';

const said = (event: TelemetryEvent): string => {
  let text = '';
  consoleTelemetry((written) => {
    text += written;
  }).record(event);
  return text;
};

const attempt = {
  kind: 'attempt',
  topic: 'orders',
  group: 'billing',
  partition: 3,
  endpointId: 'e1',
  messageId: 'g1-3-0-1',
  records: 1,
  ms: 5,
} as const;

test('the terminal shows what went wrong with a webhook, and nothing of what went well', () => {
  expect(said({ ...attempt, outcome: 'refusal', status: 500 })).toBe(
    'webhook of orders/billing, partition 3: status 500, will be tried again\n',
  );
  expect(said({ ...attempt, outcome: 'outage' })).toContain('no answer');
  expect(said({ ...attempt, outcome: 'acknowledged', status: 204 })).toBe('');
  expect(
    said({
      kind: 'endpoint-disabled',
      topic: 'orders',
      group: 'billing',
      endpointId: 'e1',
      reason: 'It is gone.',
    }),
  ).toBe('webhook of orders/billing is disabled: It is gone.\n');
});

test('a batch that cannot be decoded is shown with whom it stops', () => {
  const batch = {
    kind: 'undecodable-batch',
    topic: 'orders',
    topicId: 'T',
    partition: 3,
    base: 40,
    end: 45,
    reason: 'The batch at 40 cannot be decoded.',
  } as const;
  const shown = 'topic orders: The batch at 40 cannot be decoded. Its offsets end before 45';
  expect(said(batch)).toBe(`${shown}\n`);
  expect(said({ ...batch, group: 'billing' })).toBe(`${shown}, which stops orders/billing there\n`);
});

test('a fault is shown with where it was and its stack', () => {
  const text = said({ kind: 'fault', where: 'sweep', error: new Error('the table is gone') });
  expect(text).toContain('fault in sweep: Error: the table is gone\n');
  expect(text).toContain('console-telemetry.test.ts');
  const ofCall = said({ kind: 'fault', where: 'GET /v1/topics', requestId: 'r1', error: new Error('no') });
  expect(ofCall).toContain('fault in GET /v1/topics (r1): Error: no\n');
});
