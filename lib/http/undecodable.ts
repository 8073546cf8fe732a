import { Problem, type UndecodableBatchError } from '../domain/errors.ts';
import { undecodableBatch } from '../surroundings/telemetry.ts';
import { type AnyDeps, type ApiContext, pathParameter } from './api.ts';

/** Tells the client where it could go on, and the operator what stands in the way. */
export const undecodable = (
  c: ApiContext,
  { telemetry }: Pick<AnyDeps, 'telemetry'>,
  topicId: string,
  error: UndecodableBatchError,
): Problem => {
  const { partition, base, end } = error;
  telemetry.record(
    undecodableBatch(error, { topic: pathParameter(c, 'topic'), topicId, requestId: c.get('requestId') }),
  );
  return new Problem(
    'undecodable_batch',
    `The records from offset ${base} to below ${end} of partition ${partition} are stored and cannot be decoded. This is a fault of Millrace, and its operator has to mend it. What follows them can be read from offset ${end} on.`,
    { members: { partition, offset: base, nextOffset: end }, cause: error },
  );
};
