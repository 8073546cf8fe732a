/**
 * What `npm start` runs, in words that every Node understands: it says what is missing where the broker itself could not
 * even be read.
 *
 * `npm start` has V8 keep what is new within two spaces of 32 MB (`--max-semi-space-size=32`, which has to be said before the
 * process begins). On a machine with much memory V8 takes 64 MB for each, by itself, and lets as much of what is outside
 * of its heap wait until they are full: some 60 to 100 MB more, for time that cannot be measured. With 16 MB it takes some
 * 5 % more time. `bench:archive -- --part broker` and `bench:http` tell.
 */

/** The first that runs TypeScript as it is, without a flag, and has SQLite. */
const oldest = [22, 18];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]) || (major === 23 && minor < 6);

const end = (/** @type {string} */ sentence) => {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
};

if (isOld)
  end(
    `Millrace needs Node ${oldest.join('.')} or later to run, and this is ${process.versions.node}: run npm ci, which installs a newer one in this folder, and then npm start, which takes that one.`,
  );

import('./main.ts').catch((error) => {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !/^Cannot find package/.test(error.message)) throw error;
  end(
    `Not everything is installed that Millrace needs (${error.message.split(' imported')[0]}): run npm ci first.`,
  );
});
