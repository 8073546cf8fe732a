/** What a function that keeps its things in DynamoDB cannot do without: both clients, and the commands that it sends. */
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { createLogClient, createStateClient } from '../../lib/stores/dynamodb/table/client.ts';

const clients = [createLogClient(), createStateClient()];
const commands = [
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
];

export const handler = async (): Promise<number> => clients.length + commands.length;
