import assert from 'node:assert/strict';

interface Page<Item> {
  readonly nextToken?: string;
  readonly events?: readonly Item[];
  readonly logGroups?: readonly Item[];
}

/** @param endpoint Of MiniStack, which checks no signature. */
const call = async <Item>(endpoint: string, action: string, input: object): Promise<Page<Item>> => {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${action}` },
    body: JSON.stringify(input),
  });
  assert.ok(answer.ok, `${action}: ${answer.status}`);
  return (await answer.json()) as Page<Item>;
};

/** The names of all log groups in CloudWatch Logs. */
export const logGroups = async (endpoint: string): Promise<readonly string[]> => {
  const page = await call<{ logGroupName: string }>(endpoint, 'DescribeLogGroups', {});
  return (page.logGroups ?? []).map(({ logGroupName }) => logGroupName);
};

/** Everything that the stack has written to CloudWatch Logs. */
export const everyLogLine = async (endpoint: string): Promise<readonly string[]> => {
  const lines: string[] = [];
  for (const logGroupName of await logGroups(endpoint)) {
    let from: { nextToken?: string } = {};
    do {
      const page = await call<{ message: string }>(endpoint, 'FilterLogEvents', { logGroupName, ...from });
      lines.push(...(page.events ?? []).map(({ message }) => message));
      from = page.nextToken === undefined ? {} : { nextToken: page.nextToken };
    } while (from.nextToken !== undefined);
  }
  return lines;
};
