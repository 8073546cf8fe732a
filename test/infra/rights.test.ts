import { beforeAll, describe, expect, it } from 'vitest';
import { type FunctionName, functionNames } from '../../infra/constructs/bundling.ts';
import { archivedObjects } from '../../infra/constructs/rights.ts';
import { objectName } from '../../lib/domain/archive/segments.ts';
import {
  apiKeyKey,
  attemptKey,
  cursorKey,
  endpointKey,
  erasureKey,
  groupKey,
  intentKey,
  memberKey,
  newestSegmentKey,
  paceKey,
  partitionStateKey,
  producerKey,
  removalKey,
  schemaKey,
  segmentKey,
  sweepPlaceKey,
  topicKey,
} from '../../lib/stores/dynamodb/keys.ts';
import { allows, constructOf, leadingKeysOf, list, roleOf, statementsOf } from './policies.ts';
import { nameOf, type Resource, resource, resourcesOf, short, synthesise } from './template.ts';

/** `Action on Resource`, and `where pk is …` for one confined to partition keys. */
const shortRights = (role: Resource): string[] =>
  statementsOf(role)
    .flatMap((statement) => {
      const keys = leadingKeysOf(statement);
      const equal = Object.entries(statement.Condition?.['StringEquals'] ?? {});
      const where =
        keys.length === 0
          ? equal.map(([key, value]) => ` where ${key} is ${String(value)}`).join()
          : ` where pk is ${keys.join(' or ')}`;
      return list(statement.Action).map((action) => `${action} on ${short(statement.Resource)}${where}`);
    })
    .toSorted();

/** Of who reads what is archived. */
const readArchive = [
  'dynamodb:Query on StorageState.Arn where pk is segments/*',
  's3:GetObject on StorageArchive.Arn/topic=*',
  's3:ListBucket on StorageArchive.Arn',
];

const keyring =
  'arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/millrace/millrace-production/keyring';

/** What each function may do, whole. A right that is added or lost shows here. */
const expected: Record<(typeof functionNames)[number], string[]> = {
  produce: [
    'dynamodb:PutItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is topic or key or schema/*',
    'dynamodb:GetItem on StorageState.Arn where pk is intent/*',
    'dynamodb:PutItem on StorageState.Arn where pk is intent/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is intent/*',
    'dynamodb:GetItem on StorageState.Arn where pk is producer/*',
    'dynamodb:PutItem on StorageState.Arn where pk is producer/*',
  ],
  consume: [
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is topic or key',
    'dynamodb:GetItem on StorageState.Arn where pk is topic/*',
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    ...readArchive,
  ],
  pull: [
    'dynamodb:BatchGetItem on StorageLog.Arn',
    'dynamodb:PutItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is intent/*',
    'dynamodb:PutItem on StorageState.Arn where pk is intent/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is intent/*',
    'dynamodb:GetItem on StorageState.Arn where pk is producer/*',
    'dynamodb:PutItem on StorageState.Arn where pk is producer/*',
    'dynamodb:GetItem on StorageState.Arn where pk is topic',
    'dynamodb:PutItem on StorageState.Arn where pk is topic',
    'dynamodb:GetItem on StorageState.Arn where pk is key',
    'dynamodb:GetItem on StorageState.Arn where pk is topic/*',
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    'dynamodb:DeleteItem on StorageState.Arn where pk is group/*',
    'dynamodb:GetItem on StorageState.Arn where pk is group/*',
    'dynamodb:PutItem on StorageState.Arn where pk is group/*',
    'dynamodb:Query on StorageState.Arn where pk is group/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is group/*',
    ...readArchive,
  ],
  acks: [
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    'dynamodb:GetItem on StorageState.Arn where pk is group/*',
    'dynamodb:PutItem on StorageState.Arn where pk is group/*',
    'sqs:SendMessage on WakeQueueWakes.Arn',
    `ssm:GetParameter on ${keyring}`,
  ],
  admin: [
    'dynamodb:PutItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:BatchWriteItem on StorageState.Arn',
    'dynamodb:DeleteItem on StorageState.Arn',
    'dynamodb:GetItem on StorageState.Arn',
    'dynamodb:PutItem on StorageState.Arn',
    'dynamodb:Query on StorageState.Arn',
    'dynamodb:UpdateItem on StorageState.Arn',
    's3:GetObject on StorageArchive.Arn/topic=*',
    's3:ListBucket on StorageArchive.Arn',
    'sqs:SendMessage on ArchiveQueueTasks.Arn',
    'sqs:SendMessage on WakeQueueWakes.Arn',
    `ssm:GetParameter on ${keyring}`,
  ],
  'on-append': [
    'dynamodb:DescribeStream on StorageLog.StreamArn',
    'dynamodb:GetRecords on StorageLog.StreamArn',
    'dynamodb:GetShardIterator on StorageLog.StreamArn',
    'dynamodb:ListStreams on StorageLog.Arn/stream/*',
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    'sqs:SendMessage on WakeQueueStreamFailures.Arn',
    'sqs:SendMessage on WakeQueueWakes.Arn',
  ],
  deliver: [
    'dynamodb:PutItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is intent/*',
    'dynamodb:PutItem on StorageState.Arn where pk is intent/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is intent/*',
    'dynamodb:GetItem on StorageState.Arn where pk is producer/*',
    'dynamodb:PutItem on StorageState.Arn where pk is producer/*',
    'dynamodb:GetItem on StorageState.Arn where pk is topic',
    'dynamodb:PutItem on StorageState.Arn where pk is topic',
    'dynamodb:GetItem on StorageState.Arn where pk is topic/*',
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is topic/*',
    'dynamodb:GetItem on StorageState.Arn where pk is group/*',
    'dynamodb:PutItem on StorageState.Arn where pk is group/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is group/*',
    'dynamodb:GetItem on StorageState.Arn where pk is pace/*',
    'dynamodb:PutItem on StorageState.Arn where pk is pace/*',
    'dynamodb:PutItem on StorageState.Arn where pk is attempts/*',
    ...readArchive,
    'sqs:ChangeMessageVisibility on WakeQueueWakes.Arn',
    'sqs:DeleteMessage on WakeQueueWakes.Arn',
    'sqs:GetQueueAttributes on WakeQueueWakes.Arn',
    'sqs:ReceiveMessage on WakeQueueWakes.Arn',
    'sqs:SendMessage on WakeQueueWakes.Arn',
    `ssm:GetParameter on ${keyring}`,
  ],
  sweep: [
    'dynamodb:BatchWriteItem on StorageLog.Arn',
    'dynamodb:PutItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is intent/*',
    'dynamodb:PutItem on StorageState.Arn where pk is intent/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is intent/*',
    'dynamodb:GetItem on StorageState.Arn where pk is producer/*',
    'dynamodb:PutItem on StorageState.Arn where pk is producer/*',
    'dynamodb:GetItem on StorageState.Arn where pk is topic',
    'dynamodb:PutItem on StorageState.Arn where pk is topic',
    'dynamodb:Query on StorageState.Arn where pk is topic',
    'dynamodb:UpdateItem on StorageState.Arn where pk is topic',
    'dynamodb:BatchWriteItem on StorageState.Arn where pk is topic/*',
    'dynamodb:GetItem on StorageState.Arn where pk is topic/*',
    'dynamodb:Query on StorageState.Arn where pk is topic/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is topic/*',
    'dynamodb:BatchWriteItem on StorageState.Arn where pk is group/* or pace/* or schema/*',
    'dynamodb:Query on StorageState.Arn where pk is group/* or pace/* or schema/*',
    'dynamodb:DeleteItem on StorageState.Arn where pk is removal',
    'dynamodb:PutItem on StorageState.Arn where pk is removal',
    'dynamodb:Query on StorageState.Arn where pk is removal',
    'dynamodb:UpdateItem on StorageState.Arn where pk is removal',
    'dynamodb:GetItem on StorageState.Arn where pk is sweep',
    'dynamodb:PutItem on StorageState.Arn where pk is sweep',
    'dynamodb:DeleteItem on StorageState.Arn where pk is segments/*',
    'dynamodb:GetItem on StorageState.Arn where pk is segments/*',
    'dynamodb:Query on StorageState.Arn where pk is segments/*',
    'dynamodb:Query on StorageState.Arn where pk is erasure',
    's3:DeleteObject on StorageArchive.Arn/topic=*',
    's3:ListBucket on StorageArchive.Arn',
    'sqs:SendMessage on ArchiveQueueTasks.Arn',
    'sqs:SendMessage on WakeQueueWakes.Arn',
    `ssm:GetParameter on ${keyring}`,
  ],
  archive: [
    'dynamodb:BatchWriteItem on StorageLog.Arn',
    'dynamodb:Query on StorageLog.Arn',
    'dynamodb:GetItem on StorageState.Arn where pk is topic',
    'dynamodb:GetItem on StorageState.Arn where pk is topic/*',
    'dynamodb:UpdateItem on StorageState.Arn where pk is topic/*',
    'dynamodb:DeleteItem on StorageState.Arn where pk is segments/*',
    'dynamodb:GetItem on StorageState.Arn where pk is segments/*',
    'dynamodb:PutItem on StorageState.Arn where pk is segments/*',
    'dynamodb:Query on StorageState.Arn where pk is erasure',
    'dynamodb:UpdateItem on StorageState.Arn where pk is erasure',
    's3:DeleteObject on StorageArchive.Arn/topic=*',
    's3:PutObject on StorageArchive.Arn/topic=*',
    'sqs:DeleteMessage on ArchiveQueueTasks.Arn',
    'sqs:GetQueueAttributes on ArchiveQueueTasks.Arn',
    'sqs:ReceiveMessage on ArchiveQueueTasks.Arn',
    ...readArchive,
  ],
  describe: [],
  keyring: [
    `ssm:PutParameter on ${keyring} where ssm:Overwrite is false`,
    `ssm:DeleteParameter on ${keyring}`,
  ],
};

describe('the rights of the functions', () => {
  let roles: ReadonlyMap<string, Resource>;
  let template: ReturnType<typeof synthesise>;
  beforeAll(() => {
    template = synthesise();
    roles = resourcesOf(template, 'AWS::IAM::Role');
  });

  it.each(functionNames)('are for %s exactly those listed here, and its own log', (name) => {
    const log = `${constructOf(name)}Logs.Arn`;
    expect(shortRights(roleOf(template, name))).toEqual(
      [...expected[name], `logs:CreateLogStream on ${log}`, `logs:PutLogEvents on ${log}`].toSorted(),
    );
  });

  it('come from one role each, which nothing else may assume and no other policy adds to', () => {
    const functions = resourcesOf(template, 'AWS::Lambda::Function');
    expect(functions.size).toBe(functionNames.length);
    expect(new Set([...functions.values()].map(({ Properties }) => short(Properties['Role'])))).toEqual(
      new Set(functionNames.map((name) => `${constructOf(name)}Role.Arn`)),
    );
    for (const name of functionNames) {
      const { Properties } = roleOf(template, name);
      expect(Properties['ManagedPolicyArns']).toBeUndefined();
      expect(Properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      });
    }
    expect([...resourcesOf(template, 'AWS::IAM::Policy').keys()]).toEqual([]);
    expect([...resourcesOf(template, 'AWS::IAM::ManagedPolicy').keys()]).toEqual([]);
  });

  it('name no action with a wildcard, and two resources with one: the streams of the log, as AWS demands, and the objects of all topics', () => {
    const statements = [...roles.values()].flatMap(statementsOf);
    expect(statements.flatMap(({ Action }) => list(Action)).filter((action) => action.includes('*'))).toEqual(
      [],
    );
    const resources = statements.flatMap((statement) => list(statement.Resource).map(short));
    expect(new Set(resources.filter((name) => name.includes('*')))).toEqual(
      new Set(['StorageLog.Arn/stream/*', 'StorageArchive.Arn/topic=*']),
    );
    expect(statements.filter(({ Effect }) => Effect !== 'Allow')).toEqual([]);
  });

  it('let the schedule start the sweep and nothing else', () => {
    const role = resource(template, 'AWS::IAM::Role', 'DeliveryScheduleRole');
    expect(shortRights(role)).toEqual(['lambda:InvokeFunction on SweepLambda.Arn']);
  });

  describe('on the state table', () => {
    const at = { topicId: 'T', group: 'g' };
    const keys = {
      topic: topicKey('orders').pk,
      'API key': apiKeyKey('0123').pk,
      group: groupKey(at).pk,
      endpoint: endpointKey(at, 'e').pk,
      'partition state': partitionStateKey({ topicId: 'T', partition: 0 }).pk,
      cursor: cursorKey({ groupId: 'G', partition: 0 }).pk,
      member: memberKey({ groupId: 'G', consumerId: 'c' }).pk,
      pace: paceKey({ groupId: 'G', endpointId: 'e' }).pk,
      removal: removalKey({ kind: 'topic', id: 'T' }).pk,
      "sweep's place": sweepPlaceKey.pk,
      segment: segmentKey({ topicId: 'T', partition: 0 }, 0).pk,
      'newest segment': newestSegmentKey({ topicId: 'T', partition: 0 }).pk,
      schema: schemaKey('T', { version: 1, schemaId: 's' }).pk,
      intent: intentKey({ topicId: 'T', partition: 0, key: 'k' }).pk,
      producer: producerKey({ topicId: 'T', partition: 0 }, 'p').pk,
      erasure: erasureKey({ topicId: 'T', erasureId: 'e' }).pk,
      attempt: attemptKey('G', { outcome: 'outage', at: 0, attemptId: 'a' }).pk,
    };

    const may = (name: FunctionName, operation: string, pk: string): boolean =>
      allows(roleOf(template, name), {
        action: `dynamodb:${operation}`,
        resource: 'StorageState.Arn',
        leadingKeys: [pk],
      });

    it.each([
      ['produce', 'GetItem', ['topic', 'API key', 'schema', 'intent', 'producer']],
      ['produce', 'PutItem', ['intent', 'producer']],
      ['produce', 'UpdateItem', ['intent']],
      ['consume', 'GetItem', ['topic', 'API key', 'group', 'endpoint', 'partition state']],
      ['consume', 'Query', ['group', 'endpoint', 'partition state', 'segment', 'newest segment']],
      [
        'pull',
        'GetItem',
        [
          'topic',
          'API key',
          'group',
          'endpoint',
          'partition state',
          'cursor',
          'member',
          'intent',
          'producer',
        ],
      ],
      ['pull', 'PutItem', ['topic', 'cursor', 'member', 'intent', 'producer']],
      ['pull', 'UpdateItem', ['cursor', 'member', 'intent']],
      ['pull', 'DeleteItem', ['cursor', 'member']],
      [
        'pull',
        'Query',
        ['group', 'endpoint', 'partition state', 'cursor', 'member', 'segment', 'newest segment'],
      ],
      ['acks', 'GetItem', ['cursor', 'member']],
      ['acks', 'PutItem', ['cursor', 'member']],
      ['acks', 'Query', ['group', 'endpoint', 'partition state']],
      ['on-append', 'Query', ['group', 'endpoint', 'partition state']],
      [
        'deliver',
        'GetItem',
        ['topic', 'group', 'endpoint', 'partition state', 'cursor', 'member', 'pace', 'intent', 'producer'],
      ],
      ['deliver', 'UpdateItem', ['group', 'endpoint', 'partition state', 'cursor', 'member', 'intent']],
      ['deliver', 'PutItem', ['topic', 'cursor', 'member', 'pace', 'intent', 'producer', 'attempt']],
      ['deliver', 'Query', ['group', 'endpoint', 'partition state', 'segment', 'newest segment']],
      [
        'sweep',
        'Query',
        [
          'topic',
          'group',
          'endpoint',
          'partition state',
          'cursor',
          'member',
          'pace',
          'removal',
          'segment',
          'newest segment',
          'schema',
          'erasure',
        ],
      ],
      ['sweep', 'DeleteItem', ['removal', 'segment', 'newest segment']],
      ['archive', 'Query', ['segment', 'newest segment', 'erasure']],
      ['archive', 'PutItem', ['segment', 'newest segment']],
      ['archive', 'UpdateItem', ['group', 'endpoint', 'partition state', 'erasure']],
      ['archive', 'GetItem', ['topic', 'group', 'endpoint', 'partition state', 'segment', 'newest segment']],
      [
        'sweep',
        'BatchWriteItem',
        ['group', 'endpoint', 'partition state', 'cursor', 'member', 'pace', 'schema'],
      ],
      ['sweep', 'UpdateItem', ['topic', 'group', 'endpoint', 'partition state', 'removal', 'intent']],
      ['sweep', 'PutItem', ['topic', 'removal', "sweep's place", 'intent', 'producer']],
    ] as const)(
      'let %s %s what it works with, under the keys that the stores make',
      (name, operation, reached) => {
        const allowed = Object.entries(keys).filter(([, pk]) => may(name, operation, pk));
        expect(allowed.map(([kind]) => kind)).toEqual(reached);
      },
    );

    it('reach the objects that the archive names, and no others in the bucket', () => {
      const named = objectName({ topic: 'orders', partition: 0, start: 0, end: 1, attempt: 'a' });
      expect(named.startsWith(archivedObjects.replace('*', ''))).toBe(true);
    });

    it('let nobody but admin store an API key or an endpoint', () => {
      for (const name of functionNames.filter((other) => other !== 'admin'))
        for (const pk of [keys['API key'], keys.endpoint]) expect(may(name, 'PutItem', pk)).toBe(false);
      expect(may('admin', 'PutItem', keys['API key'])).toBe(true);
    });
  });

  it('are read from a template whose names end in eight hexadecimal digits', () => {
    expect(nameOf('StorageLog71D2C972')).toBe('StorageLog');
  });
});
