import { expect, it } from 'vitest';
import { deleteOrphans, orphanMinAgeMs } from '../../../lib/archive/orphans.ts';
import { objectName } from '../../../lib/domain/segments.ts';
import { hour, makeRig } from './rig.ts';

const name = (attempt: string, topic = 'orders') =>
  objectName({ topic, partition: 0, start: 0, end: 1, attempt });
const always = () => true;

it('deletes what no manifest names once it is a day old, and nothing else', async () => {
  const rig = await makeRig();
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  const named = await rig.names();
  await rig.objects.put(name('dead'), new Uint8Array(1));
  await rig.objects.put(name('gone', 'deleted-topic'), new Uint8Array(1));
  await rig.objects.put('notes.txt', new Uint8Array(1));
  await rig.objects.put('topic=orders/partition=0/somebody-elses.parquet', new Uint8Array(1));
  rig.pass(orphanMinAgeMs - 1);
  await rig.objects.put(name('young'), new Uint8Array(1));
  expect(await deleteOrphans(rig, undefined, always)).toEqual({ after: undefined, deleted: 0 });
  rig.pass(1);
  expect(await deleteOrphans(rig, undefined, always)).toEqual({ after: undefined, deleted: 2 });
  expect(await rig.names()).toEqual(
    [...named, name('young'), 'notes.txt', 'topic=orders/partition=0/somebody-elses.parquet'].sort(),
  );
});

it('deletes the objects of a topic whose name another has now', async () => {
  const rig = await makeRig();
  rig.append({ value: 1 });
  rig.pass(hour);
  await rig.archive();
  rig.pass(orphanMinAgeMs);
  const topics = { get: async () => ({ ...(await rig.topics.get('orders')), topicId: 't2' }) as never };
  expect(await deleteOrphans({ ...rig, topics }, undefined, always)).toMatchObject({ deleted: 1 });
  expect(await rig.names()).toEqual([]);
});

it('goes on where it was when its time was up, and says when it has looked at all', async () => {
  const rig = await makeRig();
  for (let attempt = 0; attempt < 1200; attempt += 1)
    await rig.objects.put(name(`a${attempt}`), new Uint8Array(1));
  rig.pass(orphanMinAgeMs);
  let looks = 0;
  const first = await deleteOrphans(rig, undefined, () => looks++ < 1);
  expect(first.deleted).toBe(500);
  expect(first.after).toBeDefined();
  expect(await deleteOrphans(rig, first.after, always)).toEqual({ after: undefined, deleted: 700 });
  expect(await rig.names()).toEqual([]);
});
