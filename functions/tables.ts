import { createLogClient, createStateClient } from '../lib/stores/dynamodb/table/client.ts';
import type { Table } from '../lib/stores/dynamodb/table/table.ts';
import { systemClock as clock } from '../lib/stores/system/clock.ts';
import type { Telemetry } from '../lib/surroundings/telemetry.ts';

/** The log table of this name, its throttles counted. */
export const logTable = (table: string, telemetry: Telemetry): Table => ({
  client: createLogClient({ onThrottle: () => telemetry.record({ kind: 'throttled', table: 'log' }) }),
  table,
  clock,
});

/** The state table of this name, its throttles counted. */
export const stateTable = (table: string, telemetry: Telemetry): Table => ({
  client: createStateClient({ onThrottle: () => telemetry.record({ kind: 'throttled', table: 'state' }) }),
  table,
  clock,
});
