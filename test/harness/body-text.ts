/** The body of a webhook request, or of a message, as the text that it is sent as. */
export const bodyText = ({ body }: { readonly body: string | Uint8Array }): string =>
  typeof body === 'string' ? body : Buffer.from(body).toString();
