// Tokenises text by a TextMate grammar as VS Code does: `node tokenise.mjs MODULES GRAMMAR`, text on standard input.
// Prints a line of JSON for each line of the text: [[token's text, its scopes without the language's own], ...].
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [modules, file] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'x'));
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');

const source = JSON.parse(fs.readFileSync(file, 'utf8'));
const wasm = fs.readFileSync(path.join(modules, 'vscode-oniguruma/release/onig.wasm'));
const registry = new textmate.Registry({
  onigLib: oniguruma.loadWASM(wasm).then(() => ({
    createOnigScanner: (patterns) => {
      // A pattern that Oniguruma does not take is dropped without a word, and matches nothing.
      patterns.forEach((pattern) => new oniguruma.OnigScanner([pattern]));
      return new oniguruma.OnigScanner(patterns);
    },
    createOnigString: (text) => new oniguruma.OnigString(text),
  })),
  loadGrammar: async () => textmate.parseRawGrammar(JSON.stringify(source), 'x.json'),
});
const grammar = await registry.loadGrammar(source.scopeName);
const text = fs.readFileSync(0, 'utf8');
let state = textmate.INITIAL;
for (const line of text.split('\n')) {
  const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
  state = ruleStack;
  console.log(JSON.stringify(tokens.map((each) => [line.slice(each.startIndex, each.endIndex), each.scopes.slice(1)])));
}
