import type { UndecodableBatchError } from '../domain/errors.ts';

/** What happened, for logs and metrics. Never holds a key, a secret, or a record's content. */
export type TelemetryEvent =
  | {
      readonly kind: 'appended';
      readonly topicId: string;
      readonly partition: number;
      readonly records: number;
      readonly bytes: number;
      /** Appends that went together in this batch. */
      readonly appends: number;
      readonly conflicts: number;
      readonly throttles: number;
      /** From when its first append came, or from the batch before while appends waited, to the store's answer. */
      readonly ms: number;
      /** Of the call whose append is the first in the batch. */
      readonly requestId?: string;
    }
  | {
      readonly kind: 'append-refused';
      readonly topicId: string;
      readonly partition: number;
      readonly reason: 'overloaded' | 'unknown' | 'unavailable';
      readonly requestId?: string;
    }
  | {
      readonly kind: 'attempt';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly endpointId: string;
      readonly messageId: string;
      readonly outcome: 'acknowledged' | 'outage' | 'refusal';
      /** HTTP status, where there was an answer. */
      readonly status?: number;
      readonly records: number;
      /** Of the request. */
      readonly ms: number;
      /** From the append of the oldest record to its acknowledgement. */
      readonly sinceAppendMs?: number;
      /** Of the call that appended the first record, and the `traceparent` that came with it. */
      readonly requestId?: string;
      readonly traceparent?: string;
      /** The id of the call that asked for this delivery, as one that registered the endpoint. */
      readonly wokenBy?: string;
    }
  | {
      /** An attempt that the attempt log does not have: too many came, the store was too slow, or its write failed. */
      readonly kind: 'attempt-unlogged';
      readonly topic: string;
      readonly group: string;
      readonly reason: 'rate' | 'slow' | 'failed';
      readonly error?: unknown;
    }
  | {
      /** An attempt failed, and when the next one is. Not for logs that others keep: a URL may hold a secret. */
      readonly kind: 'retry-planned';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly endpointId: string;
      /** Of the endpoint, as it was registered. */
      readonly url: string;
      /** A sentence. */
      readonly reason: string;
      /** HTTP status, where there was an answer; a 2xx whose acknowledgement was refused. */
      readonly status?: number;
      /** How the answer's body began, where that is told. */
      readonly excerpt?: string;
      /** Until the next attempt. */
      readonly delayMs: number;
    }
  | {
      /** A message was not sent: its endpoint takes no more requests at a time, or so soon. No attempt was made. */
      readonly kind: 'put-off';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      /** `slot`: by `maxConcurrentRequests`; `place`: by `requestsPerSecond`. */
      readonly for: 'slot' | 'place';
      /** Until it is tried again. */
      readonly delayMs: number;
    }
  | {
      /** Somebody said by its token what became of a message. */
      readonly kind: 'said-by-token';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly outcome: 'ack' | 'nack' | 'extend';
      /** That are acknowledged by it. */
      readonly records: number;
    }
  | {
      /** A message that an endpoint took is refused: by whoever has it, or since nobody acknowledged it in time. */
      readonly kind: 'unacknowledged';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly messageId: string;
      readonly records: number;
      readonly why: 'nack' | 'timeout';
    }
  | {
      /** A record that endpoints refused is among the dead letters now. */
      readonly kind: 'dead-lettered';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly offset: number;
      /** How often it was refused. */
      readonly refusals: number;
    }
  | {
      /** Records that a group's filter left out, and that its cursor is past. */
      readonly kind: 'filtered';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly records: number;
    }
  | {
      /** Records on which a group's filter failed, which are sent all the same, or its transform, which are not. */
      readonly kind: 'expression-failed';
      readonly topic: string;
      readonly group: string;
      readonly partition: number;
      readonly expression: 'filter' | 'transform';
      readonly records: number;
      /** Of the failure of the first of them. */
      readonly code: string;
    }
  | {
      readonly kind: 'endpoint-disabled';
      readonly topic: string;
      readonly group: string;
      readonly endpointId: string;
      readonly reason: string;
    }
  | {
      /** A batch that stops whoever reads its partition in order. */
      readonly kind: 'undecodable-batch';
      readonly topic: string;
      readonly topicId: string;
      readonly partition: number;
      /** Offset of its first record, and the one after its last. */
      readonly base: number;
      readonly end: number;
      /** Of the error; it has nothing of the records. */
      readonly reason: string;
      /** Whose delivery it stopped; absent where it was fetched. */
      readonly group?: string;
      readonly requestId?: string;
    }
  | {
      /** Of a group that has not acknowledged all, at a sweep; of none that is paused. */
      readonly kind: 'lag';
      readonly topic: string;
      readonly group: string;
      readonly records: number;
      readonly oldestMs: number;
    }
  | {
      /** A group in which records wait, and nobody is given them: it is paused, or has no endpoint that is enabled. */
      readonly kind: 'paused';
      readonly topic: string;
      readonly group: string;
      readonly records: number;
    }
  | {
      /** A group that is pulled from, in which records wait: it has no member that is live. */
      readonly kind: 'abandoned';
      readonly topic: string;
      readonly group: string;
      readonly records: number;
    }
  | {
      /** Records of a shared or a push group that are on their way to the dead letters, which could not be written. */
      readonly kind: 'stuck';
      readonly topic: string;
      readonly group: string;
      readonly records: number;
    }
  | {
      readonly kind: 'swept';
      readonly wakes: number;
      readonly removals: number;
      /** Groups in which records wait that nobody is given. */
      readonly paused: number;
      /** Groups in which records wait that nobody asks for. */
      readonly abandoned: number;
      /** On their way to the dead letters, which could not be written. */
      readonly stuckRecords: number;
      /** What could not be done, and is left for the next sweep. */
      readonly failures: number;
      readonly ms: number;
    }
  | {
      /** A segment, from the first of its batches that was read until the manifest named it. */
      readonly kind: 'archived';
      readonly topic: string;
      readonly partition: number;
      /** Offsets, the last one exclusive. */
      readonly start: number;
      readonly end: number;
      readonly records: number;
      /** Of the batches in the log. */
      readonly bytes: number;
      readonly objectBytes: number;
      readonly ms: number;
    }
  | {
      /** A topic in which records should be archived and are not, at a sweep. */
      readonly kind: 'archive-late';
      readonly topic: string;
      /** Since the oldest of them was due. */
      readonly ms: number;
    }
  | {
      /** An attempt of a request that the store refused for want of capacity. */
      readonly kind: 'throttled';
      readonly table: 'log' | 'state';
    }
  | {
      readonly kind: 'fault';
      readonly where: string;
      readonly error: unknown;
      /** Of the call that it happened to, or that led to it. */
      readonly requestId?: string;
    };

export const undecodableBatch = (
  { base, end, message, partition }: UndecodableBatchError,
  reader: {
    readonly topic: string;
    readonly topicId: string;
    readonly group?: string;
    readonly requestId?: string;
  },
): TelemetryEvent => {
  const { topic, topicId, group, requestId } = reader;
  return {
    kind: 'undecodable-batch',
    topic,
    topicId,
    partition,
    base,
    end,
    reason: message,
    ...(group !== undefined && { group }),
    ...(requestId !== undefined && { requestId }),
  };
};

export interface Telemetry {
  record(event: TelemetryEvent): void;
}

export const noTelemetry: Telemetry = { record: () => undefined };
