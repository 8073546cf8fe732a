import { expect, test } from 'vitest';
import { RefusedError } from '../../lib/domain/errors.ts';
import { consoleTelemetry } from '../../lib/local/terminal/console-telemetry.ts';
import type { TelemetryEvent } from '../../lib/surroundings/telemetry.ts';

/** A terminal, and a clock beside it that stands until it is told to go on. */
const newTerminal = () => {
  let now = Date.parse('2026-11-25T13:02:41.500Z');
  const said: string[] = [];
  const telemetry = consoleTelemetry((text) => void said.push(text), {
    now: () => now,
    monotonic: () => now,
  });
  return {
    said,
    record: (event: TelemetryEvent): void => telemetry.record(event),
    pass: (ms: number): void => {
      now += ms;
    },
  };
};

const said = (event: TelemetryEvent): string => {
  const terminal = newTerminal();
  terminal.record(event);
  return terminal.said.join('');
};

const place = { topic: 'orders', group: 'billing', partition: 3, endpointId: 'e1' } as const;
const failed = {
  kind: 'retry-planned',
  ...place,
  url: 'http://someone:password@127.0.0.1:9000/hook?token=secret',
  reason: 'It refused the connection: nothing listens there (ECONNREFUSED).',
  delayMs: 4200,
} as const;
const acknowledged = {
  kind: 'attempt',
  ...place,
  outcome: 'acknowledged',
  messageId: 'g1-3-0-1',
  status: 204,
  records: 1,
  ms: 5,
} as const;

test('a failed delivery is shown with its time, endpoint, place and reason, and when the next attempt is', () => {
  expect(said(failed)).toBe(
    '2026-11-25T13:02:41Z webhook http://127.0.0.1:9000/hook/… of orders/billing (endpoint e1), partition 3: ' +
      'It refused the connection: nothing listens there (ECONNREFUSED). Next try in 4 s.\n',
  );
  expect(said(acknowledged)).toBe('');
});

test.each([
  ['https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXX', 'https://hooks.slack.com/services/…'],
  ['https://discord.com/api/webhooks/123/abc-def', 'https://discord.com/api/…'],
  ['https://webhook.site/0c5cdd3b-8d4f-4a7e-a2f0-1c44a1f3b5d6', 'https://webhook.site/…'],
  ['https://example.com/AbCdEfGhIj/hook', 'https://example.com/…'],
  ['https://example.com/?token=secret', 'https://example.com/…'],
  ['https://example.com/hook?token=secret', 'https://example.com/hook/…'],
  ['https://user:password@example.com:8443/hook', 'https://example.com:8443/hook'],
  ['https://example.com', 'https://example.com/'],
  ['https://example.com/v1/x', 'https://example.com/v1/…'],
])('of the URL %s only what opens nothing is shown', (url, shown) => {
  expect(said({ ...failed, url })).toContain(` webhook ${shown} of orders/billing (endpoint e1), `);
});

test('a webhook whose URL was changed is shown with the new one, at once', () => {
  const terminal = newTerminal();
  terminal.record(failed);
  terminal.record({ ...failed, url: 'http://127.0.0.1:9001/new' });
  expect(terminal.said).toHaveLength(2);
  expect(terminal.said[1]).toContain(' webhook http://127.0.0.1:9001/new of ');
  terminal.record(acknowledged);
  expect(terminal.said[2]).not.toContain('http');
});

test('a webhook that fails differently each time is a few lines a minute, with how many are not told', () => {
  const terminal = newTerminal();
  for (let status = 400; status < 580; status += 1) {
    terminal.record({ ...failed, status, reason: `The endpoint answered ${status}.` });
    terminal.pass(500);
  }
  expect(terminal.said).toHaveLength(8);
  expect(terminal.said[4]).toMatch(
    /13:03:41Z .* answered 520\. .* 116 more of its failures were not told\.\n$/,
  );
  terminal.record({ ...failed, endpointId: 'e2' });
  expect(terminal.said).toHaveLength(9);
});

test('nothing that is told moves the cursor, colours the terminal or is drawn over other lines', () => {
  const reason = `a\u001b[31m\u009b2J\u202e\rb${'\u0301'.repeat(99)}`;
  const cleaned = `a\ufffd[31m\ufffd2J\ufffd\ufffdb${'\u0301'.repeat(4)}`;
  expect(said({ kind: 'endpoint-disabled', ...place, reason })).toContain(`disabled: ${cleaned}\n`);
  expect(said({ kind: 'fault', where: 'sweep', error: new Error(reason) })).toContain(
    `Error: ${cleaned}\n  `,
  );
});

test('dead letters that cannot be written are told of, however many there are each time once a minute', () => {
  const terminal = newTerminal();
  for (let records = 1; records < 4; records += 1) {
    terminal.record({ kind: 'stuck', topic: 'orders', group: 'billing', records });
    terminal.pass(1000);
  }
  expect(terminal.said).toEqual([
    '2026-11-25T13:02:41Z dead letters of orders/billing could not be written: 1 wait, and are tried again\n',
  ]);
});

test('an answer that is no acknowledgement is shown with how it begins', () => {
  const answered = { ...failed, status: 500, reason: 'The endpoint answered 500.', delayMs: 300 };
  expect(said(answered)).toContain(
    'partition 3: The endpoint answered 500. Next try in less than a second.\n',
  );
  expect(said({ ...answered, excerpt: 'no such table' })).toContain(
    'partition 3: The endpoint answered 500: "no such table". Next try',
  );
});

test('an acknowledgement that was refused is said to be, and why', () => {
  const reason = 'The endpoint answered with an ack.offset that is no offset from 1 to 5.';
  expect(said({ ...failed, status: 200, reason })).toContain(
    `partition 3: its acknowledgement was refused. ${reason} Next try in 4 s.`,
  );
});

test('the same failure is said once a minute, with how often it came, whatever its partition and figures', () => {
  const terminal = newTerminal();
  for (let second = 0; second < 150; second += 1) {
    for (const partition of [0, 1, 2, 3]) terminal.record({ ...failed, partition });
    terminal.pass(1000);
  }
  expect(terminal.said).toHaveLength(3);
  expect(terminal.said[1]).toMatch(/13:03:41Z .* The same 239 times more since the last line like this\.\n$/);

  const refused = 'The endpoint answered with an ack.offset that is no offset from';
  for (let offset = 0; offset < 50; offset += 1)
    terminal.record({ ...failed, status: 200, reason: `${refused} ${offset} to ${offset + 9}.` });
  expect(terminal.said).toHaveLength(4);
});

test('another reason, and the same of another endpoint, are said at once', () => {
  const terminal = newTerminal();
  terminal.record(failed);
  terminal.record({ ...failed, reason: 'It did not answer within 15 s.' });
  terminal.record({ ...failed, status: 500, reason: 'The endpoint answered 500.' });
  terminal.record({ ...failed, status: 503, reason: 'The endpoint answered 503.' });
  terminal.record({ ...failed, endpointId: 'e2' });
  expect(terminal.said).toHaveLength(5);
});

test('that a webhook works again is said once, when every partition that failed is through', () => {
  const terminal = newTerminal();
  for (const partition of [3, 3, 4]) terminal.record({ ...failed, partition });
  terminal.record(acknowledged);
  expect(terminal.said).toHaveLength(1);
  for (let times = 0; times < 3; times += 1) terminal.record({ ...acknowledged, partition: 4 });
  expect(terminal.said.slice(1)).toEqual([
    '2026-11-25T13:02:41Z webhook of orders/billing (endpoint e1) works again, after 3 failed attempts\n',
  ]);
});

test('a webhook that fails now and then is two lines a minute', () => {
  const terminal = newTerminal();
  for (let second = 0; second < 120; second += 1) {
    terminal.record(failed);
    terminal.record(acknowledged);
    terminal.pass(1000);
  }
  expect(terminal.said).toHaveLength(4);
});

test('a webhook that is disabled is shown with the reason', () => {
  const disabled = { kind: 'endpoint-disabled', ...place, reason: 'It is gone.' } as const;
  const line = '2026-11-25T13:02:41Z webhook of orders/billing (endpoint e1) is disabled: It is gone.\n';
  expect(said(disabled)).toBe(line);
  const terminal = newTerminal();
  terminal.record(failed);
  terminal.record(disabled);
  expect(terminal.said[1]).toBe(line);
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
  expect(said(batch)).toContain(` ${shown}\n`);
  expect(said({ ...batch, group: 'billing' })).toContain(` ${shown}, which stops orders/billing there\n`);
});

test('a fault is shown with where it was and its stack, once a minute', () => {
  const text = said({ kind: 'fault', where: 'sweep', error: new Error('the table is gone') });
  expect(text).toContain('fault in sweep: Error: the table is gone\n');
  expect(text).toContain('terminal.test.ts');
  const ofCall = said({ kind: 'fault', where: 'GET /v1/topics', requestId: 'r1', error: new Error('no') });
  expect(ofCall).toContain('fault in GET /v1/topics (r1): Error: no\n');

  const full = said({ kind: 'fault', where: 'append', error: new RefusedError('The disk is full.') });
  expect(full).toMatch(/fault in append: The disk is full\.\n$/);

  const terminal = newTerminal();
  for (let times = 0; times < 100; times += 1) {
    terminal.record({ kind: 'fault', where: 'sweep', error: new Error('the table is gone') });
    terminal.pass(1000);
  }
  expect(terminal.said).toHaveLength(2);
  expect(terminal.said[1]).toMatch(/ {2}the same 59 times more since it was said last\n$/);
});
