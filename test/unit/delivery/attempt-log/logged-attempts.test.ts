import { expect, test } from 'vitest';
import { attemptOutcomes, type LoggedAttempt } from '../../../../lib/domain/delivery/attempts.ts';
import { answered, makeRig, ok, unreachable } from '../rig.ts';

type Rig = Awaited<ReturnType<typeof makeRig>>;

const logOf = async ({ attempts }: Pick<Rig, 'attempts'>): Promise<readonly LoggedAttempt[]> =>
  (await attempts.list('g1', { outcomes: attemptOutcomes, from: 0, limit: 1000 })).attempts;

/** Delivers until nothing is left on the queue. */
const deliverAll = async ({ rig, deliver, takeWakes }: Rig): Promise<void> => {
  await deliver();
  for (let wakes = takeWakes(); wakes.length > 0; wakes = takeWakes())
    for (const { wake, delayMs } of wakes) {
      rig.pass(delayMs);
      await deliver(wake);
    }
};

test('each failed attempt is logged with its number and its reason, and one that succeeds is not', async () => {
  const rigged = await makeRig();
  const { rig, append, clock } = rigged;
  append({ value: 1 }, { value: 2 });
  const begunAt = clock.now();
  const answers = [unreachable, answered(500), answered(429), ok];
  rig.answer = () => {
    rig.pass(25);
    return answers.shift() ?? ok;
  };
  await deliverAll(rigged);
  const message = {
    partition: 0,
    endpointId: 'e1',
    messageId: 'g1-0-0-2',
    from: 0,
    to: 2,
    records: 2,
    ms: 25,
  };
  const [third, second, first, ...others] = await logOf(rigged);
  expect(others).toEqual([]);
  expect(first).toMatchObject({
    ...message,
    at: begunAt,
    attempt: 1,
    outcome: 'outage',
    reason: 'Connection refused.',
  });
  expect(first).not.toHaveProperty('status');
  expect(second).toMatchObject({
    ...message,
    attempt: 2,
    outcome: 'refusal',
    status: 500,
    reason: 'The endpoint answered 500.',
  });
  expect(third).toMatchObject({ ...message, attempt: 3, outcome: 'outage', status: 429 });
});

test('attempts that succeed are logged where the group wants that, with their answer', async () => {
  const rigged = await makeRig({ delivery: { attemptLog: { successes: 1 } } });
  const { rig, append, sent } = rigged;
  append({ value: 1 });
  rig.answer = () => ({ ...ok, kind: 'answered', status: 202, excerpt: 'thank you' });
  await deliverAll(rigged);
  expect(await logOf(rigged)).toMatchObject([
    { outcome: 'acknowledged', status: 202, attempt: 1, answer: 'thank you' },
  ]);
  expect(sent[0]?.tellsSuccess).toBe(true);
  expect((await logOf(rigged))[0]).not.toHaveProperty('reason');
});

test('of the request the log has what is no secret, and nothing of a record', async () => {
  const headers = { Authorization: 'Bearer sk_live_123', 'X-Tenant': 'acme', 'User-Agent': 'acme-agent' };
  const rigged = await makeRig({ endpoint: { headers } });
  const { rig, append, sent } = rigged;
  append({ key: 'customer-7', value: 'the content', headers: { trace: 'a-header' } });
  rig.answer = () => (sent.length === 1 ? answered(500) : ok);
  await deliverAll(rigged);
  const [logged] = await logOf(rigged);
  const [request] = sent;
  const stamp = request?.headers['webhook-timestamp'];
  expect(logged?.request.split('\n')).toEqual([
    'content-type: application/json',
    'webhook-attempt: 1',
    'webhook-id: g1-0-0-1',
    `webhook-timestamp: ${stamp}`,
    `content-length: ${Buffer.byteLength(request?.body ?? '')}`,
  ]);
  const text = JSON.stringify(logged);
  const secrets = [
    'sk_live',
    'acme',
    'customer-7',
    'the content',
    'a-header',
    'hooks.example.com',
    'whsec_',
    'v1,',
  ];
  for (const secret of secrets) expect(text).not.toContain(secret);
});

test('a request that bears a trace is logged with it, and one of our own agent with that', async () => {
  const rigged = await makeRig();
  const { rig, appendFrom } = rigged;
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  appendFrom({ requestId: 'r', traceparent }, { value: 1 });
  rig.answer = () => (rigged.sent.length === 1 ? answered(500) : ok);
  await deliverAll(rigged);
  const [logged] = await logOf(rigged);
  expect(logged?.request).toContain(`traceparent: ${traceparent}`);
  expect(logged?.request).toContain('user-agent: Millrace');
});

test('the answer is logged as far as it may be told', async () => {
  const rigged = await makeRig();
  const { rig, append, sent } = rigged;
  append({ value: 1 });
  rig.answer = () => (sent.length === 1 ? { kind: 'answered', status: 500, excerpt: 'no such table' } : ok);
  await deliverAll(rigged);
  expect(await logOf(rigged)).toMatchObject([{ answer: 'no such table' }]);
});

test('once as many failures are logged as may be, no answer is looked at for its words', async () => {
  const rigged = await makeRig();
  const { rig, append, sent, deliver } = rigged;
  append({ value: 1 });
  rig.answer = () => answered(500);
  for (let time = 0; time < 52; time += 1) await deliver({ kind: 'resume' });
  expect(sent.map(({ tellsNothing }) => tellsNothing)).toEqual([
    ...Array.from({ length: 50 }, () => undefined),
    true,
    true,
  ]);
  expect(await logOf(rigged)).toHaveLength(50);
  rig.pass(1000);
  await deliver({ kind: 'resume' });
  expect(sent.at(-1)?.tellsNothing).toBeUndefined();
});

test('a log that cannot be written fails no delivery', async () => {
  const rigged = await makeRig();
  const { rig, append, cursor, events } = rigged;
  rig.putAttempt = async () => {
    throw new Error('The store is away.');
  };
  append({ value: 1 });
  rig.answer = () => (rigged.sent.length === 1 ? answered(500) : ok);
  await deliverAll(rigged);
  expect(await cursor()).toMatchObject({ committed: 1, leaseUntil: 0 });
  expect(events.filter(({ kind }) => kind === 'attempt-unlogged')).toHaveLength(1);
});

test('a write of the log that hangs holds no lease: the cursor is settled before the run waits for it', async () => {
  const rigged = await makeRig();
  const { rig, append, cursor, deliver } = rigged;
  let write = (): void => undefined;
  rig.putAttempt = () =>
    new Promise((resolve) => {
      write = resolve;
    });
  append({ value: 1 });
  rig.answer = () => answered(503, { retryAfter: '600' });
  let isOver = false;
  const run = deliver().then(() => {
    isOver = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(await cursor()).toMatchObject({ committed: 0, attempts: 1, leaseUntil: 0 });
  expect(isOver).toBe(false);
  write();
  await run;
});

test('logging takes one write for a failed attempt, and none for one that succeeds and is not sampled', async () => {
  const rigged = await makeRig();
  const { rig, append } = rigged;
  let writes = 0;
  rig.putAttempt = async () => {
    writes += 1;
  };
  append({ value: 1 });
  await deliverAll(rigged);
  expect(writes).toBe(0);
  append({ value: 2 });
  const answers = [answered(500), unreachable];
  rig.answer = () => answers.shift() ?? ok;
  await deliverAll(rigged);
  expect(writes).toBe(2);
});
