/** What the package brings of the language server: `server/manifest.json`, which `scripts/build_server.py` writes. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Fault, openSetting } from '../faults';

export interface Manifest {
  version: string;
  /** As in `pyproject.toml`. */
  requiresPython: string;
  /** File names in the folder `server/`. */
  wheel: string;
  lock: string;
  /** The folder of the wheels of everything else; `null`: they come from the package index. */
  wheels: string | null;
  /** Changes with anything that is installed. */
  digest: string;
}

/** Reads the manifest of the extension in `folder`. Throws `Fault` where the package has none. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = path.join(folder, 'server', 'manifest.json');
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Manifest;
  } catch {
    throw new Fault('This build of the extension brings no language server; name one in the settings.', [
      openSetting('languageServer.path'),
    ]);
  }
}
