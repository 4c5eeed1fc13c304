/** Which program is the language server: the one of the settings, or the one that the extension installs. */

import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { Fault, openSetting } from '../faults';
import type { OwnSettings } from '../settings';
import type { Site } from './environment';
import { LAUNCH, install, installed, removeUnused } from './environment';
import { readManifest } from './manifest';
import { absolute } from './paths';
import { run } from './processes';
import type { Command, Found, Probe } from './python';
import { VERSION_ARGUMENTS, candidates, findPython, missingText, rangeOf, versionOf } from './python';

const DOCUMENTATION = 'https://www.python.org/downloads/';

/** Shows how an installation goes on, and lets a person cancel it. */
export type Showing = <T>(work: (step: (text: string) => void, signal: AbortSignal) => Promise<T>) => Promise<T>;

/** The language server's command, installed first where that is needed. Throws `Fault` or `Cancelled`. */
export async function locate(site: Site, settings: OwnSettings, showing: Showing): Promise<Command> {
  const given = settings['languageServer.path'];
  if (given !== '') {
    return { command: await existing(given, 'languageServer.path', site.platform), args: [] };
  }
  const manifest = await readManifest(site.extension);
  let interpreter = await installed(site, manifest);
  if (interpreter === undefined) {
    const range = rangeOf(manifest.requiresPython);
    const setting = settings['languageServer.python'];
    const python = setting && (await existing(setting, 'languageServer.python', site.platform));
    const found = await findPython(candidates(site.platform, python, range), range, probeIn(site));
    if (found.kind === 'missing') {
      throw missing(found, missingText(found, range));
    }
    interpreter = await showing((step, signal) => install(site, manifest, found.python, step, signal));
  }
  void removeUnused(site, manifest);
  return { command: interpreter, args: LAUNCH };
}

function missing(found: Extract<Found, { kind: 'missing' }>, text: string): Fault {
  const get = { title: 'Get Python', command: 'vscode.open', args: [DOCUMENTATION] };
  const choose = openSetting('languageServer.python', found.seen.length > 0 ? 'Choose Another Python' : 'Choose Python');
  return new Fault(text, [choose, get]);
}

async function existing(setting: string, name: string, platform: NodeJS.Platform): Promise<string> {
  const file = absolute(setting, homedir(), platform);
  if (file === undefined) {
    throw new Fault(`vernacular.${name} is ${setting}: it should be an absolute path.`, [openSetting(name)]);
  }
  try {
    await access(file);
  } catch {
    throw new Fault(`vernacular.${name} is ${setting}: there is no such file.`, [openSetting(name)]);
  }
  return file;
}

const PROBE_MS = 15_000;

function probeIn(site: Site): Probe {
  return async (command) => {
    const signal = AbortSignal.timeout(PROBE_MS);
    const ended = await run(command, VERSION_ARGUMENTS, { cwd: site.storage, variables: site.variables, signal });
    return ended.status === 0 ? versionOf(ended.output) : undefined;
  };
}
