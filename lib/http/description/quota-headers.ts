import type { Parameter } from './operation.ts';

/** Of answers to a key that has a quota: draft-ietf-httpapi-ratelimit-headers-11. */
export const quotaHeaders: Readonly<Record<string, Parameter>> = {
  'RateLimit-Policy': {
    description:
      'Of a key that has a quota: what it may use, as `"records";q=1000;qu="records";w=10` for 1000 records in 10 seconds.',
    schema: { type: 'string' },
  },
  RateLimit: {
    description:
      'Of a key that has a quota: what is left of it, as `"records";r=900;t=1`, and in how many seconds there is all of it again or, where nothing is left, some.',
    schema: { type: 'string' },
  },
};
