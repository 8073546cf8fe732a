import * as z from 'zod/mini';
import { whenNeeded } from '../schemas/check.ts';

export const healthAnswer = whenNeeded(() => z.object({ status: z.literal('ok') }));
export type HealthAnswer = z.output<ReturnType<typeof healthAnswer>>;
