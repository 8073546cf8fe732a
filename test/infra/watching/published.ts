import type { Template } from 'aws-cdk-lib/assertions';
import { resourcesOf } from '../template.ts';
import type { Reference } from './references.ts';

/** What AWS publishes of a kind of resource, as far as we look at it. */
interface Published {
  readonly metrics: readonly string[];
  /** Each with the type of resource that it names, or the value that it has. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** Where AWS says so. */
  readonly source: string;
}

/** By namespace. */
export const published: Readonly<Record<string, Published>> = {
  'AWS/Lambda': {
    metrics: ['Errors', 'Invocations', 'IteratorAge', 'Throttles'],
    dimensions: { FunctionName: 'AWS::Lambda::Function' },
    source: 'docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html',
  },
  'AWS/SQS': {
    metrics: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
    dimensions: { QueueName: 'AWS::SQS::Queue' },
    source:
      'docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html',
  },
  'AWS/DynamoDB': {
    metrics: ['ConsumedReadCapacityUnits', 'ConsumedWriteCapacityUnits'],
    dimensions: { TableName: 'AWS::DynamoDB::GlobalTable' },
    source: 'docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html',
  },
  'AWS/ApiGateway': {
    // Those of HTTP APIs; a REST API has 4XXError and 5XXError, by ApiName.
    metrics: ['4xx', '5xx', 'Count', 'Latency'],
    dimensions: { ApiId: 'AWS::ApiGatewayV2::Api', Stage: 'AWS::ApiGatewayV2::Stage' },
    source: 'docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html',
  },
};

/** How a template names the resources of a type: a queue by an attribute of it, a stage by its name, others by themselves. */
const namesOf = (template: Template, type: string): string[] =>
  [...resourcesOf(template, type)].map(([id, { Properties }]) => {
    if (type === 'AWS::SQS::Queue') return `${id}.QueueName`;
    return type === 'AWS::ApiGatewayV2::Stage' ? String(Properties['StageName']) : id;
  });

const sorted = (names: Iterable<string>): string => [...names].toSorted().join('+');

/** What is wrong with a reference to what AWS publishes; undefined if nothing is. */
export const wrongWith = (
  template: Template,
  { namespace, name, dimensions }: Reference,
): string | undefined => {
  const of = published[namespace];
  if (of === undefined) return `${namespace} is no namespace of AWS that we know`;
  if (!of.metrics.includes(name)) return `${namespace} has no ${name}`;
  if (sorted(Object.keys(dimensions)) !== sorted(Object.keys(of.dimensions)))
    return `${namespace} ${name} has the dimensions ${sorted(Object.keys(of.dimensions))}`;
  for (const [dimension, type] of Object.entries(of.dimensions)) {
    if (!namesOf(template, type).includes(dimensions[dimension] ?? ''))
      return `${dimension} is not a ${type} of the stack: ${dimensions[dimension]}`;
  }
  return undefined;
};
