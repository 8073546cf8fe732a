import assert from 'node:assert/strict';

interface Page<Item> {
  readonly nextToken?: string;
  readonly events?: readonly Item[];
  readonly logGroups?: readonly Item[];
}

/**
 * Everything that the stack has written to CloudWatch Logs.
 * @param endpoint Of MiniStack, which checks no signature.
 */
export const everyLogLine = async (endpoint: string): Promise<readonly string[]> => {
  const call = async <Item>(action: string, input: object): Promise<Page<Item>> => {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `Logs_20140328.${action}` },
      body: JSON.stringify(input),
    });
    assert.ok(answer.ok, `${action}: ${answer.status}`);
    return (await answer.json()) as Page<Item>;
  };
  const { logGroups = [] } = await call<{ logGroupName: string }>('DescribeLogGroups', {});
  const lines: string[] = [];
  for (const { logGroupName } of logGroups) {
    let from: { nextToken?: string } = {};
    do {
      const page = await call<{ message: string }>('FilterLogEvents', { logGroupName, ...from });
      lines.push(...(page.events ?? []).map(({ message }) => message));
      from = page.nextToken === undefined ? {} : { nextToken: page.nextToken };
    } while (from.nextToken !== undefined);
  }
  return lines;
};
