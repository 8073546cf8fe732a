import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { MillraceStack } from './millrace-stack.ts';
import { isProtected, readSettings } from './settings.ts';

/**
 * The whole CDK app, from the settings in its context. Every template is held to CDK's own rules
 * (`@aws-cdk/core:validateAgainstDefaultRules` in `cdk.json` makes their findings errors) and to cdk-nag's.
 * @throws SettingsError
 */
export const createApp = (props: AppProps = {}): { readonly app: App; readonly stack: MillraceStack } => {
  const app = new App({ analyticsReporting: false, ...props });
  const settings = readSettings(app.node.getAllContext());
  const { account, region } = settings;
  const stack = new MillraceStack(app, 'Millrace', {
    settings,
    stackName: settings.stackName ?? `millrace-${settings.stage}`,
    description: 'Millrace, a partitioned-log message broker',
    // The CDK sets it before the stack is made, so it is for a stack that stands.
    terminationProtection: isProtected(settings),
    // Of the stack itself; `Tags.of` is for what is in it (`@aws-cdk/core:explicitStackTags`).
    tags: { application: 'millrace', stage: settings.stage },
    env: { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) },
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
};
