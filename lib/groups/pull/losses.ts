import { recordsLost } from '../../domain/events/events.ts';
import type { Cursor, CursorRef } from '../../domain/groups/cursors.ts';
import type { Change } from './cursor-changes.ts';
import type { PollDeps, Subject } from './deps.ts';

/** What `next` counts as lost and `before` did not. */
const lossBetween = (before: Cursor, next: Cursor | undefined) => {
  const records = (next?.lost ?? 0) - (before.lost ?? 0);
  return next === undefined || records <= 0
    ? undefined
    : { from: before.committed, to: next.committed, records };
};

/** Makes a change of a cursor, and tells what it counts as lost once that is stored. Throws as `CursorChanges.change`. */
export const changeAndTell = async <Answer>(
  { changes, systemEvents, clock }: Pick<PollDeps, 'changes' | 'systemEvents' | 'clock'>,
  { group }: Pick<Subject, 'group'>,
  { ref, start }: { readonly ref: CursorRef; readonly start: number },
  change: Change<Answer>,
): Promise<Answer> => {
  let loss: ReturnType<typeof lossBetween>;
  const answer = await changes.change(ref, start, (cursor) => {
    const changed = change(cursor);
    loss = lossBetween(cursor, changed.next);
    return changed;
  });
  // Dead letters that a redrive goes through are of another topic.
  if (loss !== undefined && ref.lane === undefined)
    await systemEvents.tell(recordsLost(group, { partition: ref.partition, ...loss }, clock.now()));
  return answer;
};
