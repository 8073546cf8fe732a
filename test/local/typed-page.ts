import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** A page of `docs/`, with what it says to type. */
export const pageOf = (name: string) => {
  const text = readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8');
  const fence = (language: string): RegExp => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return {
    text,
    /** What is fenced, in that language. */
    blocks: (language: string): readonly string[] =>
      [...text.matchAll(fence(language))].map(([, block = '']) => block),
  };
};

/** What somebody who follows a page has set: `$MILLRACE`, `$AUTH` and `$JSON`, as the README has them. */
export const setFor = ({ url, key }: { readonly url: string; readonly key: string }) => ({
  ...process.env,
  MILLRACE: url,
  AUTH: `Authorization: Bearer ${key}`,
  JSON: 'Content-Type: application/json',
});

/** What is answered to a script that is typed: JSON, one after the other. */
export const typed = async <Answer = unknown>(
  script: string,
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Promise<readonly Answer[]> => {
  const options = { env, ...(cwd !== undefined && { cwd }) };
  const { stdout } = await promisify(execFile)('sh', ['-ec', script], options);
  return stdout
    .replaceAll('}{', '}\n{')
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
};
