import {
  type DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  type DuckDBListType,
  DuckDBListValue,
  type DuckDBMapType,
  DuckDBMapValue,
  type DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Undefined for what is beyond the years that it has, as infinity is. */
const isoTime = (micros: bigint): string | undefined => {
  const ms = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
  const rest = micros - ms * 1000n;
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  return rest === 0n ? text : text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
};

/** Microseconds since 1970 of what is a time; one without a zone is taken for one of UTC. */
export const microsOf = (value: DuckDBValue): bigint | undefined => {
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) return value.micros;
  if (value instanceof DuckDBTimestampMillisecondsValue) return value.millis * 1000n;
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds * 1_000_000n;
  if (value instanceof DuckDBTimestampNanosecondsValue) return value.nanos / 1000n;
  if (value instanceof DuckDBDateValue) return BigInt(value.days) * 86_400_000_000n;
  return undefined;
};

/** A value as text without quotes: times as ISO 8601 in UTC, bytes as base64. Undefined for what has parts, or is null. */
export const plainText = (value: DuckDBValue): string | undefined => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64');
  if (value instanceof DuckDBDateValue) return value.toString();
  const micros = microsOf(value);
  const time = micros === undefined ? undefined : isoTime(micros);
  return value === null || isNested(value) ? undefined : (time ?? String(value));
};

const isNested = (value: DuckDBValue): boolean =>
  value instanceof DuckDBListValue ||
  value instanceof DuckDBArrayValue ||
  value instanceof DuckDBStructValue ||
  value instanceof DuckDBMapValue;

const objectText = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;

const nestedText = (value: DuckDBValue, type: DuckDBType): string | undefined => {
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const { valueType } = type as DuckDBListType | DuckDBArrayType;
    return `[${value.items.map((item) => jsonOf(item, valueType)).join(',')}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const { entryNames, entryTypes } = type as DuckDBStructType;
    return objectText(
      entryNames.map((name, at) => [name, jsonOf(value.entries[name] ?? null, entryTypes[at] ?? type)]),
    );
  }
  if (value instanceof DuckDBMapValue) {
    const { valueType } = type as DuckDBMapType;
    return objectText(
      value.entries.map(({ key, value: said }) => [plainText(key) ?? String(key), jsonOf(said, valueType)]),
    );
  }
  return undefined;
};

/**
 * A value as JSON: numbers with every digit, JSON as the text that it is, times as ISO 8601 in UTC, bytes as base64, maps
 * and structs as objects. What JSON has no number for is null.
 */
export const jsonOf = (value: DuckDBValue, type: DuckDBType): string => {
  if (value === null) return 'null';
  if (typeof value === 'string' && type.alias === 'JSON') return value;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null';
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value);
  if (value instanceof DuckDBDecimalValue) return value.toString();
  return nestedText(value, type) ?? JSON.stringify(plainText(value) ?? String(value));
};
