import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { done, useBroker } from '../against-broker.ts';
import { begin, type Command, run } from '../command.ts';
import { proxy } from './proxy.ts';
import { contentsOf, isFetch, isProduce, makeTopic, many, valuesIn, valuesOf } from './transfer.ts';

const { broker, surroundings, imported } = useBroker();

describe('what was interrupted goes on where it was', () => {
  test.each([
    ['ndjson', 'SIGKILL'],
    ['parquet', 'SIGINT'],
  ] as const)('an export as %s by %s', async (format, signal) => {
    const topic = `cut-${format}-${signal}`;
    await makeTopic(
      broker(),
      topic,
      1,
      many(3500).map((record) => record.replace(/"partition":\d/, '"partition":0')),
    );
    let command: Command | undefined;
    let fetches = 0;
    const url = await proxy(broker().url, (request) => {
      fetches += isFetch(request) ? 1 : 0;
      if (!isFetch(request) || fetches !== 3) return 'through';
      command?.kill(signal);
      return 'lost';
    });
    const out = temporaryFolder();
    const args = [topic, '--out', out, '--format', format];
    command = begin('export', args, surroundings(url));
    expect((await command.ended).code).toBe(signal === 'SIGINT' ? 130 : null);
    if (format === 'ndjson') appendFileSync(join(out, `${topic}-0.ndjson`), '{"partition":0,"offs');
    const said = await done(run('export', args, surroundings(url)));
    expect(said).toContain('Exported');
    expect(said).not.toContain('Exported 3,500');
    await makeTopic(broker(), `${topic}-copy`, 1);
    await imported(`${topic}-copy`, out);
    expect(await contentsOf(broker(), `${topic}-copy`)).toEqual(await contentsOf(broker(), topic));
  });

  test.each([
    ['SIGKILL', 'answer lost'],
    ['SIGINT', 'answer lost'],
  ] as const)('an import by %s, the answer to its last request lost', async (signal, fate) => {
    const topic = `into-${signal}-${fate.replace(' ', '-')}`;
    const records = many(6000);
    const file = join(temporaryFolder(), 'records.ndjson');
    writeFileSync(file, `${records.join('\n')}\n`);
    await makeTopic(broker(), topic, 2);
    let command: Command | undefined;
    let produces = 0;
    const url = await proxy(broker().url, async (request) => {
      produces += isProduce(request) ? 1 : 0;
      if (!isProduce(request) || produces !== 4) return 'through';
      command?.kill(signal);
      return fate;
    });
    command = begin('import', [topic, file], surroundings(url));
    expect((await command.ended).code).toBe(signal === 'SIGINT' ? 130 : null);
    const before = (await contentsOf(broker(), topic)).flat().length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(records.length);
    expect(await done(run('import', [topic, file], surroundings(url)))).toContain('Going on with');
    expect(valuesIn(await contentsOf(broker(), topic))).toEqual(valuesOf(records));
  });
});
