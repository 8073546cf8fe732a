/**
 * `npm run bench:archive`: what the archive takes. `--part` names one of its parts: `file` (file.ts: how fast and how small
 * segments are), `archiver` (archiver.ts: how fast a log becomes segments), `units` (units/measure.ts: requests, capacity units and dollars for each GB), `broker` (broker/measure.ts: reads
 * through a broker of one machine; some minutes).
 *
 * Of the file, `--records` says how many of 300 bytes there are (60000), `--level` how hard zstd tries (3), `--group-records` and
 * `--group-bytes` where a row group ends. Of the broker, `--backfill` says how many records are read (1000000).
 */
import { parseArgs } from 'node:util';
import { measureArchiver } from './archiver.ts';
import { measureBroker } from './broker/measure.ts';
import { measureFile } from './file.ts';
import { measureUnits } from './units/measure.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    records: { type: 'string', default: '60000' },
    level: { type: 'string' },
    'group-bytes': { type: 'string' },
    'group-records': { type: 'string' },
    backfill: { type: 'string', default: '1000000' },
  },
});

const options = {
  ...(values.level !== undefined && { compression: Number(values.level) }),
  ...(values['group-records'] !== undefined && { rowGroupRecords: Number(values['group-records']) }),
  ...(values['group-bytes'] !== undefined && { rowGroupBytes: Number(values['group-bytes']) }),
};

const parts: Readonly<Record<string, () => unknown>> = {
  file: () => measureFile(Number(values.records), options),
  archiver: measureArchiver,
  units: measureUnits,
  broker: () => measureBroker(Number(values.backfill)),
};

const { part } = values;
if (part !== undefined && !Object.hasOwn(parts, part))
  throw new Error(`--part: ${Object.keys(parts).join(', ')}, not ${part}.`);
for (const [name, measure] of Object.entries(parts)) if (part === undefined || part === name) await measure();
