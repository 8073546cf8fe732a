import type { Cursor } from './cursors.ts';

/** Records that are sent to one endpoint once more, beside the deliveries of its group: the newest such request. */
export interface Resend {
  /** Unique for ever: the lane of the cursors that go through them. */
  readonly resendId: string;
  /** By partition of the group's topic: the first offset, and the one after the last. */
  readonly ranges: Readonly<Record<string, readonly [from: number, to: number]>>;
  /** Wall clock ms. */
  readonly requestedAt: number;
}

/** An endpoint that could not be called so often, one time after the other, is left alone: its partition's resend is over. */
export const resendAttempts = 10;

/** Whether a resend in one partition has ended before its last record. */
export const hasGivenUp = ({ attempts, retryAt }: Pick<Cursor, 'attempts' | 'retryAt'>): boolean =>
  attempts >= resendAttempts && retryAt === 0;
