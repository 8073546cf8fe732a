/**
 * The app as it is delivered, with one resource more, which fails when all others have been made: a condition that waits
 * for a signal that nobody gives.
 */
import { CfnWaitCondition, CfnWaitConditionHandle } from 'aws-cdk-lib';
import { createApp } from '../../infra/broker-app.ts';

const { app, stack } = createApp();
const everything = stack.node.children;
const handle = new CfnWaitConditionHandle(stack, 'NobodySignals');
const condition = new CfnWaitCondition(stack, 'Fails', { handle: handle.ref, timeout: '1', count: 1 });
condition.node.addDependency(...everything);
app.synth();
