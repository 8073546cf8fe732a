import { codeOf } from './codes.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'its file system can only be read',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'it is a file',
  EISDIR: 'it is a folder',
  ENOENT: 'nothing can be made there',
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is full",
  EFBIG: 'a file may not be so large there',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links lead in a circle',
};

/** Why a path cannot be used, as the end of a sentence. */
export const whyNot = (error: unknown): string => {
  const code = codeOf(error) ?? '';
  const text = error instanceof Error ? error.message : String(error);
  return reasons[code] === undefined ? text : `${reasons[code]} (${code})`;
};
