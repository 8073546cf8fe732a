import { expect, test } from 'vitest';
import { awsIsOnLoopback } from '../../../functions/environment.ts';

test.each(['http://127.0.0.1:4566', 'http://127.8.9.1:80/', 'http://[::1]:4566'])(
  'an AWS at %s is on this machine',
  (AWS_ENDPOINT_URL) => {
    expect(awsIsOnLoopback({ AWS_ENDPOINT_URL })).toBe(true);
  },
);

test.each([
  undefined,
  '',
  'not a url',
  'https://dynamodb.eu-west-1.amazonaws.com',
  'http://localhost.example.com',
  'http://127.0.0.1.example.com',
  'http://10.0.0.1:4566',
  'http://user:127.0.0.1@example.com',
])('an AWS at %j is not', (AWS_ENDPOINT_URL) => {
  expect(awsIsOnLoopback({ AWS_ENDPOINT_URL })).toBe(false);
});

test('on Lambda no address makes it so', () => {
  const variables = {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  };
  expect(awsIsOnLoopback(variables)).toBe(false);
});
