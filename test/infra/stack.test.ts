import type { Template } from 'aws-cdk-lib/assertions';
import { parquetSchema } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { functionNames } from '../../infra/constructs/bundling.ts';
import { schema } from '../../lib/archive/parquet/schema.ts';
import { objectName } from '../../lib/domain/archive/segments.ts';
import { limits } from '../../lib/domain/limits.ts';
import { paths } from '../../lib/http/paths.ts';
import { environmentsOf, nameOf, resource, resourcesOf, short, stackOf, synthesise } from './template.ts';

let production: Template;
let development: Template;
beforeAll(() => {
  production = synthesise({ stage: 'production' });
  development = synthesise({ stage: 'development' });
});

const outputs = (template: Template) => template.toJSON()['Outputs'] as Record<string, { Value: unknown }>;

const replica = (template: Template, name: string): Record<string, unknown> => {
  const table = resource(template, 'AWS::DynamoDB::GlobalTable', name);
  const replicas = table.Properties['Replicas'] as Record<string, unknown>[];
  expect(replicas).toHaveLength(1);
  return replicas[0] ?? {};
};

describe('the tables', () => {
  it.each(['StorageLog', 'StorageState'])('%s is on demand and can be restored to any second', (name) => {
    for (const template of [production, development]) {
      const table = resource(template, 'AWS::DynamoDB::GlobalTable', name);
      expect(table.Properties['BillingMode']).toBe('PAY_PER_REQUEST');
      expect(replica(template, name)['PointInTimeRecoverySpecification']).toEqual({
        PointInTimeRecoveryEnabled: true,
      });
    }
  });

  it('leave it to a setting whether the log can be restored', () => {
    const template = synthesise({ logPointInTimeRecovery: 'false' });
    const restored = ['StorageLog', 'StorageState'].map(
      (name) => replica(template, name)['PointInTimeRecoverySpecification'],
    );
    expect(restored).toEqual([{ PointInTimeRecoveryEnabled: false }, { PointInTimeRecoveryEnabled: true }]);
  });

  it('stream the keys of the log, and let attempts of the state expire', () => {
    const log = resource(production, 'AWS::DynamoDB::GlobalTable', 'StorageLog').Properties;
    const state = resource(production, 'AWS::DynamoDB::GlobalTable', 'StorageState').Properties;
    expect(log['StreamSpecification']).toEqual({ StreamViewType: 'KEYS_ONLY' });
    expect(log['TimeToLiveSpecification']).toBeUndefined();
    expect(state['StreamSpecification']).toBeUndefined();
    expect(state['TimeToLiveSpecification']).toEqual({ AttributeName: 'ttl', Enabled: true });
  });
});

describe('what is kept', () => {
  /** The policies of everything that holds data or logs. */
  const policies = (template: Template) => {
    const types = ['AWS::DynamoDB::GlobalTable', 'AWS::S3::Bucket', 'AWS::Logs::LogGroup', 'Custom::Keyring'];
    const kept = types.flatMap((type) => [...resourcesOf(template, type).values()]);
    expect(kept).toHaveLength(2 + 1 + functionNames.length + 1 + 1);
    return [
      ...new Set(
        kept.map(({ DeletionPolicy, UpdateReplacePolicy }) => [DeletionPolicy, UpdateReplacePolicy].join()),
      ),
    ];
  };
  const tables = (template: Template) =>
    ['StorageLog', 'StorageState'].map((name) => replica(template, name)['DeletionProtectionEnabled']);

  it('outlives the stack in production and only there, but for a creation that is rolled back', () => {
    expect(policies(production)).toEqual(['RetainExceptOnCreate,Retain']);
    expect(policies(development)).toEqual(['Delete,Delete']);
    // Of the rest nothing does: it would be left behind by each deploy that fails.
    const all = Object.values(
      production.toJSON()['Resources'] as Record<string, { DeletionPolicy?: string }>,
    );
    expect(all.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain')).toEqual([]);
  });

  it('is protected from deletion when production is told so, and its first deploy is not', () => {
    const settings = { stage: 'production', protect: 'true' };
    expect(tables(production)).toEqual([false, false]);
    expect(tables(synthesise(settings))).toEqual([true, true]);
    expect(stackOf(settings).terminationProtection).toBe(true);
    expect(stackOf({ stage: 'production' }).terminationProtection).toBe(false);
    // At the end of the deploy, which stands then.
    expect(outputs(synthesise(settings))['Protected']?.Value).toBe('yes');
    expect(outputs(production)['Protected']?.Value).toMatch(/^no: set "protect": true in cdk.json/);
  });

  it('is never protected in the other stages, whatever cdk.json says for production', () => {
    const settings = { stage: 'staging', protect: true };
    expect(tables(synthesise(settings))).toEqual([false, false]);
    expect(stackOf(settings).terminationProtection).toBe(false);
  });
});

describe('the keyring', () => {
  const keyringOf = (template: Template) =>
    resource(template, 'Custom::Keyring', 'SecretsKeyring').Properties;

  it('is made by its function, which keeps it in production even where its creation is rolled back', () => {
    expect(short(keyringOf(production)['ServiceToken'])).toBe('KeyringLambda.Arn');
    expect(keyringOf(production)['Kept']).toBe('yes');
    expect(keyringOf(development)['Kept']).toBe('no');
    expect(outputs(production)['KeyringParameter']?.Value).toBe('/millrace/millrace-production/keyring');
  });
});

describe('the archive bucket', () => {
  it('is encrypted, private, and forgets uploads that were never finished', () => {
    const bucket = resource(production, 'AWS::S3::Bucket', 'StorageArchive');
    expect(bucket.Properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      LifecycleConfiguration: {
        Rules: [{ Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }],
      },
    });
  });

  it('refuses requests without TLS', () => {
    production.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          { Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          { Effect: 'Deny', Action: 's3:*', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } },
        ],
      },
    });
  });
});

describe('the queues', () => {
  it('are encrypted and refuse requests without TLS', () => {
    const queues = resourcesOf(production, 'AWS::SQS::Queue');
    expect([...queues.keys()]).toEqual([
      'WakeQueueDeadLetters',
      'WakeQueueStreamFailures',
      'WakeQueueWakes',
      'ArchiveQueueDeadLetters',
      'ArchiveQueueTasks',
    ]);
    for (const { Properties } of queues.values()) expect(Properties['SqsManagedSseEnabled']).toBe(true);
    const policies = [...resourcesOf(production, 'AWS::SQS::QueuePolicy').values()];
    expect(policies.flatMap(({ Properties }) => (Properties['Queues'] as unknown[]).map(short))).toEqual([
      ...queues.keys(),
    ]);
    for (const { Properties } of policies)
      expect(Properties['PolicyDocument']).toMatchObject({
        Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
      });
  });

  it('show a wake again only when the run and the lease of who took it are over', () => {
    const { Properties } = resource(production, 'AWS::SQS::Queue', 'WakeQueueWakes');
    const deliver = resource(production, 'AWS::Lambda::Function', 'DeliverLambda').Properties;
    expect(Number(deliver['Timeout']) * 1000).toBe(limits.deliverRunMs);
    expect(Number(Properties['VisibilityTimeout'])).toBeGreaterThanOrEqual(6 * Number(deliver['Timeout']));
    expect(Number(Properties['VisibilityTimeout']) * 1000).toBeGreaterThanOrEqual(limits.wakeVisibilityMs);
  });

  it('put a wake aside that failed ten times, and keep it for two weeks', () => {
    const { Properties } = resource(production, 'AWS::SQS::Queue', 'WakeQueueWakes');
    const redrive = Properties['RedrivePolicy'] as Record<string, unknown>;
    expect(redrive['maxReceiveCount']).toBe(limits.wakeReceives);
    expect(short(redrive['deadLetterTargetArn'])).toBe('WakeQueueDeadLetters.Arn');
    const deadLetters = resource(production, 'AWS::SQS::Queue', 'WakeQueueDeadLetters').Properties;
    expect(deadLetters['MessageRetentionPeriod']).toBe(14 * 86_400);
  });
});

describe('the archive queue', () => {
  it('shows a task again only when whoever took it is gone, six runs later as AWS advises', () => {
    const { Properties } = resource(production, 'AWS::SQS::Queue', 'ArchiveQueueTasks');
    const { Timeout } = resource(production, 'AWS::Lambda::Function', 'ArchiveLambda').Properties;
    expect(Number(Timeout)).toBeGreaterThanOrEqual(120);
    expect(Number(Properties['VisibilityTimeout'])).toBe(6 * Number(Timeout));
  });

  it('puts a task aside that failed three times, and keeps it for two weeks', () => {
    const { Properties } = resource(production, 'AWS::SQS::Queue', 'ArchiveQueueTasks');
    const redrive = Properties['RedrivePolicy'] as Record<string, unknown>;
    expect(redrive['maxReceiveCount']).toBe(3);
    expect(short(redrive['deadLetterTargetArn'])).toBe('ArchiveQueueDeadLetters.Arn');
    const deadLetters = resource(production, 'AWS::SQS::Queue', 'ArchiveQueueDeadLetters').Properties;
    expect(deadLetters['MessageRetentionPeriod']).toBe(14 * 86_400);
  });

  it('hands tasks to archive one by one, as far as the setting allows', () => {
    const template = synthesise({ archiveMaxConcurrency: '7' });
    const { Properties } = resource(template, 'AWS::Lambda::EventSourceMapping', 'ArchivingTasks');
    expect(short(Properties['EventSourceArn'])).toBe('ArchiveQueueTasks.Arn');
    expect(short(Properties['FunctionName'])).toBe('ArchiveLambda');
    expect(Properties).toMatchObject({
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 7 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('has segments sealed as the settings say, by whoever seals them and whoever finds what is due', () => {
    const environments = environmentsOf(
      synthesise({ segmentMaxBytes: '2000000', segmentMaxAgeSeconds: '90' }),
    );
    for (const name of ['archive', 'sweep'])
      expect(environments.get(name)).toMatchObject({
        MILLRACE_SEGMENT_MAX_BYTES: '2000000',
        MILLRACE_SEGMENT_MAX_AGE_SECONDS: '90',
      });
  });
});

describe('the table of the Glue catalogue', () => {
  it('is there when the settings say so', () => {
    expect([...resourcesOf(production, 'AWS::Glue::Table').keys()]).toEqual([]);
    expect(outputs(production)).not.toHaveProperty('ArchiveTable');
  });

  it('has the columns that segments have, where the archive puts them', () => {
    const template = synthesise({ glue: 'true' });
    const { TableInput } = resource(template, 'AWS::Glue::Table', 'Catalogue').Properties as {
      TableInput: {
        Parameters: Record<string, unknown>;
        PartitionKeys: { Name: string; Type: string }[];
        StorageDescriptor: { Columns: { Name: string; Type: string }[]; Location: unknown };
      };
    };
    const written = parquetSchema({ schema: [...schema] }).children.map(({ element }) => element.name);
    expect(TableInput.StorageDescriptor.Columns.map(({ Name }) => Name)).toEqual(written);
    expect(short(TableInput.StorageDescriptor.Location)).toBe('s3://StorageArchive/');
    const name = { topic: 'orders', partition: 7, start: 0, end: 1, attempt: 'a' };
    const projected = short(TableInput.Parameters['storage.location.template'])
      .replace(/\$\{topic\}/, name.topic)
      .replace(/\$\{partition\}/, String(name.partition));
    expect(`s3://StorageArchive/${objectName(name)}`.startsWith(projected)).toBe(true);
    expect(TableInput.PartitionKeys.map(({ Name }) => Name)).toEqual(['topic', 'partition']);
    expect(TableInput.Parameters['projection.partition.range']).toBe(`0,${limits.partitionsPerTopic - 1}`);
    expect(outputs(template)['ArchiveTable']?.Value).toBe('millrace_production.records');
  });
});

describe('the event sources', () => {
  it('wake for new batches alone, at once, in bounded tries, and set aside what keeps failing', () => {
    const { Properties } = resource(production, 'AWS::Lambda::EventSourceMapping', 'DeliveryStream');
    expect(short(Properties['EventSourceArn'])).toBe('StorageLog.StreamArn');
    expect(short(Properties['FunctionName'])).toBe('OnAppendLambda');
    expect(Properties).toMatchObject({
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
      StartingPosition: 'TRIM_HORIZON',
      MaximumBatchingWindowInSeconds: 0,
      MaximumRetryAttempts: 8,
      MaximumRecordAgeInSeconds: 900,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    const { OnFailure } = Properties['DestinationConfig'] as { OnFailure: { Destination: unknown } };
    expect(short(OnFailure.Destination)).toBe('WakeQueueStreamFailures.Arn');
  });

  it('hand wakes to deliver as far as the setting allows, and take back those that failed', () => {
    const template = synthesise({ deliverMaxConcurrency: '7' });
    const { Properties } = resource(template, 'AWS::Lambda::EventSourceMapping', 'DeliveryWakes');
    expect(short(Properties['EventSourceArn'])).toBe('WakeQueueWakes.Arn');
    expect(short(Properties['FunctionName'])).toBe('DeliverLambda');
    expect(Properties).toMatchObject({
      ScalingConfig: { MaximumConcurrency: 7 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('let deliver queue wakes for itself without end, and no other function', () => {
    const loops = [...resourcesOf(production, 'AWS::Lambda::Function')].map(([name, { Properties }]) => [
      name,
      Properties['RecursiveLoop'],
    ]);
    expect(loops.filter(([, loop]) => loop === 'Allow').map(([name]) => name)).toEqual(['DeliverLambda']);
    expect(loops.filter(([, loop]) => loop === 'Terminate')).toHaveLength(functionNames.length - 1);
  });

  it('sweep every five minutes', () => {
    const { Properties } = resource(production, 'AWS::Scheduler::Schedule', 'DeliverySweep');
    expect(Properties).toMatchObject({ ScheduleExpression: 'rate(5 minutes)', State: 'ENABLED' });
    expect(short((Properties['Target'] as { Arn: unknown }).Arn)).toBe('SweepLambda.Arn');
  });
});

describe('the functions', () => {
  it('run on Node 24 and arm64, with source maps, and name their service', () => {
    const functions = resourcesOf(production, 'AWS::Lambda::Function');
    expect(functions.size).toBe(functionNames.length);
    for (const { Properties } of functions.values()) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      const { Variables } = Properties['Environment'] as { Variables: Record<string, string> };
      expect(Variables['NODE_OPTIONS']).toBe('--enable-source-maps');
      expect(functionNames).toContain(Variables['POWERTOOLS_SERVICE_NAME']);
      expect(Variables['POWERTOOLS_METRICS_NAMESPACE']).toBe('millrace-production');
    }
  });

  it('answer over HTTP before the gateway gives up, and wait as long as a long poll may', () => {
    const timeout = (name: string): number =>
      Number(resource(production, 'AWS::Lambda::Function', `${name}Lambda`).Properties['Timeout']);
    for (const name of ['Produce', 'Consume', 'Pull', 'Admin', 'Describe'])
      expect(timeout(name)).toBeLessThan(30);
    expect(timeout('Consume')).toBeGreaterThan(limits.fetchWaitSeconds);
    expect(timeout('Pull')).toBeGreaterThan(limits.pollWaitSeconds);
  });

  it('log JSON, and of what Lambda itself logs only what went wrong', () => {
    for (const { Properties } of resourcesOf(production, 'AWS::Lambda::Function').values())
      expect(Properties['LoggingConfig']).toMatchObject({
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'INFO',
      });
  });

  it('reserve nothing of the account, but what the settings say', () => {
    const reserved = (template: Template) =>
      [...resourcesOf(template, 'AWS::Lambda::Function')].flatMap(([name, { Properties }]) => {
        const reservation = Properties['ReservedConcurrentExecutions'];
        return reservation === undefined ? [] : [[name, reservation]];
      });
    expect(reserved(production)).toEqual([]);
    const template = synthesise({ produceReservedConcurrency: '200', onAppendReservedConcurrency: '16' });
    expect(reserved(template)).toEqual([
      ['ProduceLambda', 200],
      ['OnAppendLambda', 16],
    ]);
  });

  it('forget their logs when the setting says so', () => {
    const template = synthesise({ logRetentionDays: 90 });
    const groups = resourcesOf(template, 'AWS::Logs::LogGroup');
    // Theirs, and the gateway's access log.
    expect(groups.size).toBe(functionNames.length + 1);
    for (const { Properties } of groups.values()) expect(Properties['RetentionInDays']).toBe(90);
  });
});

describe('the HTTP interface', () => {
  it('routes records to produce, fetches to consume, what consumers of a group ask to pull, acknowledgements by token to acks, the description and its page to describe, and the rest to admin', () => {
    const integrations = resourcesOf(production, 'AWS::ApiGatewayV2::Integration');
    const routes = [...resourcesOf(production, 'AWS::ApiGatewayV2::Route').values()].map(({ Properties }) => {
      const integration = integrations.get(short(Properties['Target']).replace('integrations/', ''));
      return [Properties['RouteKey'], short(integration?.Properties['IntegrationUri'])];
    });
    expect(Object.fromEntries(routes)).toEqual({
      'POST /v1/topics/{topic}/records': 'ProduceLambda.Arn',
      'GET /v1/topics/{topic}/partitions': 'ConsumeLambda.Arn',
      'GET /v1/topics/{topic}/partitions/{partition}/records': 'ConsumeLambda.Arn',
      'HEAD /v1/topics/{topic}/partitions': 'ConsumeLambda.Arn',
      'HEAD /v1/topics/{topic}/partitions/{partition}/records': 'ConsumeLambda.Arn',
      'POST /v1/topics/{topic}/groups/{group}/poll': 'PullLambda.Arn',
      'POST /v1/topics/{topic}/groups/{group}/ack': 'PullLambda.Arn',
      'POST /v1/topics/{topic}/groups/{group}/nack': 'PullLambda.Arn',
      'POST /v1/topics/{topic}/groups/{group}/leave': 'PullLambda.Arn',
      'POST /v1/acks/{token}': 'AcksLambda.Arn',
      'GET /v1/openapi.json': 'DescribeLambda.Arn',
      'HEAD /v1/openapi.json': 'DescribeLambda.Arn',
      'GET /docs': 'DescribeLambda.Arn',
      'HEAD /docs': 'DescribeLambda.Arn',
      'GET /docs/{file}': 'DescribeLambda.Arn',
      'HEAD /docs/{file}': 'DescribeLambda.Arn',
      $default: 'AdminLambda.Arn',
    });
    // What the applications serve, and where: the two lists are one.
    const served = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, part]) => part !== 'admin')
        .flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
        .map((method) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`),
    );
    expect(routes.map(([key]) => key).sort()).toEqual(['$default', ...served].sort());
    const { Properties } = resource(production, 'AWS::ApiGatewayV2::Stage', 'HttpStage');
    expect(Properties['StageName']).toBe('$default');
  });

  it('is reached by its own domain alone, where it has one', () => {
    const disabled = (template: Template): unknown =>
      resource(template, 'AWS::ApiGatewayV2::Api', 'HttpApi').Properties['DisableExecuteApiEndpoint'];
    const certificateArn = `arn:aws:acm:eu-west-1:123456789012:certificate/${'a'.repeat(36)}`;
    expect(disabled(synthesise({ domainName: 'broker.example.com', certificateArn }))).toBe(true);
    expect(disabled(production)).toBe(false);
  });

  it('is throttled as the settings say, and logs who called what, without headers or queries', () => {
    const template = synthesise({ throttleRate: 50, throttleBurst: '75' });
    const { Properties } = resource(template, 'AWS::ApiGatewayV2::Stage', 'HttpStage');
    expect(Properties['DefaultRouteSettings']).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 75 });
    const { DestinationArn, Format } = Properties['AccessLogSettings'] as Record<string, string>;
    expect(short(DestinationArn)).toBe('HttpAccessLogs.Arn');
    expect(JSON.parse(Format ?? '')).toMatchObject({
      requestId: '$context.requestId',
      status: '$context.status',
    });
    expect(Format).not.toMatch(/authorizer|header|query/i);
  });

  it('gives what is open to all a few times a second, once its routes are there', () => {
    const { Properties, DependsOn } = resource(production, 'AWS::ApiGatewayV2::Stage', 'HttpStage');
    const few = { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 50 };
    const open = ['/v1/openapi.json', '/docs', '/docs/{file}'];
    expect(Properties['RouteSettings']).toEqual(Object.fromEntries(open.map((path) => [`GET ${path}`, few])));
    for (const name of ['GetDescription', 'GetDocs', 'GetDocsFile'])
      expect((DependsOn ?? []).map(nameOf)).toContain(`Http${name}`);
  });

  it('logs under the one prefix that does not fill up the account, in a group that no earlier stack has left', () => {
    const { Properties } = resource(production, 'AWS::Logs::LogGroup', 'HttpAccessLogs');
    expect(short(Properties['LogGroupName'])).toBe('/aws/vendedlogs/millrace-production/HttpApi');
  });

  it('stands at its own domain when it has one', () => {
    const certificateArn = 'arn:aws:acm:eu-west-1:000000000000:certificate/11111111-2222';
    const template = synthesise({ domainName: 'broker.example.com', certificateArn });
    template.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'broker.example.com',
      DomainNameConfigurations: [{ CertificateArn: certificateArn }],
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { Stage: '$default' });
    expect(Object.keys(template.toJSON()['Outputs'])).toContain('DomainTarget');
  });
});

describe('the stack', () => {
  it('puts out what people and programs need to use it, and no secret', () => {
    expect(
      Object.fromEntries(Object.entries(outputs(production)).map(([id, { Value }]) => [id, short(Value)])),
    ).toEqual({
      ApiUrl: 'HttpApi.ApiEndpoint',
      Stage: 'production',
      Protected: expect.stringMatching(/^no/) as string,
      KeyringParameter: '/millrace/millrace-production/keyring',
      LogTableName: 'StorageLog',
      StateTableName: 'StorageState',
      ArchiveBucketName: 'StorageArchive',
      WakeQueueUrl: 'WakeQueueWakes',
      WakeDeadLettersUrl: 'WakeQueueDeadLetters',
      StreamFailuresUrl: 'WakeQueueStreamFailures',
      ArchiveQueueUrl: 'ArchiveQueueTasks',
      ArchiveDeadLettersUrl: 'ArchiveQueueDeadLetters',
    });
  });

  it('tags everything with the application and the stage, itself too', () => {
    expect(stackOf({ stage: 'development' }).tags).toEqual({ application: 'millrace', stage: 'development' });
    const { Properties } = resource(development, 'AWS::SQS::Queue', 'WakeQueueWakes');
    expect(Properties['Tags']).toEqual([
      { Key: 'application', Value: 'millrace' },
      { Key: 'stage', Value: 'development' },
    ]);
  });
});
