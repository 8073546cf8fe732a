import { Problem } from '../domain/errors.ts';
import type { Telemetry, TelemetryEvent } from '../stores/telemetry.ts';

const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return error instanceof Problem ? `${error.message}${cause}` : (error.stack ?? error.message);
};

const call = (requestId: string | undefined): string => (requestId === undefined ? '' : ` (${requestId})`);

/** What a person at the terminal wants to know of `event`, if anything: what went wrong. */
const line = (event: TelemetryEvent): string | undefined => {
  switch (event.kind) {
    case 'attempt': {
      if (event.outcome === 'acknowledged') return undefined;
      const answer = event.status === undefined ? 'no answer' : `status ${event.status}`;
      return `webhook of ${event.topic}/${event.group}, partition ${event.partition}: ${answer}, will be tried again`;
    }
    case 'endpoint-disabled':
      return `webhook of ${event.topic}/${event.group} is disabled: ${event.reason}`;
    case 'undecodable-batch': {
      const stopped = event.group === undefined ? '' : `, which stops ${event.topic}/${event.group} there`;
      return `topic ${event.topic}: ${event.reason} Its offsets end before ${event.end}${stopped}`;
    }
    case 'append-refused':
      return `append to partition ${event.partition} of ${event.topicId} refused: ${event.reason}`;
    case 'fault':
      return `fault in ${event.where}${call(event.requestId)}: ${reason(event.error)}`;
    default:
      return undefined;
  }
};

/** Says on `write` what went wrong, one event a line (a fault with its stack). */
export const consoleTelemetry = (write: (text: string) => void): Telemetry => ({
  record: (event) => {
    const text = line(event);
    if (text !== undefined) write(`${text}\n`);
  },
});
