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
      readonly ms: number;
    }
  | {
      readonly kind: 'append-refused';
      readonly topicId: string;
      readonly partition: number;
      readonly reason: 'overloaded' | 'unknown' | 'unavailable';
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
      readonly requestId?: string;
    }
  | {
      readonly kind: 'endpoint-disabled';
      readonly topic: string;
      readonly group: string;
      readonly endpointId: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'lag';
      readonly topic: string;
      readonly group: string;
      readonly records: number;
      readonly oldestMs: number;
    }
  | { readonly kind: 'swept'; readonly wakes: number; readonly removals: number; readonly ms: number }
  | { readonly kind: 'fault'; readonly where: string; readonly error: unknown };

export interface Telemetry {
  record(event: TelemetryEvent): void;
}

export const noTelemetry: Telemetry = { record: () => undefined };
