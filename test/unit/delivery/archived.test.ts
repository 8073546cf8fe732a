import { describe, expect, it } from 'vitest';
import { Backlog } from '../../../lib/delivery/backlog.ts';
import { bodyText } from '../../harness/body-text.ts';
import { answered, makeRig, offsetsOf, ok } from './rig.ts';

const at = { topicId: 't1', partition: 0 };
const upTo = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, index) => from + index);

/** A group with messages of five, and `count` batches of two records. */
const filled = async (count: number) => {
  const made = await makeRig({ delivery: { batchSize: 5 } });
  for (let base = 0; base < 2 * count; base += 2) made.append({ value: base }, { value: base + 1 });
  return made;
};

describe('a group that is behind what is archived', () => {
  it('is sent every record, in order and once, the same as without an archive', async () => {
    const live = await filled(12);
    await live.deliver();
    const { deliver, archive, sent, cursor } = await filled(12);
    await archive(8);
    await archive(20);
    await deliver();
    expect(sent.flatMap(offsetsOf)).toEqual(upTo(0, 24));
    expect(
      sent.flatMap((each) => (JSON.parse(bodyText(each)) as { data: { records: unknown[] } }).data.records),
    ).toEqual(
      live.sent.flatMap(
        (each) => (JSON.parse(bodyText(each)) as { data: { records: unknown[] } }).data.records,
      ),
    );
    expect(await cursor()).toMatchObject({ committed: 24, leaseUntil: 0 });
  });

  it('is sent messages of full size, as far as a look into the archive reaches', async () => {
    const { deliver, archive, sent } = await filled(12);
    await archive(24);
    await deliver();
    expect(sent.map((request) => offsetsOf(request).length)).toEqual([5, 5, 5, 5, 4]);
  });

  it('asks for the state of the partition once, and then for the log no more than the archive has not', async () => {
    const { deliver, archive, calls } = await filled(12);
    await archive(22);
    calls.length = 0;
    await deliver();
    const asked = calls.filter((call) => call.startsWith('batches') || call.startsWith('partitions'));
    expect(asked).toEqual([
      // Nothing is where the cursor is, and so it is looked for in the archive.
      'batches.range',
      'batches.floor',
      'partitions.get',
      // What is behind the archive, and the end.
      'batches.range',
      'batches.range',
    ]);
  });

  it('is sent the same message again where it failed, though it was archived meanwhile', async () => {
    const { rig, deliver, archive, sent, takeWakes } = await filled(12);
    rig.answer = () => answered(500);
    await deliver();
    await archive(20);
    rig.answer = () => ok;
    for (const { wake, delayMs } of takeWakes()) {
      rig.pass(delayMs);
      await deliver(wake);
    }
    expect(sent[1]?.body).toBe(sent[0]?.body);
    expect(sent.slice(1).flatMap(offsetsOf)).toEqual(upTo(0, 24));
  });

  it('is sent nothing twice that is archived in the midst of a run, in other parts than it was read in', async () => {
    const { archive, deps } = await filled(12);
    const backlog = new Backlog(deps.runs, at, 1_000_000);
    const next = async (from: number) =>
      (await backlog.next({ from, maxRecords: 5 })).records.map(({ offset }) => offset);
    expect(await next(0)).toEqual(upTo(0, 5));
    // Five batches were read, to 10, and a row group has three records.
    await archive(24);
    expect(await next(5)).toEqual(upTo(5, 10));
    expect(await next(7)).toEqual(upTo(7, 12));
    expect(await next(12)).toEqual(upTo(12, 17));
  });

  it('costs no request more where it is not: a lone record takes two reads and two writes', async () => {
    const { deliver, archive, append, calls } = await filled(12);
    await deliver();
    await archive(24);
    append({ value: 'lone' });
    calls.length = 0;
    await deliver();
    expect(calls.filter((call) => call !== 'post')).toEqual([
      'batches.range',
      'cursors.acquire',
      'cursors.commit',
      'batches.range',
    ]);
  });
});

describe('records that compaction took away', () => {
  it('are passed over, and the cursor ends behind them', async () => {
    const { deliver, archive, sent, cursor } = await filled(12);
    await archive(24, (offset) => offset % 6 === 1);
    await deliver();
    expect(sent.flatMap(offsetsOf)).toEqual([1, 7, 13, 19]);
    expect(await cursor()).toMatchObject({ committed: 24, leaseUntil: 0 });
    expect(await cursor()).not.toHaveProperty('lost');
  });

  it('do not end a message that is known by its end', async () => {
    const { archive, deps } = await filled(12);
    await archive(20, (offset) => offset === 3 || offset === 15);
    const backlog = new Backlog(deps.runs, at, 1_000_000);
    const next = async (from: number, end?: number) => {
      const wanted = { from, maxRecords: 5, ...(end !== undefined && { end }) };
      return (await backlog.next(wanted)).records.map(({ offset }) => offset);
    };
    expect(await next(0, 16)).toEqual([3, 15]);
    expect(await next(4, 10)).toEqual([15, 20, 21, 22, 23]);
  });
});

describe('a group whose records retention took', () => {
  it('goes on at the start of the partition, and they are counted with the first message behind them', async () => {
    const { rig, deliver, archive, trim, sent, cursor } = await filled(12);
    await archive(10);
    await archive(20);
    await trim(13);
    const seen: unknown[] = [];
    rig.answer = async () => {
      seen.push(await cursor());
      return ok;
    };
    await deliver();
    // The segment of the start is there, and what is in it below the start is not for anybody.
    expect(sent.flatMap(offsetsOf)).toEqual(upTo(13, 24));
    expect(seen[0]).toMatchObject({ committed: 13, lost: 13 });
    expect(await cursor()).toMatchObject({ committed: 24, lost: 13, leaseUntil: 0 });
  });

  it('counts on from what it lost before, also in the midst of a run', async () => {
    const { rig, deliver, append, trim, sent, cursor } = await filled(12);
    await trim(4);
    rig.answer = async () => {
      // What the run has read already it delivers.
      if (sent.length === 1) await trim(22);
      return ok;
    };
    await deliver();
    const [delivered = []] = [sent.flatMap(offsetsOf)];
    const lost = 24 - delivered.length;
    expect(await cursor()).toMatchObject({ committed: 24, lost });
    expect(lost).toBeGreaterThan(4);
    append({ value: 1 }, { value: 2 });
    append({ value: 3 });
    await trim(26);
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 27, lost: lost + 2 });
  });

  it('is not moved past what is gone where nothing is left: that would count nothing', async () => {
    const { trim, deps } = await filled(12);
    const backlog = new Backlog(deps.runs, at, 1_000_000);
    expect((await backlog.next({ from: 0, maxRecords: 2 })).records).toHaveLength(2);
    await trim(24);
    expect(await backlog.next({ from: 4, maxRecords: 2 })).toEqual({ records: [], lost: 20 });
    expect(backlog.pastHoles(4)).toBe(4);
  });

  it('is sent nothing below the start by a process that knows it, though the batches are still there', async () => {
    const { deps, partitions } = await filled(12);
    await partitions.advance(at, 'startOffset', 3);
    await deps.runs.offsets.state(at);
    const { records, lost } = await new Backlog(deps.runs, at, 1_000_000).next({ from: 0, maxRecords: 3 });
    expect([records.map(({ offset }) => offset), lost]).toEqual([[3, 4, 5], 3]);
  });

  it('keeps the count through failures', async () => {
    const { rig, deliver, trim, cursor, takeWakes } = await filled(12);
    await trim(4);
    rig.answer = () => answered(500);
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 4, lost: 4, attempts: 1 });
    rig.answer = () => ok;
    for (const { wake, delayMs } of takeWakes()) {
      rig.pass(delayMs);
      await deliver(wake);
    }
    expect(await cursor()).toMatchObject({ committed: 24, lost: 4 });
  });

  it('counts those that it lost before it had a cursor, from where it began', async () => {
    const made = await makeRig({ group: { startOffsets: [1] } });
    for (let value = 0; value < 6; value += 1) made.append({ value });
    await made.trim(4);
    await made.deliver();
    expect(made.sent.flatMap(offsetsOf)).toEqual([4, 5]);
    expect(await made.cursor()).toMatchObject({ committed: 6, lost: 3 });
  });

  it('does not take for delivered what is gone where nothing is left', async () => {
    const { rig, deliver, trim, append, sent, cursor } = await filled(1);
    rig.answer = async () => {
      append({ value: 2 }, { value: 3 });
      await trim(4);
      append({ value: 4 });
      await trim(5);
      return ok;
    };
    await deliver();
    expect(sent.flatMap(offsetsOf)).toEqual([0, 1]);
    expect(await cursor()).toMatchObject({ committed: 2, leaseUntil: 0 });
    append({ value: 5 });
    rig.answer = () => ok;
    await deliver();
    expect(await cursor()).toMatchObject({ committed: 6, lost: 3 });
  });
});
