const rights =
  'These credentials may not do that. The rights are in docs/operations.md (npm run keys) and docs/archive.md (npm run query).';
const unknown = 'AWS does not know these credentials, or not in this region: see --profile and --region.';
const elsewhere = 'Is it the right name, account and region (--profile, --region)?';
const expired = 'The credentials have expired: sign in again.';

/** What to do about what AWS, or its SDK, calls an error. */
const advice: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'Give AWS credentials: a profile (--profile, or AWS_PROFILE), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  AccessDenied: rights,
  AccessDeniedException: rights,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidAccessKeyId: unknown,
  InvalidClientTokenId: unknown,
  UnrecognizedClientException: unknown,
  NoSuchBucket: elsewhere,
  ResourceNotFoundException: elsewhere,
  PermanentRedirect: 'The bucket is in another region: give --region.',
};

/**
 * What AWS said in an error, or in what caused it, and what to do about it, as two lines. Undefined where nothing more than the error's own
 * words can be said.
 */
export const awsAdvice = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if (Object.hasOwn(advice, error.name)) return `${error.name}: ${error.message}\n${advice[error.name]}`;
  return awsAdvice(error.cause);
};
