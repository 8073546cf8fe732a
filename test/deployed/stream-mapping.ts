import assert from 'node:assert/strict';

interface Mapping {
  readonly UUID: string;
  readonly EventSourceArn: string;
  readonly State: string;
}

/**
 * Pauses what turns the log's stream into wakes, so that only the sweep is left to find new records.
 * @param endpoint Of MiniStack, which checks no signature.
 * @param table The log table's name.
 * @returns what sets it going again.
 */
export const pauseStream = async (endpoint: string, table: string): Promise<() => Promise<void>> => {
  const mappings = `${endpoint}/2015-03-31/event-source-mappings/`;
  const call = async <Body>(path: string, init: RequestInit = {}): Promise<Body> => {
    const answer = await fetch(`${mappings}${path}`, init);
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return (await answer.json()) as Body;
  };
  const enable = (uuid: string, Enabled: boolean): Promise<Mapping> =>
    call<Mapping>(uuid, { method: 'PUT', body: JSON.stringify({ Enabled }) });

  const { EventSourceMappings: all } = await call<{ EventSourceMappings: readonly Mapping[] }>('');
  const mapping = all.find(({ EventSourceArn }) => EventSourceArn.includes(`:table/${table}/stream/`));
  assert.ok(mapping, 'the log table has an event source mapping');
  await enable(mapping.UUID, false);
  const paused = await call<Mapping>(mapping.UUID);
  assert.match(paused.State, /^Disabl/);
  return async () => {
    await enable(mapping.UUID, true);
  };
};
