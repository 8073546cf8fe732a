/** What the codes of Node, c-ares and OpenSSL mean to whoever runs the endpoint: the beginning of a sentence. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'It refused the connection: nothing listens there',
  ECONNRESET: 'It closed the connection before its answer was whole',
  EPIPE: 'It closed the connection before it had the request',
  ETIMEDOUT: 'The connection to it timed out',
  EHOSTUNREACH: 'There is no way to its address',
  ENETUNREACH: 'There is no way to its address',
  EHOSTDOWN: 'There is no way to its address',
  EMFILE: 'Too many files and connections are open here',
  EPROTO: 'It does not speak TLS, or none that is spoken here',
  ERR_SSL_WRONG_VERSION_NUMBER: 'It does not speak TLS: is its address one of http?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'It does not speak TLS: is its address one of http?',
  HPE_HEADER_OVERFLOW: 'The headers of its answer are too long',
  CERT_HAS_EXPIRED: 'Its certificate has expired',
  CERT_NOT_YET_VALID: 'Its certificate is not valid yet',
  CERT_REVOKED: 'Its certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'Its certificate is of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'Its certificate is of an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'Its certificate is of an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'It does not send the whole chain of its certificate, or that is not known here',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Its certificate is for another name',
};

const unresolved: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Its name does not exist',
  ENODATA: 'Its name has no address',
  ESERVFAIL: 'The name servers could not resolve its name',
  EREFUSED: 'The name servers refused to resolve its name',
  ECONNREFUSED: 'No name server answers here',
  ETIMEOUT: 'No name server answered in time',
};

/** A sentence for the failure with this code, which is in it: what is looked for in the web. */
export const failureSentence = (code: string): string => {
  if (words[code] !== undefined) return `${words[code]} (${code}).`;
  return code.startsWith('HPE_')
    ? `What it answered is no HTTP that can be understood (${code}).`
    : `The request failed (${code}).`;
};

/** A sentence for a name that was not resolved. */
export const unresolvedSentence = (code: string): string =>
  `${unresolved[code] ?? 'Its name was not resolved'} (${code}).`;

/** `15 s`, or `150 ms`. */
export const duration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);
