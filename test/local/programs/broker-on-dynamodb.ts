/** The broker of `npm start` on a DynamoDB without streams. Takes the data folder and the endpoint. */
import { banner } from '../../../lib/local/banner.ts';
import { consoleTelemetry } from '../../../lib/local/console-telemetry.ts';
import { startRuntime } from '../../../lib/local/runtime.ts';

const [folder = '', dynamodbEndpoint = ''] = process.argv.slice(2);
const runtime = await startRuntime({
  folder,
  port: 0,
  telemetry: consoleTelemetry((text) => void process.stderr.write(text)),
  dynamodbEndpoint,
  dynamodbStreams: false,
});
process.stdout.write(banner({ url: runtime.url, folder, root: runtime.root }));
