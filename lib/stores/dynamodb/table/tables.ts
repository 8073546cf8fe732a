/**
 * The tables, defined once: CDK and the local runtime both make them from here. What stands in them is documented
 * in `keys.ts`. Both are on demand.
 */
export interface KeyAttribute {
  readonly name: string;
  readonly type: 'S' | 'N';
}

export interface TableDefinition {
  readonly partitionKey: KeyAttribute;
  readonly sortKey: KeyAttribute;
  /** The stream's view, where the table has one. */
  readonly stream?: 'KEYS_ONLY';
  /** Attribute of DynamoDB's own expiry (seconds since 1970). */
  readonly timeToLive?: string;
  readonly pointInTimeRecovery: boolean;
}

export const tables = {
  log: {
    partitionKey: { name: 'pk', type: 'S' },
    sortKey: { name: 'sk', type: 'N' },
    stream: 'KEYS_ONLY',
    pointInTimeRecovery: true,
  },
  state: {
    partitionKey: { name: 'pk', type: 'S' },
    sortKey: { name: 'sk', type: 'S' },
    timeToLive: 'ttl',
    pointInTimeRecovery: true,
  },
} as const satisfies Record<string, TableDefinition>;
