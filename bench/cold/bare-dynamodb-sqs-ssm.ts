/** As bare-dynamodb-sqs.ts, with the client of the keyring's parameter and the command that reads it. */
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { createParameterClient } from '../../lib/stores/ssm/client.ts';
import { handler as dynamodbAndSqs } from './bare-dynamodb-sqs.ts';

const clients = [createParameterClient()];
const commands = [GetParameterCommand];

/** @param event `queries`: how many queries to send first, one after the other. */
export const handler = async (event: { readonly queries?: number }): Promise<number> =>
  clients.length + commands.length + (await dynamodbAndSqs(event));
