import { createHash } from 'node:crypto';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { NotSentError, OutcomeUnknownError, ThrottledError } from '../../domain/errors.ts';
import type { Clock } from '../../surroundings/clock.ts';
import {
  type ByteRange,
  ObjectMissingError,
  type ObjectPage,
  type ObjectStore,
  type StoredObject,
} from '../objects.ts';
import { answerOf, attemptFailure, putFailure, requestFailure } from './errors.ts';

/** The archive's bucket as it is given to the adapter. */
export interface Bucket {
  /** From `createArchiveClient`. */
  readonly client: S3Client;
  readonly bucket: string;
  readonly clock: Pick<Clock, 'sleep'>;
}

/**
 * Objects in a bucket of S3. Whoever reads has to have `s3:ListBucket` beside `s3:GetObject`: without it S3 answers 403
 * instead of 404 where there is no object (API reference of `GetObject`), and a missing one is taken for a missing right.
 */
export const s3ObjectStore = (bucket: Bucket): ObjectStore => ({
  put: (object, body) => put(bucket, object, body),
  read: (object, range, signal) => read(bucket, object, range, signal),
  list: (page) => list(bucket, page),
  delete: async (objects) => {
    for (let from = 0; from < objects.length; from += mostKeys)
      await deleteObjects(bucket, objects.slice(from, from + mostKeys));
  },
});

/** What one ListObjectsV2 answers with, and one DeleteObjects takes. */
const mostKeys = 1000;
const rounds = 5;
const pauseMs = (round: number): number => 50 * 2 ** round;

/** S3 compares the checksum with what it got, and keeps it. */
const checksumOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('base64');

const put = async ({ client, bucket, clock }: Bucket, object: string, body: Uint8Array): Promise<void> => {
  const ChecksumSHA256 = checksumOf(body);
  const input = { Bucket: bucket, Key: object, Body: body, ChecksumSHA256, IfNoneMatch: '*' };
  const failures: Error[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await clock.sleep(pauseMs(round));
    try {
      await client.send(notingFailures(new PutObjectCommand(input), failures));
      return;
    } catch (error) {
      const { code, status } = answerOf(error) ?? {};
      // It is there: another attempt of this request put it, whose answer was lost.
      if (status === 412) return;
      // Another attempt of this request is not over.
      if (code !== 'ConditionalRequestConflict')
        throw putFailure(failures) ?? new NotSentError('A put failed before it was sent.', { cause: error });
    }
  }
  throw new OutcomeUnknownError('S3 was still busy with another put of the same object.');
};

/** Within the SDK's retries, so that each attempt passes here: of several only the last one's answer is told. */
const notingFailures = (command: PutObjectCommand, failures: Error[]): PutObjectCommand => {
  command.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        failures.push(attemptFailure(error));
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'noteFailures' },
  );
  return command;
};

const read = async (
  { client, bucket }: Bucket,
  object: string,
  { from, to }: ByteRange,
  signal?: AbortSignal,
): Promise<Uint8Array> => {
  if (from < 0 || to <= from) throw new RangeError(`${from} to ${to} are no bytes of an object.`);
  const bytes = await getBytes(
    client,
    { Bucket: bucket, Key: object, Range: `bytes=${from}-${to - 1}` },
    signal,
  );
  // S3 answers with what it has of a range that ends past the object.
  if (bytes.length !== to - from)
    throw new RangeError(
      `${object} has ${bytes.length} bytes where ${to - from} were asked for, from ${from} on.`,
    );
  return bytes;
};

const getBytes = async (
  client: S3Client,
  input: { readonly Bucket: string; readonly Key: string; readonly Range: string },
  signal?: AbortSignal,
): Promise<Uint8Array> => {
  try {
    const { Body } = await client.send(new GetObjectCommand(input), signal ? { abortSignal: signal } : {});
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    const code = answerOf(error)?.code;
    if (code === 'NoSuchKey') throw new ObjectMissingError(input.Key);
    if (code === 'InvalidRange')
      throw new RangeError(`${input.Key} ends before ${input.Range}.`, { cause: error });
    throw requestFailure(error);
  }
};

const list = async (
  bucket: Bucket,
  { prefix, after, limit }: ObjectPage,
): Promise<readonly StoredObject[]> => {
  const objects: StoredObject[] = [];
  let isMore = true;
  while (isMore && objects.length < limit) {
    const last = objects.at(-1)?.name ?? after;
    const page = await listPage(bucket, {
      ...(prefix === undefined ? {} : { Prefix: prefix }),
      ...(last === undefined ? {} : { StartAfter: last }),
      MaxKeys: Math.min(limit - objects.length, mostKeys),
    });
    objects.push(...page.objects);
    ({ isMore } = page);
  }
  return objects;
};

const listPage = async (
  { client, bucket }: Bucket,
  input: { readonly Prefix?: string; readonly StartAfter?: string; readonly MaxKeys: number },
) => {
  try {
    const { Contents = [], IsTruncated } = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, ...input }),
    );
    const objects = Contents.map(({ Key = '', Size = 0, LastModified }) => ({
      name: Key,
      bytes: Size,
      // What has no time is not old.
      storedAt: LastModified?.getTime() ?? Number.POSITIVE_INFINITY,
    }));
    return { objects, isMore: IsTruncated === true && objects.length > 0 };
  } catch (error) {
    throw requestFailure(error);
  }
};

/** Of one object in an answer that deleted others: it may be deleted the next time. */
const mayPass = new Set(['InternalError', 'OperationAborted', 'ServiceUnavailable', 'SlowDown']);

/** @throws ThrottledError when S3 keeps refusing some; Error when it refuses one for another reason. */
const deleteObjects = async (
  { client, bucket, clock }: Bucket,
  objects: readonly string[],
): Promise<void> => {
  let left = objects;
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) await clock.sleep(pauseMs(round));
    const failed = (await attemptDelete(client, bucket, left)).filter(({ Code }) => Code !== 'NoSuchKey');
    const refused = failed.find(({ Code = '' }) => !mayPass.has(Code));
    if (refused) throw new Error(`S3 refuses to delete an object: ${refused.Code ?? 'no reason given'}.`);
    left = failed.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
    if (left.length === 0) return;
  }
  throw new ThrottledError(`S3 did not delete ${left.length} objects.`);
};

const attemptDelete = async (client: S3Client, bucket: string, objects: readonly string[]) => {
  const Delete = { Objects: objects.map((Key) => ({ Key })), Quiet: true };
  try {
    return (await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }))).Errors ?? [];
  } catch (error) {
    throw requestFailure(error);
  }
};
