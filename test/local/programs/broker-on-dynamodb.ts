/** The broker of `npm start` on a DynamoDB without streams. Takes the data folder and the endpoint. */

import { startRuntime } from '../../../lib/local/runtime.ts';
import { banner } from '../../../lib/local/terminal/banner.ts';
import { consoleTelemetry } from '../../../lib/local/terminal/console-telemetry.ts';
import { systemClock } from '../../../lib/stores/system/clock.ts';
import { openEmbeddedStores } from '../../embedded/stores.ts';

const [folder = '', dynamodbEndpoint = ''] = process.argv.slice(2);
const runtime = await startRuntime({
  folder,
  port: 0,
  telemetry: consoleTelemetry((text) => void process.stderr.write(text), systemClock),
  openStores: (_folder, clock) => openEmbeddedStores({ clock, dynamodbEndpoint, dynamodbStreams: false }),
});
process.stdout.write(banner({ url: runtime.url, folder, root: runtime.root }));
