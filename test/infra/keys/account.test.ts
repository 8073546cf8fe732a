import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { reachOf } from '../../../infra/keys/account.ts';
import { UsageError } from '../../../infra/keys/command-line.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-keys-'));
  const profiles =
    '[default]\noutput = json\n[profile ops]\nregion = eu-north-1\n[profile lab]\noutput = json\n';
  await writeFile(join(folder, 'config'), profiles);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** With the profiles above, which the SDK itself reads, and these variables. */
const reach = (account: Parameters<typeof reachOf>[0], variables: Record<string, string> = {}) => {
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
  for (const name of ['AWS_REGION', 'AWS_PROFILE']) vi.stubEnv(name, variables[name]);
  return reachOf(account, variables);
};

describe('the region of the keys command', () => {
  const all = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2', CDK_DEFAULT_REGION: 'eu-west-3' };
  const { AWS_REGION: _first, ...second } = all;
  const { AWS_DEFAULT_REGION: _second, ...third } = second;

  test.each([
    [{ region: 'us-west-2', profile: 'ops' }, all, 'us-west-2'],
    [{ profile: 'ops' }, all, 'eu-west-1'],
    [{ profile: 'ops' }, second, 'eu-west-2'],
    [{ profile: 'ops' }, third, 'eu-west-3'],
    [{ profile: 'ops' }, {}, 'eu-north-1'],
    [{}, { AWS_PROFILE: 'ops' }, 'eu-north-1'],
    [{}, { ...all, AWS_REGION: '' }, 'eu-west-2'],
  ])('of %j with %j is %s', async (account, variables, region) => {
    expect((await reach(account, variables)).region).toBe(region);
  });

  test.each([{}, { profile: 'lab' }, { profile: 'unheard-of' }])(
    'is asked for where nothing says it: %j',
    async (account) => {
      const asked = reach(account);
      await expect(asked).rejects.toThrow(UsageError);
      await expect(asked).rejects.toThrow(
        /--region.*AWS_REGION or AWS_DEFAULT_REGION or CDK_DEFAULT_REGION.*profile/,
      );
    },
  );

  test('does not take the profile away', async () => {
    const account = { region: 'us-west-2', profile: 'ops' };
    expect(await reach(account)).toEqual(account);
  });
});
