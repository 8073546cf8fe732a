/** As bare-dynamodb-sqs-ssm.ts, with the archive's client and the command that reads from it. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { createArchiveClient } from '../../lib/stores/s3/client.ts';
import { handler as withoutArchive } from './bare-dynamodb-sqs-ssm.ts';

const clients = [createArchiveClient()];
const commands = [GetObjectCommand];

/** @param event `queries`: how many queries to send first, one after the other. */
export const handler = async (event: { readonly queries?: number }): Promise<number> =>
  clients.length + commands.length + (await withoutArchive(event));
