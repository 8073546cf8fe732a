import { createApp } from './broker-app.ts';
import { SettingsError } from './settings.ts';

try {
  createApp().app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
