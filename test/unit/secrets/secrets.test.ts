import { describe, expect, it } from 'vitest';
import { type Keyring, keyringText, newKeyring, withNewKey } from '../../../lib/secrets/keyring.ts';
import { sealingKeyId } from '../../../lib/secrets/sealing.ts';
import { Secrets } from '../../../lib/secrets/secrets.ts';
import { systemRandom as random } from '../../../lib/stores/system/random.ts';

const place = { topicId: 't', group: 'billing', endpointId: 'e', what: 'secret' };
const hour = 3_600_000;

const world = (first: Keyring = newKeyring(random, 0)) => {
  let [now, reads] = [0, 0];
  let answer: () => Promise<string> = async () => keyringText(first);
  const clock = { now: () => now, monotonic: () => now };
  const read = (): Promise<string> => {
    reads += 1;
    return answer();
  };
  return {
    secrets: new Secrets({ keyrings: { read }, clock, random }),
    reads: () => reads,
    pass: (ms: number) => {
      now += ms;
    },
    store: (keyring: Keyring) => {
      answer = async () => keyringText(keyring);
    },
    fail: () => {
      answer = () => Promise.reject(new Error('No answer.'));
    },
  };
};

describe('Secrets', () => {
  it('read the keyring once, however much is sealed and opened', async () => {
    const { secrets, reads } = world();
    const sealed = await Promise.all(['a', 'b', 'c'].map((plain) => secrets.seal(plain, place)));
    expect(await Promise.all(sealed.map((text) => secrets.open(text, place)))).toEqual(['a', 'b', 'c']);
    expect(reads()).toBe(1);
  });

  it('read no keyring for what is stored in plain', async () => {
    const { secrets, reads } = world();
    expect(await secrets.open('whsec_abc', place)).toBe('whsec_abc');
    expect(reads()).toBe(0);
  });

  it('read the keyring again at once for a key that is not known, and find it', async () => {
    const old = newKeyring(random, 0);
    const { secrets, store, pass } = world(old);
    await secrets.keyring();
    const rotated = withNewKey(old, random, 1);
    store(rotated);
    pass(5000);
    const sealed = await world(rotated).secrets.seal('a', place);
    expect(await secrets.open(sealed, place)).toBe('a');
  });

  it('ask for a key that stays missing no more often than every five seconds', async () => {
    const { secrets, reads, pass } = world();
    const sealed = await world().secrets.seal('a', place);
    const opening = () => secrets.open(sealed, place);
    for (let second = 0; second < 60; second += 1) {
      await expect(opening()).rejects.toMatchObject({
        name: 'UnknownDataKeyError',
        keyId: sealingKeyId(sealed),
      });
      pass(1000);
    }
    expect(reads()).toBe(12);
  });

  it('seal by a key that was added within an hour', async () => {
    const old = newKeyring(random, 0);
    const { secrets, store, pass } = world(old);
    const sealed = await secrets.seal('a', place);
    store(withNewKey(old, random, 1));
    pass(hour - 1);
    expect(await secrets.isCurrent(sealed)).toBe(true);
    pass(1);
    expect(await secrets.isCurrent(sealed)).toBe(false);
    expect(await secrets.isCurrent(await secrets.seal('a', place))).toBe(true);
    expect(await secrets.isCurrent('whsec_abc')).toBe(false);
  });

  it('go on with the keyring that they have while it cannot be read again', async () => {
    const { secrets, fail, reads, pass } = world();
    const sealed = await secrets.seal('a', place);
    fail();
    pass(hour);
    for (let count = 0; count < 10; count += 1) expect(await secrets.open(sealed, place)).toBe('a');
    expect(reads()).toBe(2);
    pass(5000);
    await secrets.open(sealed, place);
    expect(reads()).toBe(3);
  });

  it('fail with what the first reading failed with, and read again then', async () => {
    const { secrets, fail, store } = world();
    fail();
    await expect(secrets.seal('a', place)).rejects.toThrow('No answer.');
    store(newKeyring(random, 0));
    expect(await secrets.seal('a', place)).toMatch(/^sealed:1:/);
  });
});
