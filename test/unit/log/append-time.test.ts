import { expect, it } from 'vitest';
import { ArchiveReader } from '../../../lib/archive/read/reader.ts';
import { Reader } from '../../../lib/log/read/reader.ts';
import { jsonSegments } from '../../harness/json-segments.ts';
import { makeRig } from '../delivery/rig.ts';

it('says when a record was appended, of one in the midst of a batch too; of an archived one, when its segment begins', async () => {
  const made = await makeRig();
  const { batches, partitions, clock } = made;
  const begun = clock.now();
  made.append({ value: 0 });
  made.rig.pass(1000);
  made.append({ value: 1 }, { value: 2 }, { value: 3 });
  made.rig.pass(1000);
  made.append({ value: 4 });
  const archive = new ArchiveReader({ ...made, format: jsonSegments, clock });
  const reader = new Reader({ batches, partitions, archive, clock });
  const at = { topicId: 't1', partition: 0 };
  const times = (): Promise<unknown[]> =>
    Promise.all([0, 1, 3, 4, 5].map((offset) => reader.appendTime(at, offset)));
  expect(await times()).toEqual([begun, begun + 1000, begun + 1000, begun + 2000, undefined]);
  await made.archive(4);
  expect(await times()).toEqual([begun, begun, begun, begun + 2000, undefined]);
});
