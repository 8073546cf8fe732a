import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { keyringText, newKeyring } from '../../lib/secrets/keyring.ts';
import { createParameterClient } from '../../lib/stores/ssm/client.ts';
import { deleteParameter, ssmKeyringStore } from '../../lib/stores/ssm/keyrings.ts';
import { systemClock as clock } from '../../lib/stores/system/clock.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { functionEnvironment } from '../environment.ts';
import { respondTo } from './custom-resource.ts';

const { MILLRACE_KEYRING_PARAMETER: name } = functionEnvironment(['MILLRACE_KEYRING_PARAMETER']);
const parameter = { client: createParameterClient(), name };
const deps = {
  name,
  keyrings: ssmKeyringStore(parameter),
  newKeyring: () => keyringText(newKeyring(random, clock.now())),
  deleteKeyring: () => deleteParameter(parameter),
};

/** Called by CloudFormation alone, when the stack is made or ended: makes the keyring once. Its answer goes to the URL that it was given. */
export const handler = async (event: CloudFormationCustomResourceEvent): Promise<void> => {
  const body = JSON.stringify(await respondTo(deps, event));
  const answer = await fetch(event.ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  // Without the URL, which is a right to answer.
  if (!answer.ok) throw new Error(`CloudFormation did not take the answer: ${answer.status}.`);
};
