import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NameServers, nameResolver } from '../../../../lib/stores/https/resolve.ts';
import { nameServer, type Zone } from './name-server.ts';
import { endpoint, request, sender } from './servers.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-hosts-'));
});
afterAll(() => rm(folder, { recursive: true }));

const resolved = (
  name: string,
  options: NameServers,
  signal = AbortSignal.timeout(5000),
): Promise<string[]> =>
  new Promise((resolve, reject) => {
    nameResolver({ hostsFile: join(folder, 'none'), ...options })(name, { signal }, (error, addresses) => {
      if (error === null) resolve(addresses.map(({ address }) => address));
      else reject(error);
    });
  });
// c-ares by itself goes on for 14 s.
const never = new AbortController().signal;
const withCode = (code: string) => expect.objectContaining({ code });

const fixed =
  (four: readonly string[], six: readonly string[] = []): Zone =>
  (_name, type) => ({ addresses: type === 'A' ? four : six });
const silent: Zone = () => undefined;
const failing =
  (code: number): Zone =>
  () => ({ code });
/** IPv4 addresses where IPv6 addresses belong. */
const malformed: Zone = () => ({ addresses: ['192.0.2.1'] });
const codes = { servfail: 2, nxdomain: 3, notimp: 4, refused: 5 };

describe('a name is resolved', () => {
  it('to all its addresses, of both kinds in turn', async () => {
    const six = ['2606:4700:0:0:0:0:0:1', '2606:4700:0:0:0:0:0:2'];
    const { server } = await nameServer(fixed(['192.0.2.1', '192.0.2.2', '192.0.2.3'], six));
    const found = await resolved('hooks.example.com', { servers: [server] });
    const four = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
    const short = ['2606:4700::1', '2606:4700::2'];
    const global = Object.values(networkInterfaces())
      .flat()
      .some((each) => each?.family === 'IPv6' && !each.internal && each.scopeid === 0);
    const inTurn = global
      ? [short[0], four[0], short[1], four[1], four[2]]
      : [four[0], short[0], four[1], short[1], four[2]];
    expect(found).toEqual(inTurn);
  });

  it('by nobody when its time is over before it begins', async () => {
    let asked = 0;
    const { server } = await nameServer(() => {
      asked += 1;
      return undefined;
    });
    await expect(resolved('hooks.example.com', { servers: [server] }, AbortSignal.abort())).rejects.toThrow();
    expect(asked).toBe(0);
  });

  it('each time anew', async () => {
    const zones = [fixed(['192.0.2.1']), fixed(['192.0.2.2'])];
    let at = 0;
    const { server } = await nameServer((name, type) => zones[at]?.(name, type));
    expect(await resolved('hooks.example.com', { servers: [server] })).toEqual(['192.0.2.1']);
    at = 1;
    expect(await resolved('hooks.example.com', { servers: [server] })).toEqual(['192.0.2.2']);
  });

  it('through aliases, and by TCP when the answer is too long', async () => {
    const aliases = ['a.example.net', 'b.example.net'];
    const { server } = await nameServer((_name, type) =>
      type === 'A' ? { aliases, addresses: ['192.0.2.1'], truncated: true } : { aliases },
    );
    expect(await resolved('hooks.example.com', { servers: [server] })).toEqual(['192.0.2.1']);
  });

  it('as itself alone, whatever it ends in: no search domains', async () => {
    const { server, asked } = await nameServer(fixed(['192.0.2.1']));
    expect(await resolved('Hooks.Example.com.', { servers: [server] })).toEqual(['192.0.2.1']);
    expect(asked.sort()).toEqual(['hooks.example.com A', 'hooks.example.com AAAA']);
  });

  it.each([
    ['answers nothing', silent],
    ['fails', failing(codes.servfail)],
    ['refuses', failing(codes.refused)],
    ['cannot', failing(codes.notimp)],
  ])('by the next server when one %s', async (_what, zone) => {
    const [bad, good] = [await nameServer(zone), await nameServer(fixed(['192.0.2.1']))];
    expect(await resolved('hooks.example.com', { servers: [bad.server, good.server] })).toEqual([
      '192.0.2.1',
    ]);
  });

  it.each([
    ['is not answered', silent],
    ['fails', failing(codes.servfail)],
    ['is malformed', malformed],
  ])(
    'to the addresses of one kind when the other %s',
    async (_what, other) => {
      const { server } = await nameServer((name, type) =>
        type === 'A' ? { addresses: ['192.0.2.1'] } : other(name, type),
      );
      expect(await resolved('hooks.example.com', { servers: [server] }, never)).toEqual(['192.0.2.1']);
    },
    8000,
  );

  it('as localhost without a question', async () => {
    const { server, asked } = await nameServer(silent);
    for (const name of ['localhost', 'LOCALHOST.', 'hooks.localhost'])
      expect(await resolved(name, { servers: [server] })).toEqual(['::1', '127.0.0.1']);
    expect(asked).toEqual([]);
  });

  it('by the file of hosts before any server', async () => {
    const hostsFile = join(folder, 'hosts');
    await writeFile(
      hostsFile,
      '# hooks.example.com\n127.0.0.1 localhost\r\n\n127.0.0.3\tother  Hooks.example.com # hooks\n::1 hooks.example.com\nnonsense hooks.example.com\n',
    );
    const { server, asked } = await nameServer(fixed(['192.0.2.1']));
    expect(await resolved('hooks.example.com', { servers: [server], hostsFile })).toEqual([
      '127.0.0.3',
      '::1',
    ]);
    expect(asked).toEqual([]);
    expect(await resolved('hooks', { servers: [server], hostsFile })).toEqual(['192.0.2.1']);
  });
});

describe('a name is not resolved', () => {
  it.each([
    ['that does not exist', failing(codes.nxdomain), 'ENOTFOUND'],
    ['that has no addresses', fixed([]), 'ENODATA'],
    ['that all servers fail for', failing(codes.servfail), 'ESERVFAIL'],
    [
      'that has addresses of one kind alone, for which they fail',
      (_: string, type: string) => (type === 'A' ? { code: codes.servfail } : {}),
      'ESERVFAIL',
    ],
  ] as const)('%s', async (_what, zone, code) => {
    const { server } = await nameServer(zone);
    await expect(resolved('hooks.example.com', { servers: [server, server] })).rejects.toEqual(
      withCode(code),
    );
  });

  it('that nobody answers for: it ends with the time that it has', async () => {
    const { server } = await nameServer(silent);
    const asking = resolved('hooks.example.com', { servers: [server] }, AbortSignal.timeout(100));
    await expect(asking).rejects.toEqual(withCode('ECANCELLED'));
  });
});

describe('a webhook whose name is not resolved', () => {
  const post = async (zone: Zone, timeoutMs: number) => {
    const { server } = await nameServer(zone);
    const one = sender({ resolve: nameResolver({ servers: [server] }) });
    return one.post(request('https://hooks.example.com/', timeoutMs));
  };

  it('is an outage that says so', async () => {
    expect(await post(silent, 100)).toEqual({
      kind: 'unreachable',
      reason: 'Its name was not resolved within 100 ms.',
    });
    expect(await post(failing(codes.nxdomain), 5000)).toEqual({
      kind: 'unreachable',
      reason: expect.stringMatching(/^Its name does not exist \(ENOTFOUND\)\./),
    });
  });

  it('does not hold up another, however many there are', async () => {
    const dead = await nameServer((name, type) =>
      name === 'well.example.com' ? fixed(['127.0.0.1'])(name, type) : undefined,
    );
    const { port } = await endpoint((_request, response) => response.writeHead(204).end());
    const one = sender({ resolve: nameResolver({ servers: [dead.server] }) });
    const waiting = Array.from({ length: 40 }, (_, at) =>
      one.post(request(`https://dead-${at}.example.com/`, 2000)),
    );
    let over = 0;
    for (const each of waiting) void each.then(() => (over += 1));
    expect(await one.post(request(`http://well.example.com:${port}/`, 1500))).toEqual({
      kind: 'answered',
      status: 204,
    });
    expect(over).toBe(0);
    expect(new Set((await Promise.all(waiting)).map((answer) => JSON.stringify(answer)))).toHaveLength(1);
  });
});
