import { describe, expect, it } from 'vitest';
import { assertPublicUrl, mayConnectTo } from '../../../lib/domain/delivery/egress.ts';
import { Problem } from '../../../lib/domain/errors.ts';

const strict = { allowLoopback: false };
const local = { allowLoopback: true };

describe('mayConnectTo', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'allows the public address %s by TLS alone',
    (address) => {
      expect(mayConnectTo(address, true, strict)).toBe(true);
      expect(mayConnectTo(address, false, local)).toBe(false);
    },
  );

  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])(
    'allows the loopback address %s where that is allowed',
    (address) => {
      expect(mayConnectTo(address, true, strict)).toBe(false);
      expect(mayConnectTo(address, true, local)).toBe(true);
      expect(mayConnectTo(address, false, local)).toBe(true);
    },
  );

  it.each([
    ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1']],
    [
      'metadata and link-local',
      ['169.254.169.254', '169.254.0.1', 'fe80::1', 'fd00:ec2::254', '168.63.129.16'],
    ],
    ['shared (CGNAT)', ['100.64.0.1', '100.100.100.200']],
    ['unique-local', ['fc00::1', 'fdff::1']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::']],
    ['multicast and broadcast', ['224.0.0.1', 'ff02::1', '255.255.255.255']],
    ['reserved', ['240.0.0.1', '192.0.2.1', '198.18.0.1', '2001:db8::1', '100::1', 'fec0::1']],
    ['private within NAT64', ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b::a83f:8110']],
    ['local NAT64', ['64:ff9b:1::808:808']],
    ['6to4 and Teredo', ['2002:808:808::1', '2002:a00:1::1', '2001:0:808:808::1']],
    ['private mapped into IPv6', ['::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:10.0.0.1', '::10.0.0.1']],
    ['outside global unicast', ['::808:808', '4000::1']],
    ['no', ['', 'localhost', '10.0.0', '1.2.3.4.5', 'fe80::1%eth0']],
  ])('refuses %s addresses', (_range, addresses) => {
    for (const address of addresses)
      for (const secure of [true, false]) expect(mayConnectTo(address, secure, local), address).toBe(false);
  });
});

describe('assertPublicUrl', () => {
  it('takes an https URL and gives it in its normal form', () => {
    expect(assertPublicUrl('HTTPS://Hooks.Example.com:443/a?b=1', strict)).toBe(
      'https://hooks.example.com/a?b=1',
    );
  });

  it.each([
    'http://localhost:3000/',
    'http://127.0.0.1:3000/',
    'https://[::1]:3000/',
    'http://hooks.localhost/',
  ])('takes %s only where loopback is allowed', (url) => {
    expect(assertPublicUrl(url, local)).toBe(url);
    expect(() => assertPublicUrl(url, strict)).toThrow(Problem);
  });

  it.each([
    'nonsense',
    '/hook',
    'ftp://hooks.example.com/',
    'http://hooks.example.com/',
    'http://10.0.0.1/',
    'https://10.0.0.1/',
    'https://[fd00:ec2::254]/',
    'https://0xa9.254.43518/',
    'https://169.254.169.254/latest/meta-data',
    'https://name:password@hooks.example.com/',
  ])('refuses %s, naming the field', (url) => {
    for (const rules of [strict, local]) {
      const refused = expect.objectContaining({
        code: 'invalid_request',
        details: { errors: [{ path: 'url', message: expect.any(String) }] },
      });
      expect(() => assertPublicUrl(url, rules)).toThrow(refused);
    }
  });

  it('does not repeat a password that stood in the URL', () => {
    expect(() => assertPublicUrl('https://name:hunter2@hooks.example.com/', strict)).not.toThrow(/hunter2/);
  });
});
