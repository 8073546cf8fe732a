import { expect, it } from 'vitest';
import { respondTo } from '../../../functions/keyring/custom-resource.ts';

const name = '/millrace/test/keyring';
const event = (RequestType: 'Create' | 'Update' | 'Delete', more: object = {}) =>
  ({
    RequestType,
    ResponseURL: 'https://answers.example.com/?Signature=hush',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Keyring',
    ResourceType: 'Custom::Keyring',
    ServiceToken: 'arn',
    ResourceProperties: { ServiceToken: 'arn', Kept: 'no' },
    ...more,
  }) as Parameters<typeof respondTo>[1];

/** A place for one keyring, and a maker of keyrings. */
const world = (stored?: string) => {
  const state = { stored };
  return {
    state,
    deps: {
      name,
      keyrings: {
        create: async (text: string) => {
          if (state.stored !== undefined) return false;
          state.stored = text;
          return true;
        },
      },
      newKeyring: () => 'hush-made',
      deleteKeyring: async () => {
        state.stored = undefined;
      },
    },
  };
};

it('makes a keyring, which its answer does not hold, and deletes it with the stack', async () => {
  const { deps, state } = world();
  const created = await respondTo(deps, event('Create'));
  expect(created).toEqual({
    Status: 'SUCCESS',
    PhysicalResourceId: `made:${name}`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Keyring',
  });
  expect(state.stored).toBe('hush-made');
  const { PhysicalResourceId } = created;
  const deleted = await respondTo(deps, event('Delete', { PhysicalResourceId }));
  expect(deleted).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
  expect(state.stored).toBeUndefined();
});

it('deletes none that is to be kept, as when its creation is rolled back', async () => {
  const { deps, state } = world();
  const ResourceProperties = { ServiceToken: 'arn', Kept: 'yes' };
  const { PhysicalResourceId } = await respondTo(deps, event('Create', { ResourceProperties }));
  await respondTo(deps, event('Delete', { PhysicalResourceId, ResourceProperties }));
  expect(state.stored).toBe('hush-made');
});

it('neither replaces nor deletes a keyring that it found', async () => {
  const { deps, state } = world('older');
  const { Status, PhysicalResourceId } = await respondTo(deps, event('Create'));
  expect([Status, PhysicalResourceId]).toEqual(['SUCCESS', `found:${name}`]);
  await respondTo(deps, event('Delete', { PhysicalResourceId }));
  expect(state.stored).toBe('older');
});

it('leaves the resource what it was at an update', async () => {
  const { deps, state } = world('older');
  for (const PhysicalResourceId of [`made:${name}`, `found:${name}`])
    expect(await respondTo(deps, event('Update', { PhysicalResourceId }))).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId,
    });
  expect(state.stored).toBe('older');
});

it('answers too where it failed, and what is deleted after that is nothing', async () => {
  const { deps, state } = world();
  const failing = { ...deps, keyrings: { create: () => Promise.reject(new Error('Denied.')) } };
  const failed = await respondTo(failing, event('Create'));
  expect(failed).toMatchObject({ Status: 'FAILED', Reason: 'Error: Denied.' });
  state.stored = 'of another';
  const { PhysicalResourceId } = failed;
  expect(await respondTo(deps, event('Delete', { PhysicalResourceId }))).toMatchObject({
    Status: 'SUCCESS',
  });
  expect(state.stored).toBe('of another');
});
