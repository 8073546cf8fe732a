import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';
import { listOf, text, time } from './parts.ts';

const fields = () => ({
  id: text('Its id.'),
  url: text('Where it is called.'),
  status: z.enum(['enabled', 'disabled']).check(z.meta({ description: 'Whether it is called.' })),
  disabledReason: z.exactOptional(text('Why it was disabled.')),
  disabledAt: z.exactOptional(time('When it was disabled.')),
  description: z.exactOptional(text('What it was described as.')),
  headerNames: z.exactOptional(
    z
      .readonly(z.array(z.string()))
      .check(z.meta({ description: 'Names of the headers that it is sent. Their values are not shown.' })),
  ),
  maxConcurrentRequests: z.exactOptional(
    z
      .int()
      .check(z.meta({ description: 'Requests that may be under way to it at once. Absent: any number.' })),
  ),
  requestsPerSecond: z.exactOptional(
    z
      .number()
      .check(
        z.meta({ description: 'How often it is called at most. Absent: as often as there is something.' }),
      ),
  ),
  createdAt: time('When it was registered.'),
});

export const endpointAnswer = whenNeeded(() => z.object(fields()));
export type EndpointAnswer = z.output<ReturnType<typeof endpointAnswer>>;

export const newEndpointAnswer = whenNeeded(() =>
  z.object({
    ...fields(),
    secret: text('What its requests are signed with (whsec_…). It is shown this once.'),
  }),
);
export type NewEndpointAnswer = z.output<ReturnType<typeof newEndpointAnswer>>;

export const endpointListAnswer = whenNeeded(() => z.object({ endpoints: listOf(endpointAnswer()) }));
export type EndpointListAnswer = z.output<ReturnType<typeof endpointListAnswer>>;
