import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keyringText, mostKeys, newKeyring, parseKeyring, withNewKey } from '../../../lib/secrets/keyring.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';
import { run } from '../command.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-keyring-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const stored = () => parseKeyring(readFileSync(join(folder, 'keyring'), 'utf8'));

it('rotate adds a key and shows no key, and list shows which one seals', async () => {
  const first = newKeyring(random, Date.UTC(2026, 0, 1));
  writeFileSync(join(folder, 'keyring'), keyringText(first));
  const { code, stdout, stderr } = await run('keyring', ['rotate', '--data', folder]);
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^Added [0-9a-f]{16}\./)]);
  const [newest, older] = stored();
  expect(older?.id).toBe(first[0].id);
  const lines = stdout.trim().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^${newest.id}  .* {2}seals$`)),
    `${first[0].id}  2026-01-01T00:00:00.000Z`,
  ]);
  for (const { key } of stored())
    expect(stdout + stderr).not.toContain(key.export().toString('base64').slice(0, 20));
  const again = await run('keyring', ['list'], { environment: { MILLRACE_DATA_DIR: folder } });
  expect(again.stdout).toBe(stdout);
});

it('says what is wrong', async () => {
  for (const [args, why] of [
    [['rotate', '--data', folder], 'There is no keyring'],
    [['list', '--data', folder, '--stack', 'x'], 'Give --data or --stack, not both.'],
    [['list', '--region', 'eu-west-1'], '--region and --profile are of a deployed broker'],
    [['drop'], 'There is no task "drop": it is list or rotate.'],
  ] as const) {
    const { code, stderr } = await run('keyring', args);
    expect(code).toBe(1);
    expect(stderr).toContain(why);
  }
});

it('adds no key beyond as many as a keyring may have', async () => {
  let keyring = newKeyring(random, 0);
  while (keyring.length < mostKeys) keyring = withNewKey(keyring, random, 0);
  writeFileSync(join(folder, 'keyring'), keyringText(keyring));
  const { code, stderr } = await run('keyring', ['rotate', '--data', folder]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('as many as it may. Nothing was changed.')]);
  expect(stored()).toHaveLength(mostKeys);
});
