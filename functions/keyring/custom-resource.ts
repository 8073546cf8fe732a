import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import type { KeyringKeeper } from '../../lib/stores/keyrings.ts';

export interface CustomResourceDeps {
  /** The name of the parameter: the resource has no other. */
  readonly name: string;
  readonly keyrings: Pick<KeyringKeeper, 'create'>;
  /** A new keyring, as text. */
  readonly newKeyring: () => string;
  readonly deleteKeyring: () => Promise<void>;
}

/** A keyring that the stack made ends with it; one that it found, as of an earlier stack of its name, is not its own. */
const [made, found] = ['made', 'found'] as const;

/** Makes the keyring where there is none; deletes it where the stack made it and is not to keep it. Gives the resource's physical id. */
const answerTo = async (
  deps: CustomResourceDeps,
  event: CloudFormationCustomResourceEvent,
): Promise<string> => {
  if (event.RequestType === 'Delete') {
    const isOurs = event.PhysicalResourceId === `${made}:${deps.name}`;
    if (isOurs && event.ResourceProperties['Kept'] === 'no') await deps.deleteKeyring();
    return event.PhysicalResourceId;
  }
  const isNew = await deps.keyrings.create(deps.newKeyring());
  if (event.RequestType === 'Update') return event.PhysicalResourceId;
  return `${isNew ? made : found}:${deps.name}`;
};

/**
 * What CloudFormation is to be told
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref-responses.html). It never holds the keyring.
 */
export const respondTo = async (
  deps: CustomResourceDeps,
  event: CloudFormationCustomResourceEvent,
): Promise<CloudFormationCustomResourceResponse> => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const ids = { StackId, RequestId, LogicalResourceId };
  try {
    return { Status: 'SUCCESS', PhysicalResourceId: await answerTo(deps, event), ...ids };
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    // Of a creation that failed: nothing is deleted by this id.
    const standing = event.RequestType === 'Create' ? `failed:${deps.name}` : event.PhysicalResourceId;
    return { Status: 'FAILED', Reason: reason.slice(0, 1000), PhysicalResourceId: standing, ...ids };
  }
};
