import { limits } from '../domain/limits.ts';

/** A wake was not answered to its end, so that its message must be shown again. `cause` says why. */
export class UnansweredError extends Error {
  override readonly name: string = 'UnansweredError';
  /** How long the lease may still be held under which the message is answered, ms; 0 when none can be. */
  readonly leaseMs: number;

  constructor(cause: unknown, leaseMs: number) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.leaseMs = leaseMs;
  }
}

/** Another run answers the same message: nothing is wrong, but until that run is over the message must not be forgotten. */
export class AnsweredElsewhereError extends UnansweredError {
  override readonly name = 'AnsweredElsewhereError';

  constructor(leaseMs: number) {
    super('Another run answers the same message.', leaseMs);
  }
}

const firstPauseMs = 2000;
/** The queue and the store need not agree to the moment on when a lease is over. */
const afterLeaseMs = 1000;

/**
 * How soon the message of a wake that failed is shown again, ms: as soon as the lease is over that keeps it from being
 * answered. At least after a pause that doubles each time, so that the store may be away for minutes before the queue
 * gives a wake up (`limits.wakeReceives`).
 * @param receives how often the message was given out, this time included.
 */
export const shownAgainAfterMs = (error: unknown, receives: number): number => {
  const leaseMs = error instanceof UnansweredError ? error.leaseMs : 0;
  const pauseMs = Math.min(firstPauseMs * 2 ** (receives - 1), limits.wakeVisibilityMs);
  return Math.max(leaseMs === 0 ? 0 : leaseMs + afterLeaseMs, pauseMs);
};
