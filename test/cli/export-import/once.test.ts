import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Client } from '../../end-to-end/client.ts';
import { temporaryFolder } from '../../local/temporary-folder.ts';
import { done, useBroker } from '../against-broker.ts';
import { run } from '../command.ts';
import { proxy } from './proxy.ts';
import { contentsOf, isProduce, makeTopic, many, valuesIn, valuesOf } from './transfer.ts';

const { broker, surroundings } = useBroker();

describe('an import stores each record once', () => {
  const importThrough = async (topic: string, decide: Parameters<typeof proxy>[1]): Promise<string[]> => {
    const records = many(4000);
    const file = join(temporaryFolder(), 'records.ndjson');
    writeFileSync(file, `${records.join('\n')}\n`);
    await makeTopic(broker(), topic, 2);
    await done(run('import', [topic, file], surroundings(await proxy(broker().url, decide))));
    return records;
  };

  test('where answers are lost, requests are lost, and the broker is busy', async () => {
    let asked = 0;
    const records = await importThrough('through-faults', (request) => {
      asked += isProduce(request) ? 1 : 0;
      if (!isProduce(request)) return 'through';
      return (['answer lost', 'busy', 'lost', 'through'] as const)[asked % 4] ?? 'through';
    });
    expect(valuesIn(await contentsOf(broker(), 'through-faults'))).toEqual(valuesOf(records));
  });

  test('also where others write in between, and answers are lost', async () => {
    let asked = 0;
    const others = new Client(broker().url, broker().key);
    const records = await importThrough('among-others', async (request) => {
      if (!isProduce(request)) return 'through';
      asked += 1;
      const record = (partition: number) => ({ partition, value: 'of others' });
      if (asked % 3 === 1) await others.produce('among-others', [record(0), record(1)]);
      return asked % 4 === 0 ? 'answer lost' : 'through';
    });
    const contents = await contentsOf(broker(), 'among-others');
    const own = contents.map((partition) => partition.filter((record) => !record.includes('of others')));
    expect(own.flat().length).toBeLessThan(contents.flat().length);
    expect(valuesIn(own)).toEqual(valuesOf(records));
  });

  test('and says so where others write all the time', async () => {
    const others = new Client(broker().url, broker().key);
    await makeTopic(broker(), 'crowded', 1);
    const file = join(temporaryFolder(), 'records.ndjson');
    writeFileSync(file, '{"value":"mine"}\n');
    const decide = async (request: { readonly method: string }) => {
      if (isProduce(request)) await others.produce('crowded', [{ value: 'of others' }]);
      return 'through' as const;
    };
    const crowded = surroundings(await proxy(broker().url, decide));
    const { code, stderr } = await run('import', ['crowded', file], crowded);
    expect(code).toBe(1);
    expect(stderr).toContain('--at-least-once');
    await done(run('import', ['crowded', file, '--at-least-once'], crowded));
    expect(
      (await contentsOf(broker(), 'crowded')).flat().filter((record) => record.includes('mine')),
    ).toHaveLength(1);
  });
});
