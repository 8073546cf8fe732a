/** Expressions that take more than their share, by what they do. */
export const worst: Readonly<Record<string, string>> = {
  'a function that calls itself for ever': '($f := function($x) { $f($x) }; $f(1))',
  'a recursion without an end': '($f := function($x) { 1 + $f($x) }; $f(1))',
  'a regular expression that goes back and forth': `$match("${'a'.repeat(40)}!", /^(a+)+$/)`,
  'a range of ten million': '$sum([1..10000000])',
  'ranges in ranges': '$sum([1..10000].([1..10000]))',
  'a text doubled 25 times': '$uppercase($reduce([1..25], function($a, $b) { $a & $a }, "xx"))',
  'a text doubled until there is no such text': '$reduce([1..40], function($a, $b) { $a & $a }, "xx")',
  'a text of 500 MB in one step': '$length($pad("x", 500000000))',
  'an array in itself, forty times': '$reduce([1..40], function($a, $b) { [[$a], [$a]] }, [1])',
  'an array doubled 24 times': '$count($reduce([1..24], function($a, $b) { $append($a, $a) }, [1, 1]))',
};
