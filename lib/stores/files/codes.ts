/** The system's name for what went wrong, as `ENOENT`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

const absent = new Set(['ENOENT', 'ENOTDIR']);
const full = new Set(['ENOSPC', 'EDQUOT']);

/** Whether there is nothing of that name. */
export const isAbsent = (error: unknown): boolean => absent.has(codeOf(error) ?? '');

/** Whether the disk, or this user's share of it, is full. */
export const isFull = (error: unknown): boolean => full.has(codeOf(error) ?? '');
