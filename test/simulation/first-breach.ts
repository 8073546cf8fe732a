export interface Seeds {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** The first seed whose world breaks an invariant (such as `pattern` says), with what it broke. */
export const firstBreach = async (
  run: (seed: number) => Promise<{ readonly breach: string | undefined }>,
  { from, to }: Seeds,
  pattern = /./,
): Promise<string | undefined> => {
  for (let seed = from; seed <= to; seed += 1) {
    const { breach } = await run(seed);
    if (breach !== undefined && pattern.test(breach)) return `seed ${seed}: ${breach}`;
  }
  return undefined;
};
