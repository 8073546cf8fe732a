/**
 * Functions of JSONata that a filter or a transform has not, and why: what it gives must be the same each time, so that a
 * message that is sent again is the same message.
 */
export const withheldFunctions: Readonly<Record<string, string>> = {
  now: 'it gives another time at each attempt. A record has its own, in "timestamp".',
  millis: 'it gives another time at each attempt. A record has its own, in "timestamp".',
  random: 'it gives something else at each attempt.',
  shuffle: 'it gives something else at each attempt.',
  eval: 'what it would do is not known before there is a record. Write the expression itself.',
};
