import {
  DeleteParameterCommand,
  GetParameterCommand,
  ParameterAlreadyExists,
  ParameterNotFound,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { readFailure } from '../aws/errors.ts';
import type { KeyringKeeper } from '../keyrings.ts';

export interface ParameterRef {
  readonly client: SSMClient;
  /** Of the parameter, as `/millrace/millrace-production/keyring`. */
  readonly name: string;
}

/**
 * The keyring as an SSM parameter: a SecureString under the account's AWS-managed key `alias/aws/ssm`, which costs nothing. That
 * key's own policy lets whoever may read the parameter decrypt it, so that no right of KMS is asked for
 * (docs.aws.amazon.com/systems-manager/latest/userguide/ps-restrict-decryption.html).
 */
export const ssmKeyringStore = (ref: ParameterRef): KeyringKeeper => ({
  read: async () => (await get(ref)).text,
  create: (text) => create(ref, text),
  change: (change, merge) => changeKeyring(ref, change, merge),
});

/** Deletes the parameter for good. Repeating it is no error. */
export const deleteParameter = async ({ client, name }: ParameterRef): Promise<void> => {
  try {
    await client.send(new DeleteParameterCommand({ Name: name }));
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw error;
  }
};

const get = async ({ client, name }: ParameterRef, version?: number) => {
  const Name = version === undefined ? name : `${name}:${version}`;
  try {
    const { Parameter } = await client.send(new GetParameterCommand({ Name, WithDecryption: true }));
    return { text: Parameter?.Value ?? '', version: Parameter?.Version ?? 0 };
  } catch (error) {
    if (!(error instanceof ParameterNotFound)) throw readFailure(error);
    throw new Error(`There is no keyring: the parameter ${name} is not there.`, { cause: error });
  }
};

/** The service checks by `Overwrite` whether there is one, so that of two who create one of them does. */
const put = ({ client, name }: ParameterRef, text: string, Overwrite: boolean) =>
  client.send(
    new PutParameterCommand({
      Name: name,
      Value: text,
      Type: 'SecureString',
      Tier: 'Standard',
      Description: 'The keys that Millrace seals secrets by. What they sealed is lost without them.',
      Overwrite,
    }),
  );

const create = async (ref: ParameterRef, text: string): Promise<boolean> => {
  try {
    await put(ref, text, false);
    return true;
  } catch (error) {
    if (error instanceof ParameterAlreadyExists) return false;
    throw error;
  }
};

/**
 * A parameter has no conditional write, but counts its versions and keeps the last 100: what came between the one that was read and
 * the one that was written is merged, until nothing did.
 */
const changeKeyring: (ref: ParameterRef, ...change: Parameters<KeyringKeeper['change']>) => Promise<void> =
  async (ref, change, merge) => {
    const read = await get(ref);
    let mine = change(read.text);
    for (let seen = read.version; ; ) {
      const { Version: written = seen + 1 } = await put(ref, mine, true);
      if (written <= seen + 1) return;
      for (let version = seen + 1; version < written; version += 1)
        mine = merge(mine, (await get(ref, version)).text);
      seen = written;
    }
  };
