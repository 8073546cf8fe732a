import { Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  type CfnStage,
  DomainName,
  HttpApi,
  HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledgements.ts';
import { keepsData, type Settings } from '../settings.ts';
import { removalPolicy } from './removal.ts';

export interface HttpEntryProps {
  readonly settings: Settings;
  readonly produce: IFunction;
  readonly consume: IFunction;
  readonly pull: IFunction;
  readonly acks: IFunction;
  readonly admin: IFunction;
  readonly describe: IFunction;
}

const records = '/v1/topics/{topic}/records';
const partitions = '/v1/topics/{topic}/partitions';
const fetch = '/v1/topics/{topic}/partitions/{partition}/records';
const group = '/v1/topics/{topic}/groups/{group}';
/** What consumers ask of a group that they pull from. */
const pulls = { Poll: 'poll', Ack: 'ack', Nack: 'nack', Leave: 'leave' };
const described = { Description: '/v1/openapi.json', Docs: '/docs', DocsFile: '/docs/{file}' };

/** Requests a second, and at once, to each address of the description and its page; all visitors together. */
const openRate = 5;
const openBurst = 50;

/** No query, and of the headers `User-Agent` alone: who called what when, how it ended, and where the time went. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTimeEpoch(),
    route: '$context.routeKey',
    path: '$context.path',
    status: AccessLogField.contextStatus(),
    ip: AccessLogField.contextIdentitySourceIp(),
    userAgent: AccessLogField.contextIdentityUserAgent(),
    responseBytes: AccessLogField.contextResponseLength(),
    responseMs: AccessLogField.contextResponseLatency(),
    integrationMs: '$context.integrationLatency',
    integrationError: '$context.integrationErrorMessage',
  }),
);

/** The HTTPS address: routes to six functions, so that each has the least rights. */
export class HttpEntry extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  /** Without a slash at its end; paths begin with `/v1`. */
  readonly url: string;
  /** Set with a custom domain: what its DNS record must point to. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, { settings, ...functions }: HttpEntryProps) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', {
      apiName: Stack.of(this).stackName,
      createDefaultStage: false,
      // Otherwise what stands before the domain, such as a firewall, could be gone around.
      disableExecuteApiEndpoint: settings.domainName !== undefined,
    });
    const domain = this.#domain(settings);
    this.stage = this.#stage(settings, domain);
    this.url = domain === undefined ? this.api.apiEndpoint : `https://${domain.name}`;
    this.domainTarget = domain?.regionalDomainName;

    const produce = new HttpLambdaIntegration('Produce', functions.produce);
    const consume = new HttpLambdaIntegration('Consume', functions.consume);
    const pull = new HttpLambdaIntegration('Pull', functions.pull);
    const acks = new HttpLambdaIntegration('Acks', functions.acks);
    const admin = new HttpLambdaIntegration('Admin', functions.admin);
    const describe = new HttpLambdaIntegration('Describe', functions.describe);
    this.#route('ProduceRecords', HttpRouteKey.with(records, HttpMethod.POST), produce);
    this.#route('GetPartitions', HttpRouteKey.with(partitions, HttpMethod.GET), consume);
    this.#route('FetchRecords', HttpRouteKey.with(fetch, HttpMethod.GET), consume);
    // To the gateway HEAD is a method like any other, and admin would know nothing of these.
    this.#route('HeadPartitions', HttpRouteKey.with(partitions, HttpMethod.HEAD), consume);
    this.#route('HeadRecords', HttpRouteKey.with(fetch, HttpMethod.HEAD), consume);
    for (const [id, asked] of Object.entries(pulls))
      this.#route(id, HttpRouteKey.with(`${group}/${asked}`, HttpMethod.POST), pull);
    this.#route('AckMessage', HttpRouteKey.with('/v1/acks/{token}', HttpMethod.POST), acks);
    const open = Object.entries(described).map(([id, path]) => {
      this.#route(`Head${id}`, HttpRouteKey.with(path, HttpMethod.HEAD), describe);
      return this.#route(`Get${id}`, HttpRouteKey.with(path, HttpMethod.GET), describe);
    });
    this.#throttleOpen(open);
    // The rest, unknown paths too: they get their problem document from us, not the gateway's own answer.
    this.#route('Rest', HttpRouteKey.DEFAULT, admin);
  }

  #route(id: string, routeKey: HttpRouteKey, integration: HttpLambdaIntegration): HttpRoute {
    const route = new HttpRoute(this, id, { httpApi: this.api, routeKey, integration });
    acknowledge(
      route,
      'AwsSolutions-APIG4',
      'Callers show an API key, which the functions check against its stored hash, with its scopes and topics: an authorizer would be one more function and one more read for each request.',
    );
    return route;
  }

  /**
   * The description and its page are given to all who ask, up to 1.7 MB at a time, which AWS charges for as it leaves: a few in
   * a second are enough for people.
   */
  #throttleOpen(routes: readonly HttpRoute[]): void {
    const stage = this.stage.node.defaultChild as CfnStage;
    const setting = { ThrottlingRateLimit: openRate, ThrottlingBurstLimit: openBurst };
    const keys = Object.values(described).map((path) => `GET ${path}`);
    stage.routeSettings = Object.fromEntries(keys.map((key) => [key, setting]));
    // CloudFormation refuses settings of routes that are not there yet.
    for (const route of routes) stage.node.addDependency(route);
  }

  #domain({ domainName, certificateArn }: Settings): DomainName | undefined {
    if (domainName === undefined || certificateArn === undefined) return undefined;
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn);
    return new DomainName(this, 'Domain', { domainName, certificate });
  }

  /** Named `$default`, because any other name would be the first part of every path. */
  #stage(settings: Settings, domainName: DomainName | undefined): HttpStage {
    const logGroup = new LogGroup(this, 'AccessLogs', {
      // The policy that lets the gateway write there is one for the whole account, of 5,120 characters at most; log
      // groups of this prefix stand in it together, others one by one until it is full
      // (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html). With the id of the API,
      // because the log group of a stack that was destroyed is still there when the next one of its name comes.
      logGroupName: `/aws/vendedlogs/${Stack.of(this).stackName}/${this.api.apiId}`,
      retention: settings.logRetentionDays satisfies number as RetentionDays,
      removalPolicy: removalPolicy(keepsData(settings)),
    });
    return new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.throttleRate, burstLimit: settings.throttleBurst },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogFormat },
      ...(domainName === undefined ? {} : { domainMapping: { domainName } }),
    });
  }
}
