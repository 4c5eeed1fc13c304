// Checks or writes the format of Lua files: node stylua.mjs --check|--write SETTINGS.toml FILE...
//
// StyLua itself, as npm carries it: the formatter without its command line. Exit status 1 where --check finds a file
// that would be written otherwise.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [mode, settings, ...files] = process.argv.slice(2);
const stylua = createRequire(`${process.cwd()}/`)('@johnnymorganz/stylua');

// The three kinds of value that the settings file has.
const wanted = Object.fromEntries(
  [...readFileSync(settings, 'utf8').matchAll(/^(\w+) = (?:"(\w+)"|(\d+))$/gm)].map(([, name, word, number]) => [
    name,
    word ?? Number(number),
  ]),
);

function config() {
  const made = stylua.Config.new();
  made.column_width = wanted.column_width;
  made.indent_type = stylua.IndentType[wanted.indent_type];
  made.indent_width = wanted.indent_width;
  made.quote_style = stylua.QuoteStyle[wanted.quote_style];
  return made;
}

for (const file of files) {
  const before = readFileSync(file, 'utf8');
  const after = stylua.formatCode(before, config(), undefined, stylua.OutputVerification.None);
  if (after === before) continue;
  if (mode === '--write') {
    writeFileSync(file, after);
    console.log(`formatted ${file}`);
  } else {
    console.log(`${file} is not in StyLua's format: make format`);
    process.exitCode = 1;
  }
}
