import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    exclude: ['test/deployed/**', 'node_modules/**'],
    // The default leaves a core unused: on two cores the suite takes nearly twice as long.
    maxWorkers: '100%',
    // For what hangs. What takes long on a busy machine is waited for: on two cores with ten others at work a start of
    // the broker takes ten seconds, and the synthesis of a stack forty.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
