import type { Acknowledgement } from '../domain/acknowledgements/acknowledgement.ts';

export interface WebhookRequest {
  /** http or https; whether it may be called at all is checked when it connects. */
  readonly url: string;
  /** Default: POST. */
  readonly method?: 'POST' | 'OPTIONS';
  readonly headers: Readonly<Record<string, string>>;
  /** Names of those headers that hold something of a record. */
  readonly ofRecords?: readonly string[];
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array;
  /** Of the whole exchange, in ms: from the name's resolution until it is known what the answer says. */
  readonly timeoutMs: number;
  /** Whether it is also told how the body of a 2xx begins. */
  readonly tellsSuccess?: boolean;
  /** Whether nobody wants to be told how a body begins: to find out whether that may be told takes some ms. */
  readonly tellsNothing?: boolean;
  /** Whether the body of the answer is told as it is, instead of what it says of records: of a request that is no message. */
  readonly tellsBody?: boolean;
}

export type WebhookAnswer =
  | {
      readonly kind: 'answered';
      /** HTTP status. A redirect is an answer as any other: it is not followed. */
      readonly status: number;
      /** The `Retry-After` header as it came. */
      readonly retryAfter?: string;
      /**
       * How the body begins, for a person, a KiB at most: where that is asked for, and holds nothing of the request. Of a 2xx only where it
       * is to be told, or cannot be understood.
       */
      readonly excerpt?: string;
      /** Of OPTIONS: `WebHook-Allowed-Origin` and `WebHook-Allowed-Rate` as they came. */
      readonly allowed?: { readonly origin?: string; readonly rate?: string };
      /** The body, where that is asked for, and it is text of 64 KiB at most. */
      readonly body?: string;
      /** What the body of a 2xx says of the records; without it all of them are acknowledged. */
      readonly acknowledged?: Acknowledgement;
    }
  | {
      readonly kind: 'unreachable';
      /** For people: holds nothing of the request's headers or body. */
      readonly reason: string;
    };

/** Calls webhooks. */
export interface WebhookSender {
  /**
   * One request: a POST, unless it says otherwise. An endpoint that does not take it may have seen it all the same. Whatever it does becomes an answer: this
   * does not throw.
   */
  post(request: WebhookRequest): Promise<WebhookAnswer>;
}
