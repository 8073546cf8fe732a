import type { Template } from 'aws-cdk-lib/assertions';
import type { FunctionName } from '../../infra/constructs/bundling.ts';
import { type Resource, resourcesOf, short } from './template.ts';

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

export const statementsOf = (role: Resource): Statement[] =>
  (role.Properties['Policies'] as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    (policy) => policy.PolicyDocument.Statement,
  );

export const leadingKeysOf = (statement: Statement): string[] =>
  list(statement.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []).map(String);

/** The name of a function's constructs: `OnAppend` for `on-append`. */
export const constructOf = (name: string): string =>
  name.replace(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());

export const roleOf = (template: Template, name: FunctionName): Resource => {
  const role = resourcesOf(template, 'AWS::IAM::Role').get(`${constructOf(name)}Role`);
  if (role === undefined) throw new Error(`${name} has no role`);
  return role;
};

export interface Request {
  /** As `dynamodb:PutItem`. */
  readonly action: string;
  /** As `short` gives it: `StorageLog.Arn`. */
  readonly resource: string;
  /** Partition keys that it touches. */
  readonly leadingKeys?: readonly string[];
  /** Condition keys that are compared as they are, as `ssm:Overwrite`. */
  readonly context?: Readonly<Record<string, string>>;
}

const matches = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 's').test(text);

/** Whether IAM lets the role do it, as far as our policies go: single actions, resources by pattern, `LeadingKeys` and `StringEquals` alone. */
export const allows = (
  role: Resource,
  { action, resource, leadingKeys = [], context = {} }: Request,
): boolean =>
  statementsOf(role).some((statement) => {
    const patterns = leadingKeysOf(statement);
    return (
      list(statement.Action).includes(action) &&
      list(statement.Resource)
        .map(short)
        .some((pattern) => matches(pattern, resource)) &&
      Object.entries(statement.Condition?.['StringEquals'] ?? {}).every(
        ([key, value]) => context[key] === value,
      ) &&
      (patterns.length === 0 || leadingKeys.every((key) => patterns.some((pattern) => matches(pattern, key))))
    );
  });
