import { readFile } from 'node:fs/promises';
import type { DocsAsset } from '../http/docs/page.ts';

/** Reads a file of Swagger UI from where npm has put it. */
export const installedAsset = (name: DocsAsset): Promise<Uint8Array<ArrayBuffer>> =>
  readFile(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)));
