/** Controls, formats (with those that turn the direction of writing), and separators of lines and paragraphs. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** Letters of some scripts carry three; many more would be drawn over the lines above and below. */
const manyMarks = /(\p{M}{4})\p{M}+/gu;
const replacement = '\ufffd';

/** `text` without what could move a terminal's cursor, change its colours or begin a line: each stands as U+FFFD. */
export const plainLine = (text: string): string => text.replace(unseen, replacement).replace(manyMarks, '$1');

/** As `plainLine`, with the line breaks and tabs that it has. */
export const plainLines = (text: string): string =>
  text
    .replace(unseen, (character) => (/[\n\t]/.test(character) ? character : replacement))
    .replace(manyMarks, '$1');

/** `text` as one line of words: whatever is unseen, and every stretch of spaces, is one space. */
export const inOneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\s]+/gu, ' ')
    .trim()
    .replace(manyMarks, '$1');
