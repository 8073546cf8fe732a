import type { Bounds } from '../domain/groups/runs/hand-out.ts';
import type { SystemEvents } from '../events/system-events.ts';
import type { Appender } from '../log/append/appender.ts';
import type { RunReader } from '../log/read/run.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { CursorStore } from '../stores/cursors.ts';
import type { Expressions } from '../stores/expressions.ts';
import type { GroupStore } from '../stores/groups.ts';
import type { WakeQueue } from '../stores/wake-queue.ts';
import type { WebhookSender } from '../stores/webhooks.ts';
import type { Clock } from '../surroundings/clock.ts';
import type { Random } from '../surroundings/random.ts';
import type { Telemetry } from '../surroundings/telemetry.ts';
import type { TopicDirectory } from '../topics/directory.ts';
import type { AttemptLog } from './attempt-log/attempt-log.ts';
import type { DeliveryMemory } from './memory.ts';
import type { Pacing } from './pacing/pacing.ts';

/** What a deliverer works with. */
export interface DeliverDeps {
  /** The log. */
  readonly runs: RunReader;
  /** Appends dead letters, and whatever else a run has to say, to other topics than the one that it delivers. */
  readonly appender: Pick<Appender, 'append'>;
  readonly directory: Pick<TopicDirectory, 'resolve'>;
  readonly systemEvents: SystemEvents;
  readonly cursors: CursorStore;
  readonly groups: GroupStore;
  readonly queue: WakeQueue;
  readonly webhooks: WebhookSender;
  /** Evaluates filters and transforms. */
  readonly expressions: Expressions;
  /** One for each process. */
  readonly pacing: Pick<Pacing, 'enter'>;
  /** Opens what endpoints are called with. */
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** Without it no attempt is logged. */
  readonly attemptLog?: AttemptLog;
  /** How far a group whose order is by key or none may go ahead of its committed offset in a partition. */
  readonly bounds?: Bounds;
  /** What the process remembers; without it each run remembers for itself. */
  readonly memory?: DeliveryMemory;
}

/** The same within a run. */
export type RunDeps = DeliverDeps & Required<Pick<DeliverDeps, 'memory'>>;

/** The run that a deliverer has: one invocation of its function. */
export interface Run {
  /**
   * Of the queue's messages that it answers, at least one: what fails it fails them all. A message has the same id each
   * time that it is given out.
   */
  readonly messageIds: readonly [string, ...string[]];
  /** Ms until it is ended from outside. */
  remainingMs(): number;
}
