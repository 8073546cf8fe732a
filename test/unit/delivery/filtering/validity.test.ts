import { describe, expect, it } from 'vitest';
import { expressionFault } from '../../../../lib/delivery/filtering/validity.ts';

describe('an expression', () => {
  it.each([
    'value.type = "order.created" and value.amount > 100',
    'headers.`content-type` = "text/plain" or $exists(key)',
    '{"id": key, "total": $sum(value.items.(price * qty))}',
    '($rate := 1.2; value.items@$item.{"sku": $item.sku, "gross": $item.price * $rate})',
    '$map(value.items, function($item, $index) { $index & $item.sku })',
    'value.items#$at.{"at": $at, "record": $$.offset}',
    'value.now = 1',
  ])('that is one has no fault: %s', async (text) => {
    expect(await expressionFault(text)).toBeUndefined();
  });

  it.each([
    ['', /end of expression/],
    ['value.a = ', /at character 10/],
    ['(', /"\)"/],
    ['value.type matches "a"', /at character/],
    ['/(a]/', /JSONata/],
    ['('.repeat(4000), /JSONata/],
  ])('that is none is told where: %s', async (text, fault) => {
    expect(await expressionFault(text)).toMatch(fault);
  });

  it.each(['$now()', '$millis()', '$random() > 0.5', '($a := $shuffle; $a([1]))', '$eval("1")'])(
    'that is not the same each time is refused: %s',
    async (text) => {
      expect(await expressionFault(text)).toMatch(/^There can be no \$\w+ here: /);
    },
  );

  it.each(['$startsWith(key, "a")', '$typo', '$constructor()', '$hasOwnProperty("a")'])(
    'with a function that there is none of is refused: %s',
    async (text) => {
      expect(await expressionFault(text)).toMatch(/^There is no \$/);
    },
  );
});
