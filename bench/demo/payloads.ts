import definitions from '@octokit/webhooks-examples' with { type: 'json' };

/** A real webhook payload of GitHub, as a record to produce. */
export interface Payload {
  readonly key: string;
  readonly value: unknown;
  readonly headers: { readonly event: string };
}

interface Example {
  readonly repository?: { readonly full_name?: string };
  readonly organization?: { readonly login?: string };
  readonly sender?: { readonly login?: string };
}

/** Whose event it is: its repository, or where it has none its organization or whoever caused it. */
const keyOf = ({ repository, organization, sender }: Example): string =>
  repository?.full_name ?? organization?.login ?? sender?.login ?? 'nobody';

/** The examples of `@octokit/webhooks-examples`, each event's after another's. */
export const payloads: readonly Payload[] = (
  definitions as unknown as readonly { readonly name: string; readonly examples: readonly Example[] }[]
).flatMap(({ name, examples }) =>
  examples.map((value) => ({ key: keyOf(value), value, headers: { event: name } })),
);
