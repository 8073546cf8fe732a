import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { DamagedSegmentError } from '../../../../lib/archive/format.ts';
import { setFooterChecksum } from '../../../../lib/archive/parquet/footer-checksum.ts';
import { readRowGroup } from '../../../../lib/archive/parquet/row-group.ts';
import { readIndex } from '../../../../lib/archive/parquet/segment-index.ts';
import { recordOf } from '../../../harness/records.ts';
import { inLog } from './hard-records.ts';
import { indexOf, written } from './written.ts';

const secret = 'not to be told';
const records = inLog(
  Array.from({ length: 12 }, (_, n) =>
    recordOf({ key: `k${n}`, value: { secret, n }, ...(n % 3 === 0 && { headers: { n: `${n}` } }) }),
  ),
);
const segment = written(records, { rowGroupRecords: 6 });
const index = indexOf(segment);
const { body, footerBytes } = segment;
const footer = body.subarray(body.length - footerBytes);

const range = (group: number): Buffer => {
  const { from = 0, to = 0 } = index.groups[group]?.bytes ?? {};
  return Buffer.from(body.subarray(from, to));
};

const errorOf = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error;
  }
};

/** The bytes with each bit of theirs turned in its turn. */
function* damaged(bytes: Uint8Array): Generator<Buffer> {
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield copy;
  }
}

describe('a damaged segment', () => {
  it('is refused for one wrong bit of a row group, whichever it is', () => {
    for (const bytes of damaged(range(1)))
      expect(errorOf(() => readRowGroup(index, 1, bytes))).toBeInstanceOf(DamagedSegmentError);
  });

  it('is refused for one wrong bit of the footer, whichever it is', () => {
    for (const bytes of damaged(footer))
      expect(errorOf(() => readIndex(bytes, body.length))).toBeInstanceOf(DamagedSegmentError);
  });

  it('is refused where a row group is cut, too long, or another one', () => {
    const bytes = range(0);
    const others = [
      bytes.subarray(0, -1),
      bytes.subarray(1),
      Buffer.concat([bytes, Buffer.alloc(1)]),
      range(1),
    ];
    for (const other of [Buffer.alloc(0), ...others])
      expect(() => readRowGroup(index, 0, other)).toThrow(DamagedSegmentError);
  });

  it('is refused where the footer is cut, or the object shorter than it says', () => {
    for (let length = 0; length < footer.length; length += 1)
      expect(() => readIndex(footer.subarray(footer.length - length), body.length)).toThrow(
        DamagedSegmentError,
      );
    expect(() => readIndex(footer, body.length - 1)).toThrow(DamagedSegmentError);
  });

  it('is named with what is wrong, and without the records', () => {
    const bytes = range(1);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const error = errorOf(() => readRowGroup(index, 1, bytes));
    expect(error).toMatchObject({
      name: 'DamagedSegmentError',
      message: expect.stringContaining('record 6'),
    });
    expect(String(error)).not.toContain(secret);
  });
});

describe('what is no segment', () => {
  it('is refused: another Parquet file', () => {
    const columnData = [{ name: 'offset', data: [1n], type: 'INT64' as const }];
    const file = new Uint8Array(parquetWriteBuffer({ columnData }));
    expect(() => readIndex(file, file.length)).toThrow(DamagedSegmentError);
  });

  it('is refused, with its format, when a later version wrote it', () => {
    const later = Buffer.from(footer);
    const format = Buffer.from('millrace.format\x18\x011', 'latin1');
    const at = later.indexOf(format);
    expect(at).toBeGreaterThan(0);
    later.write('2', at + format.length - 1);
    const sum = later.indexOf('millrace.footer_crc32') + 'millrace.footer_crc32'.length + 2;
    later.write('00000000', sum);
    setFooterChecksum(later);
    expect(() => readIndex(later, body.length)).toThrow(/format 2/);
    expect(() => readIndex(later, body.length)).toThrow(DamagedSegmentError);
  });

  it('has no row group that the index does not name', () => {
    expect(() => readRowGroup(index, 2, range(1))).toThrow(RangeError);
  });
});
