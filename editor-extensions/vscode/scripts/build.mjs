// Bundles the extension into dist/extension.js, or the tests into out/test/ (--tests). --watch: again at each change.
import { build, context } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';

const tests = process.argv.includes('--tests');
const watch = process.argv.includes('--watch');

const common = { bundle: true, platform: 'node', target: 'node20', external: ['vscode'], logLevel: 'warning' };
const extension = {
    ...common,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    format: 'cjs',
    minify: !watch,
    sourcemap: watch,
};
const unit = {
    ...common,
    entryPoints: readdirSync('test')
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => `test/${name}`),
    outdir: 'out/test',
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    sourcemap: 'inline',
};

if (tests) {
    rmSync('out', { recursive: true, force: true });
}
const options = tests ? unit : extension;
if (watch) {
    await (await context(options)).watch();
} else {
    await build(options);
}
