import { describe, expect, it } from 'vitest';
import { assertPublicUrl, literalAddress } from '../../../../lib/domain/delivery/egress.ts';
import { Problem } from '../../../../lib/domain/errors.ts';
import { HttpsWebhookSender } from '../../../../lib/stores/https/webhooks.ts';
import { hostileTargets } from './hostile-targets.ts';

const strict = { allowLoopback: false };
const all = Object.entries(hostileTargets).flatMap(([group, targets]) =>
  targets.map(([url, reason]) => ({ group, url, reason })),
);

const refusal = (url: string): Problem | undefined => {
  try {
    assertPublicUrl(url, strict);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
};

describe('hostile targets', () => {
  it('are more than a hundred', () => {
    expect(new Set(all.map(({ url }) => url)).size).toBeGreaterThan(150);
  });

  it.each(all)('$group: an endpoint is not registered at $url', ({ url, reason }) => {
    const problem = refusal(url);
    expect(problem).toMatchObject({ code: 'invalid_request', message: expect.stringMatching(reason) });
    expect(problem?.details.errors).toEqual([{ path: 'url', message: problem?.message }]);
    expect(problem?.message).toMatch(/^The URL .*\.$/s);
  });

  const literal = all.filter(
    ({ url }) =>
      URL.canParse(url) &&
      new URL(url).protocol === 'https:' &&
      literalAddress(new URL(url).hostname) !== undefined,
  );
  it.each(literal)('$group: one that is registered all the same is not called: $url', async ({ url }) => {
    const sender = new HttpsWebhookSender(strict);
    const request = { url, headers: {}, body: '', timeoutMs: 1000 };
    expect(await sender.post({ ...request, body: Buffer.from('{}') })).toEqual({
      kind: 'unreachable',
      reason: expect.stringMatching(/^The URL leads to an address that is not public: it is .+\.$/),
    });
  });

  const addresses = [...new Set(literal.map(({ url }) => literalAddress(new URL(url).hostname) ?? ''))];
  it.each(addresses)(
    'a name that leads to %s is not called, nor is one that leads there among others',
    async (address) => {
      for (const answer of [[address], ['93.184.216.34', address], [address, '2606:4700:4700::1111']]) {
        const resolved: string[] = [];
        const sender = new HttpsWebhookSender({
          ...strict,
          resolve: (hostname, _options, callback) => {
            resolved.push(hostname);
            callback(
              null,
              answer.map((each) => ({ address: each })),
            );
          },
        });
        const request = { url: 'https://hooks.example.com/', headers: {}, timeoutMs: 1000 };
        expect(await sender.post({ ...request, body: Buffer.from('{}') })).toEqual({
          kind: 'unreachable',
          reason: expect.stringMatching(/^The name leads to an address that is not public: it is .+\.$/),
        });
        // Once: what was checked is what would have been connected to.
        expect(resolved).toEqual(['hooks.example.com']);
      }
    },
  );
});

describe('targets that are not hostile', () => {
  it.each([
    'https://example.com/',
    'https://hooks.example.com:8443/a?b=c',
    'https://example.com:80/',
    'https://93.184.216.34/',
    'https://[2606:4700:4700::1111]/',
    'https://[64:ff9b::808:808]/',
    'https://bücher.example.com/',
    'https://xn--bcher-kva.example.com/',
    'https://internal.example.com/',
    'https://localhost.example.com/',
    'https://local.example.org:3000/',
    'https://10.0.0.1.nip.io/',
  ])('are taken: %s', (url) => {
    expect(refusal(url)).toBeUndefined();
  });
});
