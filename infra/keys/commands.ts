import { newKey, storedKey } from '../../lib/auth/keys.ts';
import type { ApiKey } from '../../lib/domain/keys.ts';
import { timestampText } from '../../lib/domain/text/timestamps.ts';
import type { KeyStore } from '../../lib/stores/keys.ts';
import type { Clock } from '../../lib/surroundings/clock.ts';
import type { Random } from '../../lib/surroundings/random.ts';
import type { KeysTask } from './command-line.ts';

export interface KeysDeps {
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly random: Random;
  /** What the command answers with: a new key and nothing else, or the list. */
  readonly answer: (line: string) => void;
  /** What people should know beside it. */
  readonly remark: (line: string) => void;
}

/**
 * Creates, lists or revokes keys. A new key is answered once it is stored (as a hash), and never again.
 * @returns false when there was no key to revoke.
 */
export const runCommand = async (deps: KeysDeps, command: KeysTask): Promise<boolean> => {
  switch (command.kind) {
    case 'create': {
      const { kind: _kind, target: _target, ...grant } = command;
      const key = newKey(deps.random);
      const stored = storedKey(key, grant, deps.clock.now());
      await deps.keys.put(stored);
      deps.remark(`${describe(stored)}\nThis is the key. It is shown this once:`);
      deps.answer(key);
      return true;
    }
    case 'list': {
      const keys = await deps.keys.list();
      for (const key of keys.toSorted((a, b) => a.createdAt - b.createdAt)) deps.answer(describe(key));
      if (keys.length === 0) deps.remark('There are no keys.');
      return true;
    }
    case 'revoke': {
      const revoked = await deps.keys.delete(command.keyId);
      deps.remark(
        revoked
          ? `Revoked ${command.keyId}. Functions that know it may take it for some seconds more.`
          : `There is no key ${command.keyId}.`,
      );
      return revoked;
    }
  }
};

const describe = (key: ApiKey): string =>
  [
    key.keyId,
    key.name,
    key.scopes.join(','),
    key.topics === undefined ? 'every topic' : key.topics.join(','),
    `created ${timestampText(key.createdAt)}`,
    key.expiresAt === undefined ? 'never expires' : `expires ${timestampText(key.expiresAt)}`,
  ].join('  ');
