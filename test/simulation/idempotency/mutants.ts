import type { Batch } from '../../../lib/domain/records/batches.ts';
import type { BatchStore } from '../../../lib/stores/batches.ts';
import type { Intent, IntentStore } from '../../../lib/stores/intents.ts';
import type { MemoryIntentStore } from '../../../lib/stores/memory/intents.ts';
import type { IdempotencyVariant } from './variant.ts';

/** As the store is, but for what `move` asks of an intent. */
const moving =
  (mayMove: (standing: Intent, to: { readonly attempt: string; readonly slot: number }) => boolean) =>
  (table: MemoryIntentStore): IntentStore => ({
    begin: (ref, intent, now) => table.begin(ref, intent, now),
    find: (ref) => table.find(ref),
    takeOver: (ref, from) => table.takeOver(ref, from),
    move: async (ref, to) => {
      const standing = table.standing(ref);
      if (standing === undefined || !mayMove(standing, to)) return false;
      table.place(ref, { ...standing, slot: to.slot, expiresAt: to.expiresAt });
      return true;
    },
  });

const movedByAnybody = moving((standing, to) => standing.slot <= to.slot);
const goingBack = moving((standing, to) => standing.attempt === to.attempt);

/** Looks where the intent was when it was found, and not where the takeover found it. */
const slotOfBefore: IdempotencyVariant['intents'] = (store) => {
  const found = new Map<string, Intent>();
  return {
    ...store,
    begin: async (ref, intent, now, signal) => {
      const standing = await store.begin(ref, intent, now, signal);
      found.set(ref.key, standing);
      return standing;
    },
    takeOver: async (ref, from, signal) => {
      const taken = await store.takeOver(ref, from, signal);
      return taken && { ...taken, slot: found.get(ref.key)?.slot ?? taken.slot };
    },
  };
};

/** An intent that is not there is nothing to stop for. */
const unwritten: IdempotencyVariant['intents'] = (store) => ({
  ...store,
  begin: async (_ref, intent) => intent,
  move: async () => true,
});

/** A takeover leaves the attempt as it is: both may move it. */
const takenByNobody: IdempotencyVariant['intents'] = (store: IntentStore) => ({
  ...store,
  takeOver: async (ref, from, signal) => {
    const taken = await store.takeOver(ref, { ...from, by: from.attempt }, signal);
    return taken;
  },
});

/** What a batch says of producers is what the batch before it said, as where they are judged before the tail is known. */
const judgingBeforeTheTail = (store: BatchStore): BatchStore => {
  let before: Uint8Array | undefined;
  const late = (batch: Batch): Batch => {
    const { producers, ...rest } = batch;
    const told = before;
    before = producers;
    return { ...rest, ...(told !== undefined && { producers: told }) };
  };
  return {
    ...store,
    last: async (at, signal) => {
      const last = await store.last(at, signal);
      return last && late(last);
    },
  };
};

/** The winner of a slot hands nothing on. */
const droppingProducers = (store: BatchStore): BatchStore => ({
  ...store,
  putIfAbsent: (at, { producers: _, ...batch }, attempt) => store.putIfAbsent(at, batch, attempt),
});

/** Batches say nothing of the keys that their records came with. */
const unmarked = (store: BatchStore): BatchStore => ({
  ...store,
  putIfAbsent: (at, { idempotencyKeys: _, ...batch }, attempt) => store.putIfAbsent(at, batch, attempt),
});

/** The protocol without one of its rules, each on its own: what each rule is for. */
export const idempotencyMutants = {
  movesWithoutFencing: { name: 'moves an intent that is of another attempt', table: movedByAnybody },
  takesOverWithoutFencing: { name: 'takes an intent over and leaves its attempt id', intents: takenByNobody },
  readsTheSlotBefore: { name: 'looks at the slot that it read before the takeover', intents: slotOfBefore },
  goesBack: { name: 'lets an intent go back', table: goingBack },
  writesNoIntent: { name: 'puts without having written down where', intents: unwritten },
  marksNoBatch: { name: 'puts batches without their keys', batches: unmarked },
  trimsKeyedEarly: { name: 'trims batches of a key as early as others', trim: { keyedMinAgeMs: 0 } },
  judgesBeforeTheTail: {
    name: 'checks a sequence before the tail is known',
    batches: judgingBeforeTheTail,
  },
  handsNothingOn: { name: 'puts batches that hand no producers on', batches: droppingProducers },
  parksNobody: {
    name: 'drops producers without having parked them',
    producers: (store) => ({ ...store, park: async () => undefined }),
  },
  forgetsParked: {
    name: 'does not ask for producers that are parked',
    producers: (store) => ({ ...store, get: async () => undefined }),
  },
} as const satisfies Record<string, IdempotencyVariant>;
