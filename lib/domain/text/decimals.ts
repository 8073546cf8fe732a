/**
 * A whole number in decimal digits as there is one way to write it: no sign, no zero in front, at most 2^53 - 1. Undefined
 * for any other text. The one rule for numbers in addresses: partitions, offsets, limits.
 */
export const parseWhole = (text: string): number | undefined => {
  const number = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
};
