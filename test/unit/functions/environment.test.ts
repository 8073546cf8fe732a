import { describe, expect, it } from 'vitest';
import { EnvironmentError, functionEnvironment, localEnvironment } from '../../../functions/environment.ts';

describe('the environment of a function', () => {
  it('gives the settings that were asked for', () => {
    const environment = functionEnvironment(['MILLRACE_LOG_TABLE', 'MILLRACE_SWEEP_SECONDS'], {
      MILLRACE_LOG_TABLE: 'log',
      MILLRACE_STATE_TABLE: 'state',
    });
    expect(environment).toEqual({ MILLRACE_LOG_TABLE: 'log', MILLRACE_SWEEP_SECONDS: 300 });
  });

  it('says everything that is missing at once, and what it is', () => {
    expect(() =>
      functionEnvironment(['MILLRACE_LOG_TABLE', 'MILLRACE_STATE_TABLE'], { MILLRACE_LOG_TABLE: '' }),
    ).toThrow(
      new EnvironmentError(
        'MILLRACE_LOG_TABLE is not set: it is the name of the log table\n' +
          'MILLRACE_STATE_TABLE is not set: it is the name of the state table',
      ),
    );
  });

  it('refuses a misspelt name and lists the real ones', () => {
    expect(() => functionEnvironment([], { MILLRACE_LOGTABLE: 'log' })).toThrow(
      /^MILLRACE_LOGTABLE is not a setting of Millrace\. Known here: MILLRACE_LOG_TABLE, /,
    );
  });

  it('refuses what only the local runtime may be told', () => {
    expect(() => functionEnvironment([], { MILLRACE_TRIM_MIN_AGE_SECONDS: '0' })).toThrow(
      /^MILLRACE_TRIM_MIN_AGE_SECONDS is for the local runtime alone/,
    );
  });

  it('refuses a queue URL that is none', () => {
    expect(() =>
      functionEnvironment(['MILLRACE_WAKE_QUEUE_URL'], { MILLRACE_WAKE_QUEUE_URL: 'wakes' }),
    ).toThrow('MILLRACE_WAKE_QUEUE_URL (the URL of the wake queue) must be a URL, and is "wakes"');
  });
});

describe('the environment of the local runtime', () => {
  it('needs nothing', () => {
    expect(localEnvironment({ PATH: '/bin' })).toMatchObject({
      PORT: 8080,
      MILLRACE_DATA_DIR: '.millrace',
      MILLRACE_ADMIN_KEY: undefined,
      MILLRACE_SWEEP_SECONDS: 300,
      MILLRACE_TRIM_MIN_AGE_SECONDS: 3900,
    });
  });

  it.each(['80a', '-1', '65536', '1e3', ' 80', '1.5'])('refuses the port %j with what is allowed', (PORT) => {
    expect(() => localEnvironment({ PORT })).toThrow(
      `must be a whole number from 0 to 65535, and is ${JSON.stringify(PORT)}`,
    );
  });

  it('never repeats a root key that it refuses', () => {
    const refuse = (): unknown => localEnvironment({ MILLRACE_ADMIN_KEY: 'short secret' });
    expect(refuse).toThrow(/^MILLRACE_ADMIN_KEY \(the root key\) must be 16 to 256 visible/);
    expect(refuse).not.toThrow(/short secret/);
  });

  it('refuses the tables of a stack', () => {
    expect(() => localEnvironment({ MILLRACE_LOG_TABLE: 'log' })).toThrow(
      /^MILLRACE_LOG_TABLE is for the functions on AWS: the local runtime makes its own/,
    );
  });
});
