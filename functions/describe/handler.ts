import { readFile } from 'node:fs/promises';
import { describeApp } from '../../lib/http/describe.ts';
import { systemRandom as random } from '../../lib/stores/system/random.ts';
import { createHttpHandler, gatewayRequestId } from '../http-events.ts';
import { createTelemetry } from '../telemetry.ts';

const telemetry = createTelemetry();

/** `/v1/openapi.json` and `/docs`. It has no rights, and no setting: its files lie beside its bundle. */
export const handler = createHttpHandler({
  app: describeApp({
    asset: (name) => readFile(new URL(`./${name}`, import.meta.url)),
    random,
    telemetry,
    requestId: gatewayRequestId,
  }),
  telemetry,
});
