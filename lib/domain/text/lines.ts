const byteOrderMark = Buffer.from('\ufeff');

/** Some programs begin a text with a byte order mark, which is none of it. */
export const withoutByteOrderMark = (text: Buffer): Buffer =>
  text.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? text.subarray(byteOrderMark.length) : text;

/** Whether a line has nothing but what may stand between the tokens of JSON; it may end with the CR of its break. */
export const isBlank = (line: Buffer): boolean =>
  line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
