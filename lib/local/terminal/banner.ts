import { partitionForKey } from '../../domain/records/partitioning.ts';
import { plainLine } from '../../domain/text/plain-text.ts';
import type { RootKey } from '../root-key.ts';

const inQuotes = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export interface BannerFacts {
  readonly url: string;
  readonly folder: string;
  readonly root: RootKey;
}

const partitions = 4;
const key = 'customer-7';

/** The three requests to begin with, as lines for a shell. */
const requests = (url: string, authorization: string): readonly string[] => {
  const topic = `${url}/v1/topics/orders`;
  const json = `${authorization} -H 'Content-Type: application/json'`;
  const record = JSON.stringify({ records: [{ key, value: { total: 42 } }] });
  const partition = partitionForKey(key, partitions);
  return [
    `curl -X PUT ${topic} ${json} -d '{"partitions":${partitions}}'`,
    `curl ${topic}/records ${json} -d '${record}'`,
    `curl '${topic}/partitions/${partition}/records?offset=earliest' ${authorization}`,
  ];
};

/** What the start prints. A root key that came from the environment is not repeated. */
export const banner = ({ url, folder, root }: BannerFacts): string => {
  const given = root.source === 'environment';
  const authorization = given
    ? '-H "Authorization: Bearer $MILLRACE_ADMIN_KEY"'
    : `-H ${inQuotes(`Authorization: Bearer ${root.key}`)}`;
  return [
    '',
    `Millrace listens on ${url}`,
    given ? 'Root key: the one in MILLRACE_ADMIN_KEY' : `Root key: ${root.key}`,
    `Data: ${plainLine(folder)}`,
    '',
    'Create a topic, put a record in, get it out:',
    '',
    ...requests(url, authorization),
    '',
    'Ctrl+C ends it. Nothing is lost.',
    '',
  ].join('\n');
};
