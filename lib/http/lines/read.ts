const newline = 0x0a;

/**
 * Calls `take` with each line of a body, without its break, and its number, from 1. The last line may have no break. Of the
 * parts that were looked at nothing is kept but a line that has not ended.
 */
export const eachLine = async (
  parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  take: (line: Buffer, number: number) => void,
): Promise<void> => {
  let rest: Uint8Array[] = [];
  let number = 1;
  for await (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    let from = 0;
    for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
      const line = bytes.subarray(from, to);
      take(rest.length === 0 ? line : Buffer.concat([...rest, line]), number);
      rest = [];
      number += 1;
      from = to + 1;
    }
    if (from < bytes.length) rest.push(bytes.subarray(from));
  }
  if (rest.length > 0) take(Buffer.concat(rest), number);
};
