import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type Keyring,
  keyringText,
  newKeyring,
  parseKeyring,
  withKeysOf,
  withNewKey,
} from '../../../lib/secrets/keyring.ts';
import { createParameterClient } from '../../../lib/stores/ssm/client.ts';
import { deleteParameter, ssmKeyringStore } from '../../../lib/stores/ssm/keyrings.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';
import type { EmbeddedService } from '../../embedded/dynamodb.ts';
import { Parameters, startParameters } from '../../embedded/parameters.ts';

const name = '/millrace/test/keyring';
let service: EmbeddedService;
let client: ReturnType<typeof createParameterClient>;
let parameters: Parameters;

beforeAll(async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  service = await startParameters({
    answer: (operation, request) => parameters.answer(operation, request),
  } as Parameters);
  client = createParameterClient({ endpoint: service.endpoint, region: 'us-east-1', credentials });
});
beforeEach(() => {
  parameters = new Parameters();
});
afterAll(async () => {
  client.destroy();
  await service.stop();
});

const ids = (keyring: Keyring): string[] => keyring.map(({ id }) => id);
const merged = (mine: string, theirs: string): string =>
  keyringText(withKeysOf(parseKeyring(mine), parseKeyring(theirs)));

describe('the keyring as a parameter', () => {
  it('is created once, as a SecureString, and read as it was stored', async () => {
    const store = ssmKeyringStore({ client, name });
    expect(await store.create('first')).toBe(true);
    expect(await store.create('second')).toBe(false);
    expect(await store.read()).toBe('first');
    expect(parameters.versions.get(name)).toEqual(['first']);
    expect(parameters.types.get(name)).toBe('SecureString');
  });

  it('that is not there is said to be missing by its name', async () => {
    await expect(ssmKeyringStore({ client, name }).read()).rejects.toThrow(
      `There is no keyring: the parameter ${name} is not there.`,
    );
  });

  it('holds every key that was added at the same time', async () => {
    const store = ssmKeyringStore({ client, name });
    const first = newKeyring(random, 0);
    await store.create(keyringText(first));
    const others = [withNewKey(first, random, 1), withNewKey(first, random, 2)];
    // Between its read and its write, two others store what they made of the same one.
    parameters.before = (operation) => {
      if (operation === 'PutParameter')
        for (const other of others.splice(0)) parameters.versions.get(name)?.push(keyringText(other));
    };
    const expected = others.flatMap(ids);
    let mine: Keyring = first;
    await store.change((text) => {
      mine = withNewKey(parseKeyring(text), random, 3);
      return keyringText(mine);
    }, merged);
    const stored = ids(parseKeyring(await store.read()));
    expect(stored[0]).toBe(mine[0].id);
    expect(new Set(stored)).toEqual(new Set([...ids(mine), ...expected]));
  });

  it('is deleted, and deleting it again is no error', async () => {
    await ssmKeyringStore({ client, name }).create('first');
    await deleteParameter({ client, name });
    await deleteParameter({ client, name });
    expect(parameters.versions.has(name)).toBe(false);
  });
});
