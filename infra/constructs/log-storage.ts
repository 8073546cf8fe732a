import { Duration } from 'aws-cdk-lib';
import { AttributeType, Billing, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type KeyAttribute, type TableDefinition, tables } from '../../lib/stores/dynamodb/table/tables.ts';
import { acknowledge } from '../acknowledgements.ts';
import { isProtected, keepsData, type Settings } from '../settings.ts';
import { removalPolicy } from './removal.ts';

const attribute = ({ name, type }: KeyAttribute) => ({
  name,
  type: type === 'N' ? AttributeType.NUMBER : AttributeType.STRING,
});

export interface LogStorageProps {
  readonly settings: Settings;
}

/** Where everything is kept: the log table with its stream, the state table, the archive bucket. */
export class LogStorage extends Construct {
  readonly log: TableV2;
  readonly state: TableV2;
  readonly archive: Bucket;

  constructor(scope: Construct, id: string, { settings }: LogStorageProps) {
    super(scope, id);
    this.log = this.#table(
      'Log',
      { ...tables.log, pointInTimeRecovery: settings.logPointInTimeRecovery },
      settings,
    );
    this.state = this.#table('State', tables.state, settings);
    this.archive = new Bucket(this, 'Archive', {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) }],
      removalPolicy: removalPolicy(keepsData(settings)),
    });
    acknowledge(
      this.archive,
      'AwsSolutions-S1',
      'Only functions of this stack can read the archive; an access log of the bucket would need a bucket of its own. Accounts that must audit reads turn on CloudTrail data events.',
    );
  }

  #table(id: string, definition: TableDefinition, settings: Settings): TableV2 {
    return new TableV2(this, id, {
      partitionKey: attribute(definition.partitionKey),
      sortKey: attribute(definition.sortKey),
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: definition.pointInTimeRecovery },
      // Only for a stack that stands: a rollback could not delete a protected table either, and would itself fail.
      deletionProtection: isProtected(settings),
      removalPolicy: removalPolicy(keepsData(settings)),
      ...(definition.stream === undefined ? {} : { dynamoStream: StreamViewType[definition.stream] }),
      ...(definition.timeToLive === undefined ? {} : { timeToLiveAttribute: definition.timeToLive }),
    });
  }
}
