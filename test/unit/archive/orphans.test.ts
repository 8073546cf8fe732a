import { expect, it } from 'vitest';
import { deleteOrphans, orphanMinAgeMs } from '../../../lib/archive/orphans.ts';
import { objectName } from '../../../lib/domain/archive/segments.ts';
import { at, hour, makeRig } from './rig.ts';

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

it('leaves the newest segment until the manifest has it, however long that takes, and no longer', async () => {
  const rig = await makeRig();
  rig.append({ value: 1 });
  rig.pass(hour);
  const segments = Object.assign(Object.create(rig.segments) as typeof rig.segments, {
    newest: rig.segments.newest.bind(rig.segments),
    list: rig.segments.list.bind(rig.segments),
    seal: rig.segments.seal.bind(rig.segments),
    add: () => Promise.reject(new Error('died')),
  });
  await expect(rig.archive({ segments })).rejects.toThrow('died');
  rig.pass(3 * orphanMinAgeMs);
  expect(await deleteOrphans(rig, undefined, always)).toMatchObject({ deleted: 0 });
  await rig.archive();
  const [named] = await rig.manifest();
  expect(await rig.names()).toEqual([named?.object]);
  expect(await rig.state()).toMatchObject({ archivedThrough: 1 });
  expect(await deleteOrphans(rig, undefined, always)).toMatchObject({ deleted: 0 });
  // Another is in its place, and whoever put it there got no further.
  if (named !== undefined)
    await rig.segments.replace(at, named.object, { ...named, object: name('rewritten') });
  expect(await deleteOrphans(rig, undefined, always)).toMatchObject({ deleted: 1 });
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
