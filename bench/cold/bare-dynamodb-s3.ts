/** As bare-dynamodb.ts, with the archive's client and the command that reads from it. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { handler as dynamodb } from './bare-dynamodb.ts';

const clients = [createArchiveClient()];
const commands = [GetObjectCommand];

export const handler = async (): Promise<number> => clients.length + commands.length + (await dynamodb());
