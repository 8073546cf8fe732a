import recommended from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { expect, it } from 'vitest';
import { context } from './template.ts';

/** Where we want it otherwise. */
const ours: Readonly<Record<string, unknown>> = {
  // Each right that a function has is a statement of its own, so that it can be read, and tested, by itself.
  '@aws-cdk/aws-iam:minimizePolicies': false,
};

// A flag decides how names and properties are made. One that is turned on under a stack that stands may replace what it
// holds, so a new version of the CDK brings its new flags here, to be decided before anybody deploys with it.
it('every feature flag that this version of the CDK recommends is pinned', () => {
  const flags = Object.fromEntries(Object.entries(context).filter(([name]) => name.startsWith('@')));
  expect(flags).toEqual({ ...recommended, ...ours });
});
