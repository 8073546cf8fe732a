import * as z from 'zod/mini';
import { deliveryFormats } from '../../domain/delivery/formats.ts';
import { whenNeeded } from '../schemas/check.ts';
import { text, time, whole } from './parts.ts';

const start = () =>
  z
    .union([
      z.enum(['earliest', 'latest']),
      z.object({ timestamp: z.string() }),
      z.object({ offsets: z.record(z.string(), whole('An offset.')) }),
    ])
    .check(z.meta({ description: 'Where it was asked to begin.' }));

const delivery = () =>
  z
    .object({
      format: z.enum(deliveryFormats).check(z.meta({ description: 'How a request is made of records.' })),
      batchSize: whole('Records of one request at most. 1 in a format that has one record a request.'),
      timeoutSeconds: whole('For how long an answer is waited for.'),
      backoff: z.object({
        initialSeconds: z.number().check(z.meta({ description: 'The pause after the first failure.' })),
        maxSeconds: z.number().check(z.meta({ description: 'The longest pause.' })),
      }),
      maxAttempts: z.nullable(
        whole('A record that was refused alone so often goes to the dead letters. null: never.'),
      ),
      deadLetterAfterSeconds: z
        .number()
        .check(z.meta({ description: 'And no sooner than so long after its first refusal.' })),
      ordering: z
        .enum(['partition', 'key', 'none'])
        .check(z.meta({ description: 'What is delivered one after the other.' })),
      concurrency: whole('Messages of one partition that are under way at a time, at most.'),
      ack: z
        .enum(['response', 'explicit'])
        .check(z.meta({ description: 'What acknowledges a message: the answer, or a call by its token.' })),
      ackTimeoutSeconds: whole('Of "explicit": a message that nothing was said of for so long is refused.'),
      attemptLog: z.object({
        successes: z
          .number()
          .check(z.meta({ description: 'The share of attempts that succeeded which the log has.' })),
      }),
      filter: z.exactOptional(text('Only records for which this expression of JSONata is true are sent.')),
      transform: z.exactOptional(text('What this expression of JSONata gives is sent as the value.')),
    })
    .check(z.meta({ description: 'How its endpoint is called.' }));

const pause = () =>
  z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('request').check(z.meta({ description: 'A request. Resume it with another.' })),
        since: time('When it was paused.'),
      }),
      z.object({
        kind: z.literal('endpoint').check(z.meta({ description: 'Its endpoints are disabled. Enable one.' })),
        endpoint: text('The id of the endpoint that was disabled last.'),
        reason: z.exactOptional(text('Why it was disabled.')),
        since: z.exactOptional(time('When it was disabled.')),
      }),
    ])
    .check(z.meta({ description: 'What paused the group. Absent while it is active.' }));

const fields = () => ({
  name: text('Its name.'),
  topic: text('The topic that it reads.'),
  mode: z.enum(['push', 'pull', 'shared']).check(
    z.meta({
      description:
        'How it gets its records: "push" by webhook; "pull" by consumers that share the partitions; "shared" by consumers that share the records.',
    }),
  ),
  status: z
    .enum(['active', 'paused'])
    .check(
      z.meta({ description: 'paused: by a request, or it has endpoints and all of them are disabled.' }),
    ),
  pausedBy: z.exactOptional(pause()),
  start: start(),
  sessionTimeoutSeconds: z.exactOptional(
    whole('Of "pull" and "shared": who has not polled for so long is no member any more.'),
  ),
  ackTimeoutSeconds: z.exactOptional(
    whole('Of "pull" and "shared": what is not acknowledged for so long is handed out again.'),
  ),
  maxDeliveries: z.exactOptional(
    z.nullable(whole('Of "shared": handed out so often, a record goes to the dead letters. null: never.')),
  ),
  delivery: z.exactOptional(delivery()),
  endpoints: whole('How many endpoints it has, disabled ones too.'),
  createdAt: time('When it was created.'),
});

export const groupAnswer = whenNeeded(() => z.object(fields()));
export type GroupAnswer = z.output<ReturnType<typeof groupAnswer>>;
