/** `text` with the characters of `these` percent-encoded, as UTF-8. Half of a surrogate pair becomes U+FFFD. */
const encoded = (text: string, these: RegExp): string =>
  text.toWellFormed().replace(these, encodeURIComponent);

/**
 * The value of an attribute as that of a header (CloudEvents' binding to HTTP, 3.1.3.2): whatever is no printable ASCII is
 * percent-encoded, and so are spaces, double quotes and percent signs.
 */
export const attributeValue = (text: string): string => encoded(text, /[^\x21\x23\x24\x26-\x7e]+/g);

/**
 * Any text as the value of a header, for `decodeURIComponent` to read: printable ASCII stays as it is but for percent signs, and
 * for spaces at either end, which would be lost on the way.
 */
export const headerValue = (text: string): string => encoded(text, /[^\x20-\x24\x26-\x7e]+|^ +| +$/g);
