/**
 * Finding a Python that the language server runs on. Pure but for `probe`, which is given.
 *
 * Tried in this order: the setting, `python3`, `python`, on Windows the launcher `py`, then the versions that fit by
 * their own names, for machines whose `python3` is older or newer than that.
 */

export interface Command {
  command: string;
  args: readonly string[];
}

export interface Python extends Command {
  version: Version;
}

export type Version = readonly [major: number, minor: number, micro: number];

/** Versions from `least` up to, not including, `below`, as minor versions of Python 3. */
export interface Range {
  least: number;
  below: number;
}

export type Found =
  | { kind: 'found'; python: Python }
  /** `seen` are those that are there, but of other versions. */
  | { kind: 'missing'; seen: readonly Python[]; tried: readonly string[] };

/** Asks a command for its version; `undefined` where it is no Python 3. */
export type Probe = (command: Command) => Promise<Version | undefined>;

/** Prints the version: what `probe` runs. `-I`: neither the folder nor the environment has a say. */
export const VERSION_ARGUMENTS = ['-I', '-c', 'import sys; print(*sys.version_info[:3])'];

/** The range that `requires-python` of a `pyproject.toml` names, such as `>=3.11,<3.14`. */
export function rangeOf(requires: string): Range {
  const least = /^>=3\.(\d+),<3\.(\d+)$/.exec(requires.replaceAll(' ', ''));
  if (least === null) {
    throw new TypeError(`requires-python ${JSON.stringify(requires)} is not of the form >=3.A,<3.B`);
  }
  return { least: Number(least[1]), below: Number(least[2]) };
}

/** The range for people, such as `3.11 to 3.13`. */
export function rangeText(range: Range): string {
  return range.least + 1 === range.below ? `3.${range.least}` : `3.${range.least} to 3.${range.below - 1}`;
}

/** The commands to try; a setting is the only one where there is one. */
export function candidates(platform: NodeJS.Platform, setting: string, range: Range): Command[] {
  if (setting !== '') {
    return [{ command: setting, args: [] }];
  }
  const newestFirst = Array.from({ length: range.below - range.least }, (_, index) => range.below - 1 - index);
  const plain = [command('python3'), command('python')];
  return platform === 'win32'
    ? [...plain, command('py', '-3'), ...newestFirst.map((minor) => command('py', `-3.${minor}`))]
    : [...plain, ...newestFirst.map((minor) => command(`python3.${minor}`))];
}

/** The first command that is a Python of the range. */
export async function findPython(tried: readonly Command[], range: Range, probe: Probe): Promise<Found> {
  const seen: Python[] = [];
  for (const each of tried) {
    const version = await probe(each);
    if (version !== undefined) {
      const python = { ...each, version };
      if (fits(version, range)) {
        return { kind: 'found', python };
      }
      seen.push(python);
    }
  }
  return { kind: 'missing', seen, tried: tried.map(shown) };
}

/** What `VERSION_ARGUMENTS` printed, read. */
export function versionOf(output: string): Version | undefined {
  const match = /^(\d+) (\d+) (\d+)\r?$/m.exec(output);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

export function fits(version: Version, range: Range): boolean {
  return version[0] === 3 && version[1] >= range.least && version[1] < range.below;
}

/** One line for people on what was looked for and what was found. */
export function missingText(missing: Extract<Found, { kind: 'missing' }>, range: Range): string {
  const wanted = `Python ${rangeText(range)} is needed`;
  if (missing.seen.length === 0) {
    return `${wanted}, and there is none (tried ${missing.tried.slice(0, 3).join(', ')}).`;
  }
  const seen = missing.seen.map((python) => `${shown(python)} is ${python.version.join('.')}`);
  return `${wanted}; ${[...new Set(seen)].join(', ')}.`;
}

function shown(each: Command): string {
  return [each.command, ...each.args].join(' ');
}

function command(name: string, ...args: string[]): Command {
  return { command: name, args };
}
