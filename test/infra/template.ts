import { readFileSync } from 'node:fs';
import { Template } from 'aws-cdk-lib/assertions';
import type { CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { createApp } from '../../infra/broker-app.ts';

/** The settings and the feature flags as delivered. */
export const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};

const assemble = (settings: Record<string, unknown>): CloudFormationStackArtifact => {
  const { app, stack } = createApp({
    context: { ...context, 'aws:cdk:bundling-stacks': [], ...settings },
  });
  return app.synth().getStackByName(stack.stackName);
};

/**
 * The template that `cdk synth` makes of `cdk.json` with these settings, held to the same rules, but without bundling
 * the functions: `bundles.test.ts` does that.
 */
export const synthesise = (settings: Record<string, unknown> = {}): Template =>
  Template.fromJSON(assemble(settings).template);

/** What the CDK sets of the stack itself, beside its template. */
export const stackOf = (
  settings: Record<string, unknown>,
): { terminationProtection: boolean; tags: Record<string, string> } => {
  const { terminationProtection = false, tags } = assemble(settings);
  return { terminationProtection, tags };
};

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** Resources of a type, by the names of their constructs (logical ids without the hash). */
export const resourcesOf = (template: Template, type: string): ReadonlyMap<string, Resource> =>
  new Map(
    Object.entries(template.findResources(type)).map(([id, resource]) => [nameOf(id), resource as Resource]),
  );

/** The only resource of its type whose name begins so. */
export const resource = (template: Template, type: string, name: string): Resource => {
  const found = [...resourcesOf(template, type)].filter(([id]) => id.startsWith(name));
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} resources of type ${type} begin with ${name}`);
  return found[0][1];
};

export const nameOf = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** A value of the template as short text: `StorageLog.Arn` for an attribute, `StorageLog` for a reference. */
export const short = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Fn::GetAtt' in value) {
    const [id, attribute] = value['Fn::GetAtt'] as [string, string];
    return `${nameOf(id)}.${attribute}`;
  }
  if ('Ref' in value) return nameOf(String(value.Ref));
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, unknown[]];
    return parts.map(short).join(separator);
  }
  return JSON.stringify(value);
};

/**
 * The environment of each function, by its service name. What CloudFormation would fill in is made up: names, and a URL
 * for what is called one.
 */
export const environmentsOf = (template: Template): ReadonlyMap<string, Record<string, string>> => {
  const functions = [...resourcesOf(template, 'AWS::Lambda::Function').values()];
  return new Map(
    functions.map(({ Properties }) => {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
      const filled = Object.entries(Variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : name.endsWith('_URL') ? 'https://queue.invalid/1' : 'a-name',
      ]);
      const environment = Object.fromEntries(filled) as Record<string, string>;
      return [environment['POWERTOOLS_SERVICE_NAME'] ?? '', environment];
    }),
  );
};
