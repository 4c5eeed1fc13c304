/**
 * The virtual environment that holds the language server, in the extension's own storage.
 *
 * Guarantees: it is there whole or not at all (it is made in a folder of its own, which is renamed at the end); it is
 * made anew when the extension brings another language server; two windows that make it at once do not disturb each
 * other; nothing is compiled, so that no compiler is needed.
 */

import { access, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { Cancelled, Fault, OPEN_LOG, REINSTALL, openSetting } from '../faults';
import type { Manifest } from './manifest';
import { interpreterOf } from './paths';
import type { Ended } from './processes';
import { run } from './processes';
import type { Python } from './python';
import type { Variables } from './variables';

const STAMP = 'complete.json';
const PARTIAL = '.partial';
const PREFIX = 'language-server-';
const UNUSED_MS = 7 * 24 * 3_600_000;
const RENAME_TRIES = 20;
const RENAME_PAUSE_MS = 250;

/** Where things are, and whom to tell. */
export interface Site {
  /** The extension's folder, and its storage. */
  extension: string;
  storage: string;
  platform: NodeJS.Platform;
  architecture: string;
  variables: Variables;
  log: (line: string) => void;
}

/** The folder of the environment for what the manifest brings. */
export function folderOf(site: Site, manifest: Manifest): string {
  return path.join(site.storage, `${PREFIX}${manifest.version}-${manifest.digest.slice(0, 12)}-${site.architecture}`);
}

/** The interpreter of the environment where it is there whole; says that it is in use. */
export async function installed(site: Site, manifest: Manifest): Promise<string | undefined> {
  const folder = folderOf(site, manifest);
  if (!(await isWhole(folder, site.platform))) {
    return undefined;
  }
  await utimes(path.join(folder, STAMP), new Date(), new Date()).catch(() => undefined);
  return interpreterOf(folder, site.platform);
}

/** Makes the environment with `python`, and gives its interpreter. Throws `Fault` or `Cancelled`. */
export async function install(
  site: Site,
  manifest: Manifest,
  python: Python,
  step: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const folder = folderOf(site, manifest);
  const partial = `${folder}${PARTIAL}-${randomUUID()}`;
  await mkdir(site.storage, { recursive: true });
  try {
    await make(site, manifest, python, partial, step, signal);
    const stamp = { version: manifest.version, python: python.version.join('.'), digest: manifest.digest };
    await writeFile(path.join(partial, STAMP), `${JSON.stringify(stamp)}\n`);
    await moveInto(partial, folder, site.platform);
  } finally {
    await rm(partial, { recursive: true, force: true, maxRetries: 3 });
  }
  return interpreterOf(folder, site.platform);
}

/** Takes the environment away. */
export async function remove(site: Site, manifest: Manifest): Promise<void> {
  await rm(folderOf(site, manifest), { recursive: true, force: true, maxRetries: 3 });
}

/** Takes away what nobody has used for a week: of older versions, and of installations that were cut off. */
export async function removeUnused(site: Site, manifest: Manifest, now = Date.now()): Promise<void> {
  const kept = path.basename(folderOf(site, manifest));
  const names = await readdir(site.storage).catch((): string[] => []);
  for (const name of names.filter((each) => each.startsWith(PREFIX) && each !== kept)) {
    const folder = path.join(site.storage, name);
    const used = await stat(path.join(folder, STAMP)).catch(() => stat(folder).catch(() => undefined));
    if (used !== undefined && now - used.mtimeMs > UNUSED_MS) {
      site.log(`taking away ${folder}, unused for a week`);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}

async function make(
  site: Site,
  manifest: Manifest,
  python: Python,
  folder: string,
  step: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const options = { cwd: site.storage, variables: site.variables, signal, line: site.log };
  step('making a Python environment');
  site.log(`${[python.command, ...python.args].join(' ')} -m venv ${folder}`);
  const made = await run(python, ['-I', '-m', 'venv', folder], options);
  if (!succeeded(made, signal)) {
    throw new Fault(venvProblem(made, python), [REINSTALL, OPEN_LOG, openSetting('languageServer.python', 'Choose Another Python')]);
  }
  step('installing the language server');
  const interpreter = { command: interpreterOf(folder, site.platform), args: [] };
  const pip = pipArguments(path.join(site.extension, 'server'), manifest);
  site.log(`pip ${pip.slice(3).join(' ')}`);
  const put = await run(interpreter, pip, options);
  if (!succeeded(put, signal)) {
    throw new Fault(`The language server could not be installed: ${pipProblem(put)}`, [REINSTALL, OPEN_LOG]);
  }
  step('checking that it starts');
  const looked = await run(interpreter, [...LAUNCH, '--version'], options);
  if (!succeeded(looked, signal)) {
    throw new Fault(`The language server was installed and does not start: ${lastLine(looked)}`, [REINSTALL, OPEN_LOG]);
  }
}

/** What starts the language server with an interpreter: its own packages only, whatever folder it is started in. */
export const LAUNCH = ['-I', '-c', 'from lsp.main import main; main()'];

/** pip's arguments: the wheel, everything else in the locked versions, compiled already. */
export function pipArguments(folder: string, manifest: Manifest): string[] {
  const offline =
    manifest.wheels === null ? [] : ['--no-index', '--find-links', path.join(folder, manifest.wheels)];
  return [
    ...['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--retries', '2'],
    ...['--only-binary', ':all:', ...offline],
    ...['--constraint', path.join(folder, manifest.lock), path.join(folder, manifest.wheel)],
  ];
}

/** pip's own line on what went wrong, shortened. */
export function pipProblem(ended: Ended): string {
  const errors = ended.output.split(/\r?\n/).filter((line) => line.startsWith('ERROR: '));
  const refused = /ProxyError|Tunnel connection failed|CERTIFICATE_VERIFY_FAILED|Failed to establish a new connection|Temporary failure in name resolution|getaddrinfo failed/.exec(ended.output);
  if (refused !== null) {
    return `the package index cannot be reached (${refused[0]}). Behind a proxy, set http.proxy; without the internet, take the package with the wheels.`;
  }
  if (/ResolutionImpossible|No matching distribution found/.test(ended.output)) {
    return `the package index has not what is needed: ${errors[0]?.slice('ERROR: '.length) ?? ''}`.slice(0, 200);
  }
  return (errors.at(-1)?.slice('ERROR: '.length) ?? lastLine(ended)).slice(0, 200);
}

function venvProblem(ended: Ended, python: Python): string {
  const name = [python.command, ...python.args].join(' ');
  return ended.output.includes('ensurepip')
    ? `${name} has no ensurepip, so it makes no environment; on Debian and Ubuntu: apt install python3-venv.`
    : `${name} made no environment: ${lastLine(ended)}`;
}

function succeeded(ended: Ended, signal: AbortSignal): boolean {
  if (signal.aborted) {
    throw new Cancelled('cancelled');
  }
  return ended.status === 0;
}

function lastLine(ended: Ended): string {
  const words = [ended.output.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? '', ended.problem];
  return words.find((each) => each !== '') ?? `exit status ${ended.status ?? '?'}`;
}

/** Another window may have been faster: then what it made is taken. Windows' virus scanners hold new files for a while. */
async function moveInto(partial: string, folder: string, platform: NodeJS.Platform): Promise<void> {
  for (let left = RENAME_TRIES; ; left -= 1) {
    try {
      await rename(partial, folder);
      return;
    } catch (error) {
      if (await isWhole(folder, platform)) {
        return;
      }
      await rm(folder, { recursive: true, force: true });
      if (left === 0) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RENAME_PAUSE_MS));
    }
  }
}

/** Whether it was made to its end, and its Python is there still: a link to one that was taken away leads nowhere. */
async function isWhole(folder: string, platform: NodeJS.Platform): Promise<boolean> {
  const needed = [path.join(folder, STAMP), interpreterOf(folder, platform)];
  return Promise.all(needed.map((file) => access(file))).then(
    () => true,
    () => false,
  );
}
