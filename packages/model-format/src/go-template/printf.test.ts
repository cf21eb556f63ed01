import { expect, it } from "vitest";
import { sampleData } from "../testing/sample-data.ts";
import { GoTemplate } from "./go-template.ts";

// Every expectation is what Go 1.26's fmt gives.
const rows: readonly (readonly [template: string, output: string])[] = [
  ['{{ printf "%w|%+5w|%#w" "a" 1.5 "b" }}', '%!w(string=a)|%!w(float64=  1.5)|%!w(string="b")'],
  ['{{ printf "%v %v %v" 1 "a" true }}', "1 a true"],
  ['{{ printf "%d|%5d|%-5d|%05d|%+d|% d" 42 42 42 42 42 42 }}', "42|   42|42   |00042|+42| 42"],
  ['{{ printf "%x %X %#x %o %#o %O %b %#b" 255 255 255 8 8 8 5 5 }}', "ff FF 0xff 10 010 0o10 101 0b101"],
  ["{{ printf \"%c %q %U %#U\" 65 65 65 'é' }}", "A 'A' U+0041 U+00E9 'é'"],
  ['{{ printf "%s|%5s|%-5s|%.2s|%05s" "é" "é" "é" "éab" "ab" }}', "é|    é|é    |éa|000ab"],
  ['{{ printf "%q %+q %#q %#q" "a\\"é" "é" "a" "`" }}', '"a\\"é" "\\u00e9" `a` "`"'],
  ['{{ printf "%x %X % x %#x %# x" "hé" "hi" "hi" "hi" "hi" }}', "68c3a9 6869 68 69 0x6869 0x68 0x69"],
  [
    '{{ printf "%f %.2f %8.3f|%-8.1f|%08.2f %+.1f" 1.5 3.14159 3.14159 2.25 -3.14159 2.5 }}',
    "1.500000 3.14    3.142|2.2     |-0003.14 +2.5",
  ],
  [
    '{{ printf "%e %E %.3e %g %G %.3g" 123456.0 0.5 123456.0 1e21 1e-7 123456.0 }}',
    "1.234560e+05 5.000000E-01 1.235e+05 1e+21 1E-07 1.23e+05",
  ],
  ['{{ printf "%.0f %.0f %.0f %.1f" 0.5 1.5 2.5 0.25 }}', "0 2 2 0.2"],
  ['{{ printf "%#g %#.3x %x %b" 1.0 1.0 1.0 1.0 }}', "1.00000 0x1.000p+00 0x1p+00 4503599627370496p-52"],
  ['{{ printf "%6.2f%%" 99.5 }}', " 99.50%"],
  ['{{ printf "%t %v %5t" true false true }}', "true false  true"],
  [
    '{{ printf "%v %+v %#v %T" .Map .Map .Map .Map }}',
    'map[a:x b:2 c:<nil>] map[a:x b:2 c:<nil>] map[string]interface {}{"a":"x", "b":2, "c":interface {}(nil)} map[string]interface {}',
  ],
  [
    '{{ printf "%v %#v %d %s" .List .List .List .List }}',
    '[a b c] []interface {}{"a", "b", "c"} [%!d(string=a) %!d(string=b) %!d(string=c)] [a b c]',
  ],
  [
    '{{ printf "%v %d %q %T" .Mixed .Mixed .Mixed .Mixed }}',
    "[1 <nil> x 0.5 false] [1 <nil> %!d(string=x) %!d(float64=0.5) %!d(bool=false)] ['\\x01' <nil> \"x\" %!q(float64=0.5) %!q(bool=false)] []interface {}",
  ],
  ['{{ printf "%v %s %d" nil nil .Missing }}', "<nil> %!s(<nil>) %!d(<nil>)"],
  ['{{ printf "%v %.1f %e" 1+2i 1i 2i }}', "(1+2i) (0.0+1.0i) (0.000000e+00+2.000000e+00i)"],
  ['{{ printf "%*d|%-*d|%.*f" 5 42 5 42 1 2.55 }}', "   42|42   |2.5"],
  ['{{ printf "%[2]d %[1]d %d" 1 2 }}', "2 1 2"],
  ['{{ printf "%[3]d" 1 }}', "%!d(BADINDEX)"],
  ['{{ printf "%[2]*[1]d|" 7 4 }}', "   7|"],
  ['{{ printf "%d %s" 1 }}', "1 %!s(MISSING)"],
  ['{{ printf "%d" 1 "extra" nil }}', "1%!(EXTRA string=extra, <nil>)"],
  ['{{ printf "%d %s" "text" 7 }}', "%!d(string=text) %!s(int=7)"],
  ['{{ printf "%z %!" 1 }}', "%!z(int=1) %!!(MISSING)"],
  ['{{ printf "%" 1 }}', "%!(NOVERB)%!(EXTRA int=1)"],
  ['{{ printf "%!d" 1 }}', "%!!(int=1)d"],
  ['{{ printf "%-10v|%10v|" true 1.5 }}', "true      |       1.5|"],
  ['{{ printf "%05d %05d %x" -42 42 -255 }}', "-0042 00042 -ff"],
  ['{{ printf "%.3d|%6.2d|%.0d" 7 7 0 }}', "007|    07|"],
  ['{{ printf "%+.2e|% d|%+d" 12345.678 7 -7 }}', "+1.23e+04| 7|-7"],
  ['{{ printf "%s %v" (slice "é" 0 1) (slice "é" 0 1) }}', "� �"],
  [
    '{{ printf "%d %v %x %c %T" (index "abc" 0) (index "abc" 0) (index "abc" 0) (index "abc" 0) (index "abc" 0) }}',
    "97 97 61 a uint8",
  ],
  ['{{ printf "%20.10s|%-8q|" "abcdefghijklmnop" "ab" }}', '          abcdefghij|"ab"    |'],
  ['{{ printf "%99999999d" 1 }}', "%!(NOVERB)%!(EXTRA int=1)"],
  ['{{ printf "%d" 1 2 3 }}', "1%!(EXTRA int=2, int=3)"],
  ['{{ printf "%w" .List }}', "%!w([]interface {}=[a b c])"],
  ['{{ printf "%5%|%-5d|" 1 }}', "%|1    |"],
];

it.each(rows)("%j gives %j", (source, output) => {
  expect(GoTemplate.parse(source).execute(sampleData)).toBe(output);
});
