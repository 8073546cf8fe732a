import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { PlainError } from '../harness/progress.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const canBeRun = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const found = (): string | undefined => {
  const { CHROMIUM: given, PATH: path = '' } = process.env;
  const files = path.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...(given === undefined ? [] : [given]), ...files].find(canBeRun);
};

/**
 * Chromium, which finds no host but this machine by its address: what a page would fetch from elsewhere fails.
 * @throws PlainError that says what is missing.
 */
export const startChromium = (): Promise<Browser> => {
  const executablePath = found();
  if (executablePath === undefined)
    throw new PlainError(
      'Chromium is needed, as chromium (Debian: apt-get install chromium) or where CHROMIUM=/its/path says.',
    );
  return chromium.launch({
    executablePath,
    // Its own sandbox is not to be had as root or in most containers; the only page that is opened is ours.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
};
