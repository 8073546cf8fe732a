import { createServer as createSecureServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failureSentence, unresolvedSentence } from '../../../../lib/stores/https/failure-words.ts';
import { selfSigned } from './self-signed.ts';
import { closing, endpoint, listening, request, resolving, sender } from './servers.ts';

const dayMs = 86_400_000;
const name = 'hooks.example.com';

/** What is said of an endpoint of https that has this certificate, where it is trusted. */
const reasonOf = async ({ certificate, key }: ReturnType<typeof selfSigned>): Promise<unknown> => {
  const { port } = await listening(createSecureServer({ key, cert: certificate }, (_req, res) => res.end()));
  const one = sender({ resolve: resolving(['127.0.0.1']), ca: certificate });
  const answer = await one.post(request(`https://${name}:${port}/`));
  return answer.kind === 'unreachable' ? answer.reason : answer;
};

describe('what is said of a failure', () => {
  it('tells a certificate that has expired, and what to do', async () => {
    expect(await reasonOf(selfSigned(name, Date.now() - 3 * dayMs))).toBe(
      'Its certificate has expired (CERT_HAS_EXPIRED). Renew it.',
    );
  });

  it('tells one that is not valid yet', async () => {
    expect(await reasonOf(selfSigned(name, Date.now() + 3 * dayMs))).toMatch(
      /^Its certificate is not valid yet \(CERT_NOT_YET_VALID\)\. See /,
    );
  });

  it('tells one for another name', async () => {
    expect(await reasonOf(selfSigned('other.example.com'))).toMatch(
      /^Its certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)\. Give the URL that name/,
    );
  });

  it('tells an endpoint of http that is called by https', async () => {
    const { port } = await endpoint((_req, res) => res.end());
    const one = sender({ resolve: resolving(['127.0.0.1']) });
    expect(await one.post(request(`https://${name}:${port}/`))).toEqual({
      kind: 'unreachable',
      reason: expect.stringMatching(/^It does not speak TLS.*\.$/),
    });
  });

  it('tells one that speaks no TLS that is spoken here', async () => {
    const { certificate, key } = selfSigned(name);
    const old = createSecureServer({ key, cert: certificate, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
    const { port } = await listening(old);
    const one = sender({ resolve: resolving(['127.0.0.1']), ca: certificate });
    expect(await one.post(request(`https://${name}:${port}/`))).toEqual({
      kind: 'unreachable',
      reason: expect.stringMatching(/^It .*TLS.*\(\w+\)\.$/),
    });
  });

  it('tells one that hangs up', async () => {
    const server = closing(createTcpServer((socket) => socket.resetAndDestroy()));
    const { port } = await listening(server);
    expect(await sender().post(request(`http://127.0.0.1:${port}/`))).toEqual({
      kind: 'unreachable',
      reason: expect.stringMatching(/^It closed the connection before .*\(ECONNRESET\)\.$/),
    });
  });

  it.each([
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /authority that is not known here .* certificates between/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /authority that is not known here .* browsers know/],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', /wants a certificate of who calls/],
    ['ERR_SSL_SOMETHING_NEW', /no way to speak TLS \(ERR_SSL_SOMETHING_NEW\)/],
    ['CERT_SOMETHING_NEW', /certificate is not accepted/],
    ['INVALID_CA', /certificate is not accepted/],
    ['HPE_INVALID_CONSTANT', /no HTTP that can be understood/],
    ['EUNKNOWN', /^The request failed \(EUNKNOWN\)\.$/],
  ])('has words for %s', (code, words) => {
    expect(failureSentence(code)).toMatch(words);
    expect(failureSentence(code)).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    ['ENOTFOUND', /does not exist .* typing error/],
    ['ENODATA', /no address .* AAAA/],
    ['ESERVFAIL', /could not resolve .* DNSSEC/],
    ['ETIMEOUT', /in time/],
    ['EUNKNOWN', /was not resolved/],
  ])('has words for a name that is not resolved: %s', (code, words) => {
    expect(unresolvedSentence(code)).toMatch(words);
  });
});
