import { deliveryDefaults } from '../../../../domain/groups/groups.ts';

export const groupsPath = '/v1/topics/:topic/groups';
export const groupPath = `${groupsPath}/:group`;
/** The group of the examples. */
export const at = { topic: 'orders', group: 'billing' };

export const sample = {
  name: 'billing',
  topic: 'orders',
  mode: 'push',
  status: 'active',
  start: 'earliest',
  delivery: deliveryDefaults,
  endpoints: 1,
  createdAt: '2026-03-10T05:16:23.000Z',
};
