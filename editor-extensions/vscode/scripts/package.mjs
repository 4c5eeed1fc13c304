// Makes dist/vernacular.vsix: npm run package
// With the wheels of everything, for machines without the internet, dist/vernacular-offline.vsix:
//   npm run package -- --with-wheels                        for this machine's platform
//   npm run package -- --with-wheels linux-x64 win32-x64    for these
// The language server's wheel is built by the Python of $PYTHON, else of the repository's .venv, else python3.
import { createVSIX } from '@vscode/vsce';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');
const EXTENSION = path.resolve(import.meta.dirname, '..');
process.chdir(EXTENSION);

const [option, ...named] = process.argv.slice(2);
const withWheels = option === '--with-wheels';
if (option !== undefined && !withWheels) {
    throw new Error(`${option}: the only option is --with-wheels [TARGET...]`);
}

const python = process.env['PYTHON'] ?? repositorysPython() ?? 'python3';
const targets = withWheels ? ['--wheels', ...(named.length > 0 ? named : [`${process.platform}-${process.arch}`])] : [];
execFileSync(python, ['scripts/build_server.py', ...targets], { stdio: 'inherit' });

rmSync('dist/extension.js', { force: true });
execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });

cpSync(path.join(ROOT, 'LICENSE'), 'LICENSE');
mkdirSync('dist', { recursive: true });
const packagePath = withWheels ? 'dist/vernacular-offline.vsix' : 'dist/vernacular.vsix';
await createVSIX({ packagePath, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
console.log(`${packagePath}: ${(statSync(packagePath).size / 1e6).toFixed(2)} MB`);

function repositorysPython() {
    const folder = path.join(ROOT, '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');
    const file = path.join(folder, process.platform === 'win32' ? 'python.exe' : 'python');
    return existsSync(file) ? file : undefined;
}
