/** Paths that differ between Linux, macOS and Windows. Pure: the platform is given. */

import path from 'node:path';

/** The Python of a virtual environment. */
export function interpreterOf(folder: string, platform: NodeJS.Platform): string {
  return platform === 'win32'
    ? path.win32.join(folder, 'Scripts', 'python.exe')
    : path.posix.join(folder, 'bin', 'python');
}

/**
 * A path of the settings, made absolute: `~` is the home folder. `undefined` for a relative one, which would mean
 * another file in each folder.
 */
export function absolute(setting: string, home: string, platform: NodeJS.Platform): string | undefined {
  const rules = platform === 'win32' ? path.win32 : path.posix;
  const expanded = /^~($|[/\\])/.test(setting) ? rules.join(home, setting.slice(1)) : setting;
  return rules.isAbsolute(expanded) ? expanded : undefined;
}

/** Whether Windows starts it by a shell alone. */
export function needsShell(command: string, platform: NodeJS.Platform): boolean {
  return platform === 'win32' && /\.(cmd|bat)$/i.test(command);
}
