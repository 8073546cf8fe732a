import { Problem } from '../../domain/errors.ts';

const refused = (message: string): Problem =>
  new Problem('invalid_request', `The URL of the endpoint is not valid. ${message}`, {
    errors: [{ path: 'url', message }],
  });

/**
 * A URL that a webhook may have, as it will be called. Addresses that a name stands for are checked when it is called.
 * @throws Problem `invalid_request`
 */
export const webhookUrl = (text: string, { allowLoopback }: { readonly allowLoopback: boolean }): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refused('Give an absolute URL, as https://example.com/webhook.');
  if (url.protocol !== 'https:' && !(allowLoopback && url.protocol === 'http:'))
    throw refused('Give an https URL.');
  if (url.username !== '' || url.password !== '')
    throw refused('Leave the credentials out; send them as a header.');
  if (url.hash !== '') throw refused('Leave the fragment ("#…") out.');
  return url.href;
};
