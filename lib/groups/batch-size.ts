import { batchFormats, hasOneRecord } from '../domain/delivery/formats.ts';
import { Problem } from '../domain/errors.ts';
import type { DeliveryChange, DeliverySettings } from '../domain/groups/groups.ts';

/**
 * What is `given` of the settings, where they come to `merged`. A batch size that was given before, for another format, is no
 * fault: it has no effect.
 * @throws Problem `invalid_request` when a batch size is given for a format of one record a request.
 */
export const requireFittingBatchSize = (
  { format }: Pick<DeliverySettings, 'format'>,
  { batchSize = 1 }: Pick<DeliveryChange, 'batchSize'>,
): void => {
  if (batchSize === 1 || !hasOneRecord(format)) return;
  const others = batchFormats.map((each) => `"${each}"`).join(' or ');
  const message = `In the format "${format}" a request has one record: leave batchSize out, or give 1. For several records a request give the format ${others}.`;
  throw new Problem('invalid_request', `The request is not valid. ${message} Nothing was changed.`, {
    errors: [{ path: 'delivery.batchSize', message }],
  });
};
