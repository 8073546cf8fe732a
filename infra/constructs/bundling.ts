import type { BuildOptions } from 'esbuild';

/**
 * How a function becomes one file. CDK and the tests that load each bundle both build from here.
 *
 * ES modules, with two concessions to dependencies that are still CommonJS inside: `module` before `main`, and a
 * `require` that works (without it: `Dynamic require of "node:https" is not supported`).
 */
export const bundle = {
  target: 'node24',
  format: 'esm',
  mainFields: ['module', 'main'],
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  minify: true,
  /** Stack traces name the source; the sources themselves are in the repository. */
  sourceMap: true,
  sourcesContent: false,
  /**
   * Left out: where else the SDK looks for credentials, by imports that are made only then. A function has its role's in its
   * environment, where it looks first; these bring clients of four more services, a quarter of a bundle.
   */
  external: [
    '@aws-sdk/credential-provider-ini',
    '@aws-sdk/credential-provider-process',
    '@aws-sdk/credential-provider-sso',
    '@aws-sdk/credential-provider-web-identity',
    // Loaded late: see `lateParts`.
    'ajv/dist/2020.js',
    'ajv-formats/dist/formats.js',
    'jsonata/jsonata.js',
  ],
  /** `.mjs`, so that Node takes it for a module without a `package.json` beside it. */
  outputFile: 'index.mjs',
} as const;

/** One Lambda each, by the name of its folder under `functions/`. */
export const functionNames = [
  'produce',
  'consume',
  'pull',
  'acks',
  'admin',
  'on-append',
  'deliver',
  'sweep',
  'archive',
  'describe',
  'keyring',
] as const;
export type FunctionName = (typeof functionNames)[number];

export const root = new URL('../..', import.meta.url).pathname;

export const entryOf = (name: FunctionName): string => `${root}functions/${name}/handler.ts`;

const swaggerUi = ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'].map(
  (name) => `node_modules/swagger-ui-dist/${name}`,
);

/** Files that lie beside a function's bundle, by their paths from the root. */
export const filesBeside = (name: FunctionName): readonly string[] => (name === 'describe' ? swaggerUi : []);

/** A part of a function that is loaded when it is needed: a file of its own beside its bundle, so that no start reads it. */
interface LatePart {
  /** By its path from the root. */
  readonly entry: string;
  /** By its path from the bundle's folder. */
  readonly file: string;
  readonly format: 'cjs' | 'esm';
}

const library = (name: string): LatePart => ({
  entry: `node_modules/${name}`,
  file: `node_modules/${name}`,
  format: 'cjs',
});

/** Loaded where the first topic with a schema is met. */
const schemas = [library('ajv/dist/2020.js'), library('ajv-formats/dist/formats.js')];
/** Loaded where the first filter or transform is set. */
const language = library('jsonata/jsonata.js');
/** The process that is started where the first group with one is met. */
const expressions: LatePart = {
  entry: 'lib/stores/expressions/expressions.mjs',
  file: 'expressions.mjs',
  format: 'esm',
};

export const lateParts = (name: FunctionName): readonly LatePart[] => {
  if (name === 'admin') return [...schemas, language];
  if (name === 'produce') return schemas;
  return name === 'deliver' ? [language, expressions] : [];
};

const lateOptions = ({ entry, file, format }: LatePart, folder: string): BuildOptions => ({
  entryPoints: [`${root}${entry}`],
  outfile: `${folder}/${file}`,
  bundle: true,
  platform: 'node',
  target: bundle.target,
  format,
  minify: bundle.minify,
  logLevel: 'warning',
});

/** The command that makes such a file. @param from the root. @param to the folder of the bundle. */
export const lateCommand = ({ entry, file, format }: LatePart, from: string, to: string): string =>
  `"${from}/node_modules/.bin/esbuild" "${from}/${entry}" --bundle --platform=node --target=${bundle.target} --format=${format} --minify --log-level=warning "--outfile=${to}/${file}"`;

/** The same for esbuild's own interface, as CDK says it on esbuild's command line. */
export const buildOptionsOf = (entry: string, outputFile: string): BuildOptions => ({
  entryPoints: [entry],
  outfile: outputFile,
  bundle: true,
  platform: 'node',
  target: bundle.target,
  format: bundle.format,
  mainFields: [...bundle.mainFields],
  banner: { js: bundle.banner },
  minify: bundle.minify,
  sourcemap: bundle.sourceMap,
  sourcesContent: bundle.sourcesContent,
  external: [...bundle.external],
  logLevel: 'warning',
});

export const buildOptions = (name: FunctionName, outputFolder: string): BuildOptions =>
  buildOptionsOf(entryOf(name), `${outputFolder}/${name}/${bundle.outputFile}`);

/** Of a function's bundle and what is loaded late beside it. */
export const buildsOf = (name: FunctionName, outputFolder: string): readonly BuildOptions[] => [
  buildOptions(name, outputFolder),
  ...lateParts(name).map((part) => lateOptions(part, `${outputFolder}/${name}`)),
];
