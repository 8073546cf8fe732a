import type { Duration } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundle, entryOf, type FunctionName, filesBeside, lateCommand, lateParts, root } from './bundling.ts';
import { removalPolicy } from './removal.ts';

/** What a function may do: these actions, on this one resource. */
export interface Right {
  readonly actions: readonly string[];
  readonly resource: string;
  /** Partition keys of a table that the actions are confined to; `*` stands for any characters. */
  readonly leadingKeys?: readonly string[];
  /** Conditions of IAM under which alone it holds, as `{ StringEquals: { 'ssm:Overwrite': 'false' } }`. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface BrokerFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly logRetentionDays: number;
  readonly keepsLogs: boolean;
  readonly metricsNamespace: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly rights: readonly Right[];
  /** That it queues messages for itself is meant: Lambda would otherwise end such a chain after 16 rounds. */
  readonly callsItself?: boolean;
  /** Kept for it of what the account may run at once, and the most that it may run itself. */
  readonly reservedConcurrency?: number;
}

const statement = ({ actions, resource, leadingKeys, conditions }: Right): PolicyStatement =>
  new PolicyStatement({
    effect: Effect.ALLOW,
    actions: [...actions],
    resources: [resource],
    conditions: {
      ...conditions,
      ...(leadingKeys !== undefined && {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...leadingKeys] },
      }),
    },
  });

/** A Lambda by our conventions: one role of its own with the rights listed, one log group that forgets, arm64. */
export class BrokerFunction extends Construct {
  readonly lambda: NodejsFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BrokerFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays satisfies number as RetentionDays,
      removalPolicy: removalPolicy(props.keepsLogs),
    });
    const rights = [
      ...props.rights,
      { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resource: this.logGroup.logGroupArn },
    ];
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `What ${props.name} may do`,
      inlinePolicies: { Rights: new PolicyDocument({ statements: rights.map(statement) }) },
    });
    this.lambda = new NodejsFunction(this, 'Lambda', {
      description: props.description,
      entry: entryOf(props.name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMb,
      timeout: props.timeout,
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      // A line at the start of every invocation, and two at its end, are most of a log that nobody reads and pays for.
      // What failed, or ran out of time, is a warning (`System log level event mapping` in
      // docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
      systemLogLevelV2: SystemLogLevel.WARN,
      // Not above: our metrics are lines without a level, which Lambda takes for INFO.
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      recursiveLoop: props.callsItself === true ? RecursiveLoop.ALLOW : RecursiveLoop.TERMINATE,
      environment: {
        ...props.environment,
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: props.name,
        // Two stacks in one account are two namespaces.
        POWERTOOLS_METRICS_NAMESPACE: props.metricsNamespace,
      },
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      awsSdkConnectionReuse: false,
      projectRoot: root,
      depsLockFilePath: `${root}package-lock.json`,
      bundling: {
        target: bundle.target,
        format: OutputFormat.ESM,
        mainFields: [...bundle.mainFields],
        banner: bundle.banner,
        minify: bundle.minify,
        sourceMap: bundle.sourceMap,
        sourcesContent: bundle.sourcesContent,
        bundleAwsSDK: true,
        externalModules: [...bundle.external],
        forceDockerBundling: false,
        logLevel: LogLevel.WARNING,
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          afterBundling: (from, to) => [
            ...filesBeside(props.name).map((file) => `cp "${from}/${file}" "${to}"`),
            ...lateParts(props.name).map((part) => lateCommand(part, from, to)),
          ],
        },
      },
    });
  }
}
