import { Aws } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { limits } from '../../lib/domain/limits.ts';

export interface ArchiveCatalogueProps {
  readonly archive: Bucket;
  /** The name of the database; what Hive does not take of it is an underscore there. */
  readonly database: string;
}

/** The columns of a segment (lib/archive/parquet/schema.ts), as Hive names their types. */
const columns = {
  offset: 'bigint',
  timestamp: 'timestamp',
  append_time: 'timestamp',
  key: 'string',
  value: 'binary',
  content_type: 'string',
  headers: 'array<struct<key:string,value:string>>',
  headers_json: 'string',
} as const;

const table = 'records';
const partitionKeys = { topic: 'string', partition: 'int' } as const;

const columnList = (types: Readonly<Record<string, string>>): CfnTable.ColumnProperty[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));

const hive = 'org.apache.hadoop.hive.ql.io.parquet';

/**
 * The archive as a table of the Glue catalogue, for Athena: no crawler, since partitions are projected. Topics come and go,
 * so they are of the projection type `injected`: a query names its topics, as `topic = 'orders'` or `topic IN (…)`, or
 * Athena refuses it (docs.aws.amazon.com/athena/latest/ug/partition-projection-dynamic-id-partitioning.html).
 */
export class ArchiveCatalogue extends Construct {
  /** As a query names it: `millrace_production.records`. */
  readonly name: string;

  constructor(scope: Construct, id: string, { archive, database: wanted }: ArchiveCatalogueProps) {
    super(scope, id);
    const name = wanted.toLowerCase().replaceAll(/[^a-z0-9]/g, '_');
    this.name = `${name}.${table}`;
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name, description: 'The archive of Millrace' },
    });
    const location = `s3://${archive.bucketName}/`;
    new CfnTable(this, 'Records', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: database.ref,
      tableInput: {
        name: table,
        description: 'Archived records, by topic and partition',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: columnList(partitionKeys),
        parameters: {
          classification: 'parquet',
          'projection.enabled': 'true',
          'projection.topic.type': 'injected',
          'projection.partition.type': 'integer',
          'projection.partition.range': `0,${limits.partitionsPerTopic - 1}`,
          'storage.location.template': `${location}topic=\${topic}/partition=\${partition}/`,
        },
        storageDescriptor: {
          location,
          columns: columnList(columns),
          inputFormat: `${hive}.MapredParquetInputFormat`,
          outputFormat: `${hive}.MapredParquetOutputFormat`,
          serdeInfo: { serializationLibrary: `${hive}.serde.ParquetHiveSerDe` },
        },
      },
    });
  }
}
