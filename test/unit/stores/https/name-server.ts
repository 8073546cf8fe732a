import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { closing } from './servers.ts';

/** What a server answers on a question; undefined: nothing, ever. */
export type Zone = (
  name: string,
  type: 'A' | 'AAAA',
) =>
  | {
      readonly code?: number;
      readonly addresses?: readonly string[];
      /** What the name is an alias of, one of the other. */
      readonly aliases?: readonly string[];
      /** Over UDP it says only that the answer is too long. */
      readonly truncated?: true;
    }
  | undefined;

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;
const nameBytes = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ]);
const addressBytes = (address: string): Buffer =>
  address.includes(':')
    ? Buffer.from(
        address
          .split(':')
          .map((part) => part.padStart(4, '0'))
          .join(''),
        'hex',
      )
    : Buffer.from(address.split('.').map(Number));
const short = (number: number): Buffer => Buffer.from([number >> 8, number & 255]);
const resource = (name: string, type: number, data: Buffer): Buffer =>
  Buffer.concat([nameBytes(name), short(type), short(1), Buffer.alloc(4), short(data.length), data]);

/** RFC 1035, 4.1. */
const answerTo = (query: Buffer, zone: Zone, overTcp: boolean): Buffer | undefined => {
  let end = 12;
  const labels: string[] = [];
  for (let length = query.readUInt8(end); length > 0; length = query.readUInt8(end)) {
    labels.push(query.toString('latin1', end + 1, end + 1 + length));
    end += length + 1;
  }
  const type = query.readUInt16BE(end + 1) === types.AAAA ? 'AAAA' : 'A';
  const answer = zone(labels.join('.').toLowerCase(), type);
  if (answer === undefined) return undefined;
  const { code = 0, aliases = [], addresses = [], truncated = false } = answer;
  const names = [labels.join('.'), ...aliases];
  const cut = truncated && !overTcp;
  const records = cut
    ? []
    : [
        ...aliases.map((alias, at) => resource(names[at] ?? '', types.CNAME, nameBytes(alias))),
        ...addresses.map((address) => resource(names.at(-1) ?? '', types[type], addressBytes(address))),
      ];
  const flags = 0x8180 | code | (cut ? 0x0200 : 0);
  const head = [query.subarray(0, 2), short(flags), short(1), short(records.length), Buffer.alloc(4)];
  return Buffer.concat([...head, query.subarray(12, end + 5), ...records]);
};

/** A name server on 127.0.0.1, by UDP and TCP. @returns its address, and the questions that it was asked. */
export const nameServer = async (zone: Zone) => {
  const asked: string[] = [];
  const noting: Zone = (name, type) => {
    asked.push(`${name} ${type}`);
    return zone(name, type);
  };
  const tcp = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => {
      const answer = answerTo(bytes.subarray(2), noting, true);
      if (answer !== undefined) socket.end(Buffer.concat([short(answer.length), answer]));
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    const answer = answerTo(bytes, noting, false);
    if (answer !== undefined) udp.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, '127.0.0.1', resolve));
  closing(tcp);
  closing({ close: () => void udp.close() });
  return { server: `127.0.0.1:${port}`, asked };
};
