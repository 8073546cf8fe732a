import type { PushGroup } from '../../domain/groups/groups.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import type { Pending } from '../pending.ts';

/** Who a message is for. */
export type Addressee = Pick<PushGroup, 'name' | 'topic'>;

/** What a request has of records. */
export interface Content {
  /** In lower case. An endpoint has none of its own in their place. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers of the record itself, in lower case. Where the endpoint has one of the same name, that is sent. */
  readonly recordHeaders?: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array;
}

/** How a request is made of records. It depends on nothing but these and whom it is for, so that each attempt sends the same. */
export interface Format {
  /**
   * A record as it stands in the body, which has a comma between two; its bytes count. Absent: a request has one record, of
   * whatever size.
   */
  readonly textOf?: (record: LogRecord, topic: string) => string;
  /** @param records with what `textOf` gives as their text; one, where the format has one a request. */
  readonly contentOf: (
    addressee: Addressee,
    partition: number,
    records: readonly [Pending, ...Pending[]],
  ) => Content;
}
