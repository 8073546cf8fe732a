import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signatureHeaders } from '../../../lib/delivery/requests/signing.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const other = `whsec_${Buffer.from('another secret of 24 byt').toString('base64')}`;

describe('signatureHeaders', () => {
  it('signs the vector that is published with Standard Webhooks', () => {
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
    expect(signatureHeaders(message, 1_614_265_330_999, [secret])).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is verified by the owner of any one of the secrets, and by nobody else', () => {
    const body = '{"text":"grüezi 🌊"}';
    const headers = { ...signatureHeaders({ id: 'g-0-1-2', body }, Date.now(), [secret, other]) };
    for (const own of [secret, other])
      expect(new Webhook(own).verify(body, headers)).toEqual(JSON.parse(body));
    const stranger = new Webhook(Buffer.from('a stranger').toString('base64'));
    expect(() => stranger.verify(body, headers)).toThrow();
    expect(() => new Webhook(secret).verify(body.replace('ü', 'u'), headers)).toThrow();
  });

  it('is of the bytes that are sent, whether they are text or not', () => {
    const id = 'g-0-1-2';
    const signatureOf = (body: string | Uint8Array) =>
      signatureHeaders({ id, body }, 1_614_265_330_000, [secret])['webhook-signature'];
    const text = 'grüezi 🌊';
    expect(signatureOf(new TextEncoder().encode(text))).toBe(signatureOf(text));
    expect(signatureOf('')).toBe(new Webhook(secret).sign(id, new Date(1_614_265_330_000), ''));
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const content = Buffer.concat([Buffer.from(`${id}.1614265330.`), bytes]);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    expect(signatureOf(bytes)).toBe(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
  });
});
