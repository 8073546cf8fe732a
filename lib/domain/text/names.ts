/** Names of topics, groups and keys: DESIGN §10. */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

export const isName = (text: string): boolean => namePattern.test(text);
