import {
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DeleteItemCommandInput,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

/** Each write by its command's name, as it is sent again. */
const writes: Readonly<Record<string, (client: DynamoDBClient, input: object) => Promise<unknown>>> = {
  PutItemCommand: (client, input) => client.send(new PutItemCommand(input as PutItemCommandInput)),
  UpdateItemCommand: (client, input) => client.send(new UpdateItemCommand(input as UpdateItemCommandInput)),
  DeleteItemCommand: (client, input) => client.send(new DeleteItemCommand(input as DeleteItemCommandInput)),
  BatchWriteItemCommand: (client, input) =>
    client.send(new BatchWriteItemCommand(input as BatchWriteItemCommandInput)),
};

/**
 * Notes every write that `client` sends. What it gives has all of them land once more, in their order and then in the
 * reverse: a copy may be late by more than one write.
 */
export const copyWrites = (client: DynamoDBClient): (() => Promise<void>) => {
  const sent: (() => Promise<unknown>)[] = [];
  let landing = false;
  client.middlewareStack.add(
    (next, context) => (args) => {
      const write = writes[String(context.commandName)];
      if (write !== undefined && !landing) sent.push(() => write(client, args.input));
      return next(args);
    },
    { step: 'initialize', name: 'noteWrites' },
  );
  return async () => {
    landing = true;
    for (const land of [...sent, ...sent.toReversed()]) {
      await land().catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      });
    }
    landing = false;
  };
};
