// Makes dist/vernacular.vsix: npm run package
// With the wheels of everything, for machines without the internet, dist/vernacular-offline.vsix:
//   npm run package -- --with-wheels                        for this machine's platform
//   npm run package -- --with-wheels linux-x64 win32-x64    for these
// The language server's wheel is built by the Python of $PYTHON, else of the repository's .venv, else python3; where
// that has no pip, by a small virtual environment of it.
import { createVSIX } from '@vscode/vsce';
import { execFileSync, spawnSync } from 'node:child_process';
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

const python = process.env['PYTHON'] ?? pythonWithPip();
const targets = withWheels ? ['--wheels', ...(named.length > 0 ? named : [`${process.platform}-${process.arch}`])] : [];
execFileSync(python, ['scripts/build_server.py', ...targets], { stdio: 'inherit' });

rmSync('dist/extension.js', { force: true });
execFileSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });

cpSync(path.join(ROOT, 'LICENSE'), 'LICENSE');
mkdirSync('dist', { recursive: true });
const packagePath = withWheels ? 'dist/vernacular-offline.vsix' : 'dist/vernacular.vsix';
await createVSIX({ packagePath, dependencies: false, allowMissingRepository: true, rewriteRelativeLinks: false });
console.log(`${packagePath}: ${(statSync(packagePath).size / 1e6).toFixed(2)} MB`);

function pythonWithPip() {
    const system = process.platform === 'win32' ? 'python' : 'python3';
    const small = path.join(ROOT, '.tools', 'vsix-python');
    // Without its stamp the repository's own is being set up just now.
    const own = existsSync(path.join(ROOT, '.venv', '.project.stamp')) ? [inside(path.join(ROOT, '.venv'))] : [];
    const found = [...own, system, inside(small)].find((each) => runs(each, 'import pip'));
    if (found !== undefined) {
        return found;
    }
    if (!runs(system, 'import ensurepip, venv')) {
        throw new Error(
            'no Python 3.11 or newer with pip or venv: install one (on Debian python3-venv), or set PYTHON',
        );
    }
    execFileSync(system, ['-m', 'venv', small], { stdio: 'inherit' });
    return inside(small);
}

function inside(environment) {
    const windows = process.platform === 'win32';
    return path.join(environment, windows ? 'Scripts' : 'bin', windows ? 'python.exe' : 'python');
}

function runs(file, code) {
    return spawnSync(file, ['-c', `import sys; assert sys.version_info >= (3, 11); ${code}`]).status === 0;
}
