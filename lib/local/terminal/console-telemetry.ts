import { Problem, RefusedError } from '../../domain/errors.ts';
import { plainLines } from '../../domain/text/plain-text.ts';
import { timestampText } from '../../domain/text/timestamps.ts';
import type { Clock } from '../../surroundings/clock.ts';
import type { Telemetry, TelemetryEvent } from '../../surroundings/telemetry.ts';
import { Repeats } from './repeats.ts';
import { WebhookLines } from './webhook-lines.ts';

const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  // What a store refuses, as when the disk is full, is to be mended outside: where in the code it came up says nothing.
  if (error instanceof RefusedError) return error.message;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return error instanceof Problem ? `${error.message}${cause}` : (error.stack ?? error.message);
};

const call = (requestId: string | undefined): string => (requestId === undefined ? '' : ` (${requestId})`);

/** A line, and by what the same is known when it comes again. */
interface Line {
  readonly text: string;
  readonly sameness: string;
}

/** What a person at the terminal wants to know of `event`, if anything: what went wrong. Webhooks have lines of their own. */
const lineOf = (event: TelemetryEvent): Line | undefined => {
  switch (event.kind) {
    case 'undecodable-batch': {
      const stopped = event.group === undefined ? '' : `, which stops ${event.topic}/${event.group} there`;
      const text = `topic ${event.topic}: ${event.reason} Its offsets end before ${event.end}${stopped}`;
      return { text, sameness: text };
    }
    case 'append-refused': {
      const text = `append to partition ${event.partition} of ${event.topicId} refused: ${event.reason}`;
      return { text, sameness: text };
    }
    case 'stuck': {
      const sameness = `dead letters of ${event.topic}/${event.group} could not be written`;
      return { text: `${sameness}: ${event.records} wait, and are tried again`, sameness };
    }
    case 'fault': {
      const { where, error, requestId } = event;
      const message = error instanceof Error ? error.message : String(error);
      return {
        text: `fault in ${where}${call(requestId)}: ${reason(error)}`,
        sameness: `fault in ${where}: ${message}`,
      };
    }
    default:
      return undefined;
  }
};

/**
 * Says on `write` what went wrong, with the time, one event a line (a fault with its stack). The same thing is said once a
 * minute, with how often it came.
 */
export const consoleTelemetry = (
  write: (text: string) => void,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): Telemetry => {
  const webhooks = new WebhookLines();
  const repeats = new Repeats();
  const textOf = (event: TelemetryEvent): string | undefined => {
    const now = clock.monotonic();
    if (event.kind === 'retry-planned') return webhooks.failed(event, now);
    if (event.kind === 'endpoint-disabled') return webhooks.disabled(event);
    if (event.kind === 'attempt')
      return event.outcome === 'acknowledged' ? webhooks.acknowledged(event) : undefined;
    const line = lineOf(event);
    const times = line && repeats.maySay(line.sameness, now);
    if (line === undefined || times === undefined) return undefined;
    return times === 0 ? line.text : `${line.text}\n  the same ${times} times more since it was said last`;
  };
  return {
    record: (event) => {
      const text = textOf(event);
      if (text !== undefined)
        write(`${timestampText(clock.now()).replace(/\.\d+Z$/, 'Z')} ${plainLines(text)}\n`);
    },
  };
};
