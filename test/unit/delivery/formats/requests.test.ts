import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DeliveryFormat, deliveryFormats } from '../../../../lib/domain/delivery/formats.ts';
import { deliveryDefaults, type PushGroup } from '../../../../lib/domain/groups/groups.ts';
import { bodyText } from '../../../harness/body-text.ts';
import { answered, groupRef, makeRig, ok, type RigOptions, secret } from '../rig.ts';

const rigFor = (format: DeliveryFormat, options: RigOptions = {}) =>
  makeRig({ ...options, delivery: { format, ...options.delivery } });

describe('a delivery in each format', () => {
  // The verifier goes by the machine's clock, and refuses what is five minutes off.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it.each(deliveryFormats)(
    '%s is verified by Standard Webhooks, and sends the same again',
    async (format) => {
      const { rig, deliver, append, takeWakes, sent, clock } = await rigFor(format);
      append({ value: { text: 'grüezi 🌊' }, key: 'k', headers: { 'x-a': 'ä' } });
      append({ valueBase64: '' });
      rig.answer = () => (sent.length === 1 ? answered(503) : ok);
      await deliver();
      rig.pass(takeWakes()[0]?.delayMs ?? 0);
      await deliver({ kind: 'retry' });
      vi.setSystemTime(clock.now());
      for (const request of sent.slice(1)) {
        const body = bodyText(request);
        expect(() =>
          new Webhook(secret).verify(body, { ...request.headers }, { jsonParse: false }),
        ).not.toThrow();
        expect(() =>
          new Webhook(secret).verify(`${body} `, { ...request.headers }, { jsonParse: false }),
        ).toThrow();
      }
      const [first, second] = sent;
      const {
        'webhook-attempt': one,
        'webhook-timestamp': _1,
        'webhook-signature': _2,
        ...before
      } = first?.headers ?? {};
      const {
        'webhook-attempt': two,
        'webhook-timestamp': _3,
        'webhook-signature': _4,
        ...after
      } = second?.headers ?? {};
      expect([one, two, second?.body]).toEqual(['1', '2', first?.body]);
      expect(after).toEqual(before);
    },
  );

  it.each([
    ['webhook', 2],
    ['cloudevents-batch', 2],
    ['cloudevents-structured', 3],
    ['cloudevents-binary', 3],
    ['raw', 3],
  ] as const)('%s takes three records of a batch size of two in %d requests', async (format, requests) => {
    const { deliver, append, sent, cursor } = await rigFor(format, { delivery: { batchSize: 2 } });
    append({ value: 1 }, { value: 2 }, { value: 3 });
    await deliver();
    expect(sent).toHaveLength(requests);
    expect(await cursor()).toMatchObject({ committed: 3, leaseUntil: 0 });
  });
});

const settings = (format: DeliveryFormat) => ({ ...deliveryDefaults, format, batchSize: 3 });

describe('another format, chosen while a message is under way,', () => {
  const changing = async (from: DeliveryFormat, to: DeliveryFormat) => {
    const made = await rigFor(from, { delivery: { batchSize: 3 } });
    const { rig, deliver, append, takeWakes, sent, groups } = made;
    append({ value: 1 }, { value: 2 }, { value: 3 });
    rig.answer = () => answered(503);
    await deliver();
    const { group } = (await groups.get(groupRef)) ?? {};
    await groups.update(group as PushGroup, { delivery: settings(to) });
    rig.answer = () => ok;
    // What a process knows of a group it knows for seconds.
    rig.pass(Math.max(takeWakes()[0]?.delayMs ?? 0, 10_000));
    await deliver({ kind: 'retry' });
    return sent.map(({ headers }) => [headers['webhook-id'], headers['webhook-attempt']]);
  };

  it('cuts it where a request has one record, and counts attempts anew', async () => {
    expect(await changing('webhook', 'raw')).toEqual([
      ['g1-0-0-3', '1'],
      ['g1-0-0-1', '1'],
      ['g1-0-1-2', '1'],
      ['g1-0-2-3', '1'],
    ]);
  });

  it('keeps the message and its id where a request has several', async () => {
    expect(await changing('webhook', 'cloudevents-batch')).toEqual([
      ['g1-0-0-3', '1'],
      ['g1-0-0-3', '2'],
    ]);
  });

  it('begins with the record that was under way', async () => {
    expect(await changing('raw', 'webhook')).toEqual([
      ['g1-0-0-1', '1'],
      ['g1-0-0-1', '2'],
      ['g1-0-1-3', '1'],
    ]);
  });
});

describe('a request', () => {
  it('of a group that was stored before there were formats is an envelope of Standard Webhooks', async () => {
    const { format: _none, ...before } = settings('webhook');
    const { deliver, append, sent } = await makeRig({
      group: { delivery: before as typeof deliveryDefaults },
    });
    append({ value: 1 });
    await deliver();
    expect(JSON.parse(bodyText(sent[0] ?? { body: '' }))).toMatchObject({ type: 'topic.records' });
    expect(sent[0]?.headers['content-type']).toBe('application/json');
  });

  it("has the endpoint's own headers rather than those of a record, and ours rather than either", async () => {
    const headers = { Authorization: 'Bearer of the endpoint', 'X-Both': 'endpoint', 'ce-id': 'endpoint' };
    const record = {
      value: 1,
      headers: { 'x-both': 'record', 'x-record': 'record', authorization: 'forged' },
    };
    const requestIn = async (format: DeliveryFormat) => {
      const { deliver, append, sent } = await rigFor(format, { endpoint: { headers } });
      append(record);
      await deliver();
      return sent[0];
    };
    const raw = await requestIn('raw');
    expect(raw?.headers).toMatchObject({
      authorization: 'Bearer of the endpoint',
      'x-both': 'endpoint',
      'x-record': 'record',
      'user-agent': 'Millrace',
      'ce-id': 'endpoint',
    });
    expect(raw?.ofRecords).toEqual(['x-record']);
    const binary = await requestIn('cloudevents-binary');
    expect(binary?.headers).toMatchObject({ authorization: 'Bearer of the endpoint', 'ce-id': 'orders/0/0' });
    expect(binary?.ofRecords).toEqual(expect.arrayContaining(['ce-id', 'ce-source', 'ce-type']));
    expect(binary?.ofRecords).not.toContain('millrace-offset');
  });
});
