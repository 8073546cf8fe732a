import { readFileSync } from 'node:fs';

const manifest = new URL('../../package.json', import.meta.url);

const optionsOf = (command: string): readonly string[] => {
  const [matched, options = ''] = /^exec node (.*)lib\/local\/start\.mjs$/.exec(command) ?? [];
  if (matched === undefined) throw new Error(`npm start is not as it was: ${command}`);
  return options.split(' ').filter((option) => option !== '');
};

/** What `npm start` tells Node before the name of its program: whoever starts a broker to measure it tells it the same. */
export const startOptions = (): readonly string[] => {
  const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { scripts: { start: string } };
  return optionsOf(scripts.start);
};
