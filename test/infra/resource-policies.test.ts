import { readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { allows, list, roleOf, type Statement } from './policies.ts';
import { type Resource, resource, resourcesOf, short, synthesise } from './template.ts';

/*
 * Who sends what to whom in the stack, and by what it may. A policy on a resource can take away what holds without one:
 * SNS lets the account publish to a topic that has none, and a policy of refusals alone lets nobody.
 */

let template: Template;
beforeAll(() => {
  template = synthesise({ alarmEmail: 'ops@example.com' });
});

interface PolicyStatement extends Statement {
  readonly Principal: { readonly Service?: string } | string;
}

const statements = ({ Properties }: Resource): PolicyStatement[] =>
  (Properties['PolicyDocument'] as { Statement: PolicyStatement[] }).Statement;

const policiesOf = (type: string): Resource[] => [...resourcesOf(template, type).values()];

const trustOf = (role: Resource): PolicyStatement[] =>
  (role.Properties['AssumeRolePolicyDocument'] as { Statement: PolicyStatement[] }).Statement;

describe('the policies of the resources', () => {
  it('let alarms of this stack publish to the topic of the mail, over TLS alone', () => {
    const [policy, ...others] = policiesOf('AWS::SNS::TopicPolicy');
    expect(others).toEqual([]);
    if (policy === undefined) throw new Error('The topic has no policy.');
    const [plain, publish, ...more] = statements(policy);
    expect(more).toEqual([]);
    expect(plain).toMatchObject({
      Effect: 'Deny',
      Action: 'sns:Publish',
      Principal: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(publish).toMatchObject({
      Effect: 'Allow',
      Action: 'sns:Publish',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
    });
    expect(short(publish?.Resource)).toBe('AlarmsMail');
    const { StringEquals, ArnLike, ...rest } = publish?.Condition ?? {};
    expect(rest).toEqual({});
    expect(short(StringEquals?.['aws:SourceAccount'])).toBe('AWS::AccountId');
    expect(short(ArnLike?.['aws:SourceArn'])).toBe(
      'arn:AWS::Partition:cloudwatch:AWS::Region:AWS::AccountId:alarm:millrace-production-*',
    );
  });

  it('are, for a topic that is given, what the handbook says: the same as of the mail', () => {
    const handbook = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const [, told = ''] = /## A topic of your own\n.*?```json\n(.*?)```/s.exec(handbook) ?? [];
    const [policy] = policiesOf('AWS::SNS::TopicPolicy');
    const { Sid: _sid, ...publish } = (
      policy === undefined ? [] : statements(policy)
    )[1] as PolicyStatement & {
      readonly Sid?: string;
    };
    const filled = JSON.parse(
      JSON.stringify(publish, (_name, value: unknown) =>
        typeof value === 'object' && value !== null && ('Ref' in value || 'Fn::Join' in value)
          ? short(value)
          : value,
      )
        .replaceAll('AWS::AccountId', '123456789012')
        .replaceAll('AWS::Region', 'eu-west-1')
        .replaceAll('AWS::Partition', 'aws')
        .replaceAll('AlarmsMail', 'arn:aws:sns:eu-west-1:123456789012:pager'),
    ) as unknown;
    expect(JSON.parse(told)).toEqual(filled);
  });

  it('leave the topic of the mail readable by CloudWatch: no key of KMS stands before it', () => {
    // alias/aws/sns cannot let cloudwatch.amazonaws.com in, and a key of one's own has to.
    expect(resource(template, 'AWS::SNS::Topic', 'AlarmsMail').Properties).not.toHaveProperty(
      'KmsMasterKeyId',
    );
  });

  it('name every alarm so that the policy covers it', () => {
    for (const { Properties } of policiesOf('AWS::CloudWatch::Alarm'))
      expect(Properties['AlarmName']).toMatch(/^millrace-production-./);
  });

  it('only refuse what has no TLS where rights come from roles of this account: queues and the bucket', () => {
    // Neither has a policy to begin with, so that a refusal takes nothing away.
    const refusals = [...policiesOf('AWS::SQS::QueuePolicy'), ...policiesOf('AWS::S3::BucketPolicy')];
    expect(refusals).toHaveLength(6);
    for (const { Effect, Principal, Condition } of refusals.flatMap(statements)) {
      expect({ Effect, Principal }).toEqual({ Effect: 'Deny', Principal: { AWS: '*' } });
      expect(Object.keys(Condition ?? {})).toEqual([
        expect.stringMatching(/^(Bool|NumericLessThan)$/) as unknown,
      ]);
      expect(JSON.stringify(Condition)).toMatch(/SecureTransport|TlsVersion/);
    }
  });

  it('let the API call each function that it has routes to, and nobody else any', () => {
    const permissions = policiesOf('AWS::Lambda::Permission').map(({ Properties }) => Properties);
    const integrations = policiesOf('AWS::ApiGatewayV2::Integration').map(({ Properties }) =>
      short(Properties['IntegrationUri']),
    );
    expect(new Set(permissions.map(({ FunctionName }) => short(FunctionName)))).toEqual(
      new Set(integrations),
    );
    for (const permission of permissions) {
      expect(permission).toMatchObject({
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
      });
      expect(short(permission['SourceArn'])).toMatch(/:execute-api:.*:HttpApi\//);
    }
    expect(permissions).toHaveLength(17);
  });

  it('are those, and no other', () => {
    const types = Object.values(template.toJSON()['Resources'] as Record<string, Resource>)
      .map(({ Type }) => Type)
      .filter((type) => /Polic|Permission/.test(type));
    expect(new Set(types)).toEqual(
      new Set([
        'AWS::SNS::TopicPolicy',
        'AWS::SQS::QueuePolicy',
        'AWS::S3::BucketPolicy',
        'AWS::Lambda::Permission',
      ]),
    );
    for (const table of policiesOf('AWS::DynamoDB::GlobalTable'))
      expect(JSON.stringify(table)).not.toContain('ResourcePolicy');
  });
});

describe('what has no policy on the resource is let by a role', () => {
  it('reads the queue and the stream for the functions that they set going', () => {
    for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'])
      expect(
        allows(roleOf(template, 'deliver'), { action: `sqs:${action}`, resource: 'WakeQueueWakes.Arn' }),
      ).toBe(true);
    for (const action of ['DescribeStream', 'GetRecords', 'GetShardIterator'])
      expect(
        allows(roleOf(template, 'on-append'), {
          action: `dynamodb:${action}`,
          resource: 'StorageLog.StreamArn',
        }),
      ).toBe(true);
  });

  it('sends failed stream events to their queue, whose encryption asks for no key', () => {
    const failures = { action: 'sqs:SendMessage', resource: 'WakeQueueStreamFailures.Arn' };
    expect(allows(roleOf(template, 'on-append'), failures)).toBe(true);
    for (const { Properties } of policiesOf('AWS::SQS::Queue')) {
      expect(Properties).not.toHaveProperty('KmsMasterKeyId');
      // Without one, every queue of the account may move its dead letters here.
      expect(Properties).not.toHaveProperty('RedriveAllowPolicy');
    }
  });

  it('writes the logs of each function, and begins the sweep', () => {
    for (const name of ['produce', 'consume', 'pull', 'admin', 'on-append', 'deliver', 'sweep'] as const) {
      const role = roleOf(template, name);
      expect(list(trustOf(role)).map(({ Principal }) => Principal)).toEqual([
        { Service: 'lambda.amazonaws.com' },
      ]);
      expect(JSON.stringify(role.Properties['Policies'])).toContain('logs:PutLogEvents');
    }
    const schedule = resource(template, 'AWS::IAM::Role', 'DeliveryScheduleRole');
    expect(trustOf(schedule).map(({ Principal }) => Principal)).toEqual([
      { Service: 'scheduler.amazonaws.com' },
    ]);
    // The scheduler works for all accounts; it takes the role for this one alone.
    const [trust] = trustOf(schedule);
    expect(short(trust?.Condition?.['StringEquals']?.['aws:SourceAccount'])).toBe('AWS::AccountId');
    expect(allows(schedule, { action: 'lambda:InvokeFunction', resource: 'SweepLambda.Arn' })).toBe(true);
  });
});
