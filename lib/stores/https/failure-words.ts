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
  ERR_SSL_HTTP_REQUEST: 'It does not speak TLS: is its address one of http?',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'It speaks TLS of no version from 1.2 on',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'It speaks TLS of no version from 1.2 on',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'It knows no certificate for the name in the URL',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'It wants a certificate of who calls, and Millrace has none',
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
  HOSTNAME_MISMATCH: 'Its certificate is for another name',
  CERT_SIGNATURE_FAILURE: 'The signature of its certificate is wrong',
  INVALID_PURPOSE: 'Its certificate is not for servers',
  EE_KEY_TOO_SMALL: 'The key of its certificate is too short',
};

const knownAuthority = 'Have it use one of an authority that browsers know.';
const wholeChain = 'Have it send the certificates between its own and the root as well.';

/** What to do about it, where that is not said yet. */
const advice: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'Does a firewall let Millrace through?',
  CERT_HAS_EXPIRED: 'Renew it.',
  CERT_NOT_YET_VALID: 'See from when on it is, and the clock of who made it.',
  CERT_REVOKED: 'Replace it.',
  DEPTH_ZERO_SELF_SIGNED_CERT: knownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: knownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: wholeChain,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: wholeChain,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: wholeChain,
  ERR_TLS_CERT_ALTNAME_INVALID: 'Give the URL that name, or have it use one for the name in the URL.',
  HOSTNAME_MISMATCH: 'Give the URL that name, or have it use one for the name in the URL.',
  CERT_SIGNATURE_FAILURE: 'Replace it.',
  INVALID_PURPOSE: 'Replace it.',
  EE_KEY_TOO_SMALL: 'Replace it.',
  ENOTFOUND: 'Look for a typing error in the URL, and whether public name servers know the name.',
  ENODATA: 'Give it an A or AAAA record in the DNS.',
  ESERVFAIL: 'Its DNSSEC or its name servers may be broken.',
};

const withAdvice = (sentence: string, code: string): string =>
  advice[code] === undefined ? sentence : `${sentence} ${advice[code]}`;

const unresolved: Readonly<Record<string, string>> = {
  ENOTFOUND: 'Its name does not exist',
  ENODATA: 'Its name has no address',
  ESERVFAIL: 'The name servers could not resolve its name',
  EREFUSED: 'The name servers refused to resolve its name',
  ECONNREFUSED: 'No name server answers here',
  ETIMEOUT: 'No name server answered in time',
};

/** A sentence for the failure with this code, which is in it: what is looked for in the web; and what to do. */
export const failureSentence = (code: string): string => {
  if (words[code] !== undefined) return withAdvice(`${words[code]} (${code}).`, code);
  if (code.startsWith('HPE_')) return `What it answered is no HTTP that can be understood (${code}).`;
  if (code.startsWith('ERR_SSL_')) return `It and Millrace found no way to speak TLS (${code}).`;
  if (/(^|_)(CERT|CA)(_|$)/.test(code)) return `Its certificate is not accepted (${code}).`;
  return `The request failed (${code}).`;
};

/** A sentence for a name that was not resolved. */
export const unresolvedSentence = (code: string): string =>
  withAdvice(`${unresolved[code] ?? 'Its name was not resolved'} (${code}).`, code);

/** `15 s`, or `150 ms`. */
export const duration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`);
