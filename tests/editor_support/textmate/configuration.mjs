// Applies a language configuration's patterns as VS Code does: `node configuration.mjs FILE`, lines on standard input.
// Prints a line of JSON for each: whether the next stands deeper, whether this one stands less deep, what Enter does
// besides (an index of onEnterRules, or -1), and the words in it.
import fs from 'node:fs';

const configuration = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const compiled = (pattern, flags = '') =>
  typeof pattern === 'string' ? new RegExp(pattern, flags) : new RegExp(pattern.pattern, (pattern.flags ?? '') + flags);
const { increaseIndentPattern, decreaseIndentPattern } = configuration.indentationRules;
const [deeper, lessDeep] = [compiled(increaseIndentPattern), compiled(decreaseIndentPattern)];
const onEnter = (configuration.onEnterRules ?? []).map((rule) => compiled(rule.beforeText));
const word = compiled(configuration.wordPattern, 'g');
for (const line of fs.readFileSync(0, 'utf8').split('\n')) {
  const enter = onEnter.findIndex((pattern) => pattern.test(line));
  console.log(JSON.stringify([deeper.test(line), lessDeep.test(line), enter, line.match(word) ?? []]));
}
