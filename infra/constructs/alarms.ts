import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { missingData, type Signal, signals } from './alarm-signals.ts';
import { unlabelled, type Watched } from './signals.ts';

export interface AlarmsProps {
  readonly watched: Watched;
  readonly settings: Settings;
  /** What the alarms' names begin with. */
  readonly prefix: string;
}

/** What somebody must look at. Each alarm says what to do, and where `docs/operations.md` says more. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { watched, settings, prefix }: AlarmsProps) {
    super(scope, id);
    const actions = this.#actions(settings, prefix);
    this.alarms = signals(watched, settings).map((signal) => this.#alarm(signal, prefix, actions));
  }

  #alarm(signal: Signal, prefix: string, actions: readonly IAlarmAction[]): Alarm {
    const alarm = new Alarm(this, signal.id, {
      alarmName: `${prefix}-${signal.id}`,
      alarmDescription: `${signal.says} See docs/operations.md, "${signal.section}".`,
      metric: unlabelled(signal.metric),
      threshold: signal.from,
      comparisonOperator: signal.below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: signal.of[0],
      evaluationPeriods: signal.of[1],
      treatMissingData: missingData(signal),
    });
    alarm.addAlarmAction(...actions);
    if (signal.silence === true) alarm.addInsufficientDataAction(...actions);
    if (signal.event !== true) alarm.addOkAction(...actions);
    return alarm;
  }

  #actions({ alarmEmail, alarmTopicArn }: Settings, prefix: string): IAlarmAction[] {
    const topics = alarmTopicArn === undefined ? [] : [Topic.fromTopicArn(this, 'GivenTopic', alarmTopicArn)];
    if (alarmEmail === undefined) return topics.map((topic) => new SnsAction(topic));
    const mail = new Topic(this, 'Mail', { enforceSSL: true });
    mail.addToResourcePolicy(this.#publishes(mail, prefix));
    mail.addSubscription(new EmailSubscription(alarmEmail));
    return [...topics, mail].map((topic) => new SnsAction(topic));
  }

  /**
   * A topic's policy replaces the one that SNS makes, which lets the whole account publish: with the refusal of requests
   * without TLS alone, CloudWatch could not. That it publishes as `cloudwatch.amazonaws.com` for an alarm:
   * docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html.
   */
  #publishes({ topicArn }: Topic, prefix: string): PolicyStatement {
    const stack = Stack.of(this);
    const alarm = stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: `${prefix}-*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return new PolicyStatement({
      sid: 'AlarmsPublish',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': stack.account },
        ArnLike: { 'aws:SourceArn': alarm },
      },
    });
  }
}
