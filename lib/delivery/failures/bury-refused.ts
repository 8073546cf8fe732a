import type { Wake } from '../../domain/delivery/wakes.ts';
import { Problem } from '../../domain/errors.ts';
import type { PushGroup } from '../../domain/groups/groups.ts';
import type { LogRecord } from '../../domain/records/records.ts';
import { buryRecord } from '../../groups/bury.ts';
import type { DeliverDeps } from '../deps.ts';
import { knownSubjectOf } from '../subject.ts';
import type { GivenUp } from './refusal.ts';

/** Writes a record that was refused to the dead letters. Gives why it could not, in words; undefined when it is there. */
export const buryRefused = async (
  deps: Pick<DeliverDeps, 'appender' | 'directory' | 'systemEvents' | 'telemetry'>,
  group: PushGroup,
  wake: Wake,
  record: LogRecord,
  letter: GivenUp,
): Promise<string | undefined> => {
  const { topic, name } = group;
  try {
    const { at, topic: from } = knownSubjectOf(wake, group);
    await buryRecord(deps, group, { record, at, topic: from, reason: 'refused', ...letter });
  } catch (error) {
    deps.telemetry.record({ kind: 'fault', where: 'writing dead letters', error });
    return error instanceof Problem ? error.message : 'The log did not take it.';
  }
  const place = { topic, group: name, partition: wake.partition, offset: record.offset };
  deps.telemetry.record({ kind: 'dead-lettered', ...place, refusals: letter.deliveries });
  return undefined;
};
