/**
 * `npm run bench:compression`: what it takes to compress the answers of fetches, by coding and level, and to expand bodies at
 * once or by a thread, a bomb among them. Times are the shortest of several, since the machine may be busy; of a thread also
 * the CPU time of the process for each body.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Problem } from '../../lib/domain/errors.ts';
import { limits } from '../../lib/domain/limits.ts';
import { expand } from '../../lib/http/bytes/expand.ts';
import { answers } from './answers.ts';

const { constants } = zlib;

const row = (label: string, cells: readonly (string | number)[]): void =>
  void process.stdout.write(
    `${label.padEnd(26)}${cells.map((cell) => String(cell).padStart(13)).join('')}\n`,
  );

const runsOf = (bytes: Uint8Array): number => (bytes.byteLength > 1_000_000 ? 9 : 60);

const shortest = async (runs: number, run: () => unknown): Promise<number> => {
  let ms = Number.POSITIVE_INFINITY;
  for (let count = 0; count < runs; count += 1) {
    const from = performance.now();
    await run();
    ms = Math.min(ms, performance.now() - from);
  }
  return ms;
};

const levels: readonly (readonly [label: string, compress: (bytes: Buffer) => Buffer])[] = [
  ...[1, 4, 6].map((level) => [`gzip ${level}`, (bytes: Buffer) => zlib.gzipSync(bytes, { level })] as const),
  ...[0, 1, 2, 4, 6].map((level) => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: level };
    return [`br ${level}`, (bytes: Buffer) => zlib.brotliCompressSync(bytes, { params })] as const;
  }),
  ...[-3, 1, 3, 6].map((level) => {
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    return [`zstd ${level}`, (bytes: Buffer) => zlib.zstdCompressSync(bytes, { params })] as const;
  }),
];

for (const [label, bytes] of answers) {
  row(`${label}, ${bytes.byteLength} bytes`, ['bytes', 'share', 'ms', 'MB/s']);
  for (const [level, compress] of levels) {
    const compressed = compress(bytes);
    const ms = await shortest(runsOf(bytes), () => compress(bytes));
    const share = (compressed.byteLength / bytes.byteLength).toFixed(3);
    row(`  ${level}`, [
      compressed.byteLength,
      share,
      ms.toFixed(3),
      (bytes.byteLength / ms / 1000).toFixed(0),
    ]);
  }
}

const expanders = [
  ['gzip', zlib.gzipSync, zlib.gunzipSync, promisify(zlib.gunzip)],
  ['br', zlib.brotliCompressSync, zlib.brotliDecompressSync, promisify(zlib.brotliDecompress)],
  ['zstd', zlib.zstdCompressSync, zlib.zstdDecompressSync, promisify(zlib.zstdDecompress)],
] as const;

/** CPU ms of the process for each run. */
const cpuOf = async (runs: number, run: () => unknown): Promise<number> => {
  const from = process.cpuUsage();
  for (let count = 0; count < runs; count += 1) await run();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000 / runs;
};

row('\nexpanding', ['compressed', 'at once ms', 'CPU ms', 'thread ms', 'CPU ms']);
for (const [label, bytes] of answers)
  for (const [coding, compress, now, inThread] of expanders) {
    const body = compress(bytes);
    const options = { chunkSize: 256 * 1024 };
    const runs = runsOf(bytes);
    const cells = [
      await shortest(runs, () => now(body, options)),
      await cpuOf(runs, () => now(body, options)),
      await shortest(runs, () => inThread(body, options)),
      await cpuOf(runs, () => inThread(body, options)),
    ];
    row(`  ${label}, ${coding}`, [body.byteLength, ...cells.map((ms) => ms.toFixed(3))]);
  }

row('\n100 bombs of 1 GB at once', ['compressed', 'ms', 'CPU ms', 'RSS grows MB']);
for (const [coding, compress] of expanders) {
  const bomb = compress(Buffer.alloc(1_000_000_000));
  const before = process.memoryUsage.rss();
  let most = before;
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  const refused = Array.from({ length: 100 }, async () => {
    const error = await expand(bomb, [coding], 'requestBytes').catch((thrown: unknown) => thrown);
    most = Math.max(most, process.memoryUsage.rss());
    if (!(error instanceof Problem) || error.details.members?.['maximum'] !== limits.requestBytes)
      throw new Error('A bomb was not refused.', { cause: error });
  });
  await Promise.all(refused);
  const { user, system } = process.cpuUsage(cpu);
  const cells = [performance.now() - from, (user + system) / 1000, (most - before) / 2 ** 20];
  row(`  ${coding}`, [bomb.byteLength, ...cells.map((each) => each.toFixed(0))]);
}
