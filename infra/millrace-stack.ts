import { type CfnElement, CfnOutput, Duration, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { limits } from '../lib/domain/limits.ts';
import { acknowledge } from './acknowledgements.ts';
import { Alarms } from './constructs/alarms.ts';
import { ArchiveCatalogue } from './constructs/archive-catalogue.ts';
import { ArchiveQueue, Archiving } from './constructs/archiving.ts';
import { BrokerFunction } from './constructs/broker-function.ts';
import { type FunctionName, functionNames } from './constructs/bundling.ts';
import { Delivery } from './constructs/delivery.ts';
import { HttpEntry } from './constructs/http-entry.ts';
import { Keyring, keyringArn, keyringName } from './constructs/keyring.ts';
import { LogStorage } from './constructs/log-storage.ts';
import { Overview } from './constructs/overview.ts';
import { archivedObjects, archiveUsers, rightsOf } from './constructs/rights.ts';
import { WakeQueue } from './constructs/wake-queue.ts';
import { isProtected, keepsData, type Settings } from './settings.ts';

/** How each function runs; the gateway gives up on an HTTP function after 30 s. */
const runs = (settings: Settings): Record<FunctionName, Run> => ({
  produce: {
    description: 'Appends records to the log',
    memoryMb: settings.produceMemoryMb,
    ...reservation(settings.produceReservedConcurrency),
    timeout: Duration.seconds(20),
  },
  consume: {
    description: 'Serves partitions and fetches, long polls included',
    memoryMb: settings.consumeMemoryMb,
    timeout: Duration.seconds(limits.fetchWaitSeconds + 8),
  },
  pull: {
    description: 'Hands records to the consumers of groups that pull, long polls included',
    memoryMb: settings.pullMemoryMb,
    timeout: Duration.seconds(limits.pollWaitSeconds + 8),
  },
  acks: {
    description: 'Acknowledges messages that endpoints took, by their tokens',
    memoryMb: settings.acksMemoryMb,
    timeout: Duration.seconds(20),
  },
  admin: {
    description: 'Serves topics, groups, endpoints, keys and health',
    memoryMb: settings.adminMemoryMb,
    timeout: Duration.seconds(29),
  },
  'on-append': {
    description: 'Turns new batches into wakes for push groups',
    memoryMb: settings.onAppendMemoryMb,
    ...reservation(settings.onAppendReservedConcurrency),
    timeout: Duration.seconds(30),
  },
  deliver: {
    description: 'Calls webhooks until they acknowledge',
    memoryMb: settings.deliverMemoryMb,
    timeout: Duration.millis(limits.deliverRunMs),
    // A retry is a wake that an attempt queues for the next one, for as long as an outage takes.
    callsItself: true,
  },
  sweep: {
    description: 'Wakes what was forgotten, finishes removals and sends what is due to the archive',
    memoryMb: settings.sweepMemoryMb,
    timeout: Duration.minutes(4),
  },
  archive: {
    description: 'Archives, trims, lets go, erases and compacts, a partition at a time',
    memoryMb: settings.archiveMemoryMb,
    // Four minutes of segments; what is left the next sweep finds. A run that is lost holds its partition up no longer.
    timeout: Duration.minutes(5),
  },
  describe: {
    description: 'Serves the description of the interface, and the page that shows it',
    memoryMb: 512,
    timeout: Duration.seconds(10),
  },
  keyring: {
    description: 'Makes the keys that secrets are sealed by, when the stack is made',
    memoryMb: 256,
    timeout: Duration.seconds(60),
  },
});

interface Run {
  readonly description: string;
  readonly memoryMb: number;
  readonly timeout: Duration;
  readonly callsItself?: boolean;
  readonly reservedConcurrency?: number;
}

const reservation = (reservedConcurrency: number | undefined): Pick<Run, 'reservedConcurrency'> =>
  reservedConcurrency === undefined ? {} : { reservedConcurrency };

export interface MillraceStackProps extends StackProps {
  readonly settings: Settings;
}

/** A whole broker. */
export class MillraceStack extends Stack {
  readonly storage: LogStorage;
  readonly wakes: WakeQueue;
  readonly tasks: ArchiveQueue;
  readonly functions: Readonly<Record<FunctionName, BrokerFunction>>;
  readonly entry: HttpEntry;
  readonly catalogue: ArchiveCatalogue | undefined;

  constructor(scope: Construct, id: string, { settings, ...props }: MillraceStackProps) {
    super(scope, id, props);
    this.storage = new LogStorage(this, 'Storage', { settings });
    this.wakes = new WakeQueue(this, 'WakeQueue', { consumerTimeout: runs(settings).deliver.timeout });
    this.tasks = new ArchiveQueue(this, 'ArchiveQueue', { consumerTimeout: runs(settings).archive.timeout });
    this.functions = this.#functions(settings);
    this.entry = new HttpEntry(this, 'Http', {
      settings,
      produce: this.functions.produce.lambda,
      consume: this.functions.consume.lambda,
      pull: this.functions.pull.lambda,
      acks: this.functions.acks.lambda,
      admin: this.functions.admin.lambda,
      describe: this.functions.describe.lambda,
    });
    new Delivery(this, 'Delivery', {
      log: this.storage.log,
      wakes: this.wakes,
      onAppend: this.functions['on-append'].lambda,
      deliver: this.functions.deliver.lambda,
      sweep: this.functions.sweep.lambda,
      deliverMaxConcurrency: settings.deliverMaxConcurrency,
      sweepInterval: Duration.minutes(settings.sweepMinutes),
    });
    new Keyring(this, 'Secrets', { maker: this.functions.keyring.lambda, kept: keepsData(settings) });
    new Archiving(this, 'Archiving', {
      tasks: this.tasks,
      archive: this.functions.archive.lambda,
      maxConcurrency: settings.archiveMaxConcurrency,
    });
    if (settings.glue)
      this.catalogue = new ArchiveCatalogue(this, 'Catalogue', {
        archive: this.storage.archive,
        database: this.stackName,
      });
    this.#watch(settings);
    // That a dashboard can be tagged is younger than what cfn-lint knows.
    const options = { excludeResourceTypes: ['AWS::CloudWatch::Dashboard'] };
    Tags.of(this).add('application', 'millrace', options);
    Tags.of(this).add('stage', settings.stage, options);
    this.#outputs(settings);
  }

  #functions(settings: Settings): Record<FunctionName, BrokerFunction> {
    const { log, state, archive } = this.storage;
    const environments = this.#environments(settings);
    const rights = rightsOf({
      log,
      state,
      archive,
      wakes: this.wakes,
      tasks: this.tasks,
      keyringArn: keyringArn(this),
    });
    const make = (name: FunctionName): BrokerFunction =>
      new BrokerFunction(this, idOf(name), {
        name,
        ...runs(settings)[name],
        metricsNamespace: this.stackName,
        environment: environments[name],
        rights: rights[name],
        logRetentionDays: settings.logRetentionDays,
        keepsLogs: keepsData(settings),
      });
    const functions = Object.fromEntries(functionNames.map((name) => [name, make(name)])) as Record<
      FunctionName,
      BrokerFunction
    >;
    acknowledge(
      functions['on-append'].role,
      `AwsSolutions-IAM5[Resource::<${this.getLogicalId(log.node.defaultChild as CfnElement)}.Arn>/stream/*]`,
      'ListStreams, which an event source mapping demands, cannot be confined further than to the streams of one table.',
    );
    const bucket = this.getLogicalId(archive.node.defaultChild as CfnElement);
    for (const name of archiveUsers)
      acknowledge(
        functions[name].role,
        `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/${archivedObjects}]`,
        'Objects of the archive are named after topics, which come and go.',
      );
    return functions;
  }

  #environments(settings: Settings): Record<FunctionName, Record<string, string>> {
    const { log, state, archive } = this.storage;
    const tables = { MILLRACE_LOG_TABLE: log.tableName, MILLRACE_STATE_TABLE: state.tableName };
    const wakes = { MILLRACE_WAKE_QUEUE_URL: this.wakes.queue.queueUrl };
    const bucket = { MILLRACE_ARCHIVE_BUCKET: archive.bucketName };
    const segments = {
      ...bucket,
      MILLRACE_SEGMENT_MAX_BYTES: String(settings.segmentMaxBytes),
      MILLRACE_SEGMENT_MAX_AGE_SECONDS: String(settings.segmentMaxAgeSeconds),
    };
    const tasks = { MILLRACE_ARCHIVE_QUEUE_URL: this.tasks.queue.queueUrl };
    const keyring = { MILLRACE_KEYRING_PARAMETER: keyringName(this) };
    return {
      produce: tables,
      consume: { ...tables, ...bucket },
      pull: { ...tables, ...bucket },
      acks: { MILLRACE_STATE_TABLE: state.tableName, ...wakes, ...keyring },
      admin: { ...tables, ...wakes, ...tasks, ...bucket, ...keyring },
      'on-append': { MILLRACE_STATE_TABLE: state.tableName, ...wakes },
      deliver: { ...tables, ...wakes, ...bucket, ...keyring },
      sweep: { ...tables, ...wakes, ...tasks, ...segments, ...keyring },
      archive: { ...tables, ...segments },
      describe: {},
      keyring,
    };
  }

  #watch(settings: Settings): void {
    const watched = {
      namespace: this.stackName,
      functions: this.functions,
      tables: { log: this.storage.log, state: this.storage.state },
      wakes: this.wakes,
      tasks: this.tasks,
      stage: this.entry.stage,
    };
    const { alarms } = new Alarms(this, 'Alarms', { watched, settings, prefix: this.stackName });
    new Overview(this, 'Overview', { watched, alarms, name: this.stackName });
  }

  #outputs(settings: Settings): void {
    const output = (id: string, value: string, description: string): void => {
      new CfnOutput(this, id, { value, description });
    };
    output('ApiUrl', this.entry.url, 'Where the HTTP interface is; paths begin with /v1');
    if (this.entry.domainTarget !== undefined)
      output('DomainTarget', this.entry.domainTarget, 'What the DNS record of the domain must point to');
    output('Stage', settings.stage, 'The stage of this stack');
    if (keepsData(settings))
      output('Protected', protection(settings), 'Whether this stack refuses to be deleted');
    output('LogTableName', this.storage.log.tableName, 'The log');
    output('StateTableName', this.storage.state.tableName, 'Topics, groups, cursors, endpoints, keys');
    output('ArchiveBucketName', this.storage.archive.bucketName, 'Archived segments');
    output('KeyringParameter', keyringName(this), 'The keys that secrets of endpoints are sealed by');
    output('WakeQueueUrl', this.wakes.queue.queueUrl, 'Wakes for deliver');
    output('WakeDeadLettersUrl', this.wakes.deadLetters.queueUrl, 'Wakes that nobody could answer');
    output('StreamFailuresUrl', this.wakes.streamFailures.queueUrl, 'Stream events that on-append failed on');
    output('ArchiveQueueUrl', this.tasks.queue.queueUrl, 'Partitions for archive');
    output('ArchiveDeadLettersUrl', this.tasks.deadLetters.queueUrl, 'Tasks that archive failed at');
    if (this.catalogue !== undefined)
      output('ArchiveTable', this.catalogue.name, 'The archive as a table of the Glue catalogue');
  }
}

/** Shown at the end of a deploy: when it stands. */
const protection = (settings: Settings): string =>
  isProtected(settings)
    ? 'yes'
    : 'no: set "protect": true in cdk.json, and deploy again, to keep the stack and its tables from being deleted';

const idOf = (name: FunctionName): string =>
  name.replace(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
