/** What a `Content-Type` says. */
export interface MediaType {
  /** In lower case, without parameters: `application/json`. */
  readonly type: string;
  /** The charset that it names, in lower case. */
  readonly charset: string | undefined;
  /** As it was given, without the white space around it. */
  readonly text: string;
}

const token = "[!#$%&'*+.^_`|~0-9a-z-]+";
const typePattern = new RegExp(`^(${token}/${token})[ \\t]*(?:;|$)`, 'i');
const charsetPattern = /;[ \t]*charset=(?:"([^"]*)"|([^\s;]*))/i;

/** Undefined for what is none (RFC 9110, 8.3.1). */
export const mediaType = (given: string): MediaType | undefined => {
  const text = given.trim();
  const [, type] = typePattern.exec(text) ?? [];
  if (type === undefined) return undefined;
  const [, quoted, bare] = charsetPattern.exec(text) ?? [];
  return { type: type.toLowerCase(), charset: (quoted ?? bare)?.toLowerCase(), text };
};

/** Whether text of it may be read as UTF-8, of which US-ASCII is a part. */
export const isUtf8 = ({ charset }: MediaType): boolean =>
  charset === undefined || ['utf-8', 'utf8', 'us-ascii'].includes(charset);

/** Whether it is said to be JSON: its subtype is `json`, or ends so. */
export const isJson = (type: string): boolean => /^[^/]+\/(?:[^/]+\+)?json$/.test(type);
