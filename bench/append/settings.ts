import { parseArgs } from 'node:util';
import { type TableOptions, tableDefaults } from './simulated/table.ts';

export interface Settings {
  readonly seed: number;
  /** Virtual seconds of every row; absent: each row's own. */
  readonly seconds: number | undefined;
  /** Rows whose name does not contain this are left out. */
  readonly only: string;
  readonly plotPath: string;
  readonly table: TableOptions;
}

export const usage = `npm run bench:append -- [options]
  --seed N               chance begins here (1)
  --seconds N            virtual seconds of every row (each row's own, 4 to 200)
  --only TEXT            rows whose name has TEXT in it, as "millrace", "one at a time", "4 processes", "10000/s"
  --plot PATH            where the SVG goes (bench/append/append.svg, when nothing is left out)
  --burst SECONDS        unused capacity that a partition key keeps (${tableDefaults.burstSeconds})
  --request-ms N         mean of a request, ms (${tableDefaults.requestMs})
  --sigma N              of its log-normal (${tableDefaults.sigma})
  --no-winners           failed conditions do not answer with the item that stands there
  --conflict-charge W    a failed condition costs by the "existing" item or by the "larger" (${tableDefaults.conflictCharge})`;

const positive = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new Error(`--${name} must be a positive number, not "${text}".`);
  return value;
};

const chargeOf = (text: string | undefined): TableOptions['conflictCharge'] => {
  if (text === undefined || text === 'existing' || text === 'larger')
    return text ?? tableDefaults.conflictCharge;
  throw new Error(`--conflict-charge must be "existing" or "larger", not "${text}".`);
};

/** @throws Error that says which option is wrong. */
export const readSettings = (args: readonly string[]): Settings => {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      plot: { type: 'string' },
      burst: { type: 'string' },
      'request-ms': { type: 'string' },
      sigma: { type: 'string' },
      winners: { type: 'boolean', default: true },
      'conflict-charge': { type: 'string' },
    },
  });
  const only = values.only ?? '';
  return {
    seed: Math.trunc(positive('seed', values.seed, 1)),
    seconds: values.seconds === undefined ? undefined : positive('seconds', values.seconds, 1),
    only,
    plotPath: values.plot ?? (only === '' ? new URL('append.svg', import.meta.url).pathname : ''),
    table: {
      ...tableDefaults,
      burstSeconds: positive('burst', values.burst, tableDefaults.burstSeconds),
      requestMs: positive('request-ms', values['request-ms'], tableDefaults.requestMs),
      sigma: positive('sigma', values.sigma, tableDefaults.sigma),
      winners: values.winners,
      conflictCharge: chargeOf(values['conflict-charge']),
    },
  };
};
