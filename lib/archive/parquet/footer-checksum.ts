import { crc32 } from 'node:zlib';
import type { KeyValue } from 'hyparquet';

/**
 * The checksum of a footer stands in the footer, as a value of its metadata: the CRC-32 of all of it with zeros in that
 * place. Parquet has checksums for pages alone, and a wrong bit in a footer may say that a column is empty.
 */
const key = 'millrace.footer_crc32';
const digits = 8;
const zeros = '0'.repeat(digits);

/** What goes before the checksum: in Thrift's compact protocol a field that follows its neighbour, of bytes, eight of them. */
const mark = Buffer.concat([Buffer.from(key), Buffer.from([0x18, digits])]);

const placeOf = (footer: Buffer): number => {
  const at = footer.indexOf(mark);
  return at < 0 ? -1 : at + mark.length;
};

const checksumOf = (footer: Uint8Array): string => crc32(footer).toString(16).padStart(digits, '0');

/** Makes room for the checksum. */
export const noChecksum: KeyValue = { key, value: zeros };

/** Puts the checksum into a footer that has `noChecksum` in its metadata. */
export const setFooterChecksum = (footer: Buffer): void => {
  footer.write(checksumOf(footer), placeOf(footer), 'latin1');
};

/** @throws Error when these are not the bytes of a footer as `setFooterChecksum` left it. */
export const checkFooter = (footer: Uint8Array): void => {
  const copy = Buffer.from(footer);
  const place = placeOf(copy);
  if (place < 0) throw new Error('It is not that of a segment.');
  const said = copy.toString('latin1', place, place + digits);
  copy.write(zeros, place, 'latin1');
  if (said !== checksumOf(copy)) throw new Error('Its checksum is another.');
};
