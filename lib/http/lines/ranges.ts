/** Numbers, which only grow, as a person and a program write some lines of a file: `1-1000,1003,1005-1009`. */
export const ranges = (numbers: readonly number[]): string => {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; at += 1) {
    const from = numbers[at] ?? 0;
    while (numbers[at + 1] === (numbers[at] ?? 0) + 1) at += 1;
    const to = numbers[at] ?? 0;
    parts.push(from === to ? `${from}` : `${from}-${to}`);
  }
  return parts.join(',');
};
