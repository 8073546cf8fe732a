import { Secrets } from '../lib/secrets/secrets.ts';
import { createParameterClient } from '../lib/stores/ssm/client.ts';
import { ssmKeyringStore } from '../lib/stores/ssm/keyrings.ts';
import { systemClock as clock } from '../lib/stores/system/clock.ts';
import { systemRandom as random } from '../lib/stores/system/random.ts';

/** Secrets by the keyring in the parameter of this name. */
export const stackSecrets = (name: string): Secrets =>
  new Secrets({ keyrings: ssmKeyringStore({ client: createParameterClient(), name }), clock, random });
