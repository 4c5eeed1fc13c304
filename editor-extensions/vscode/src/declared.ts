/** The settings as `package.json` declares them: the one place of names, types, defaults and bounds. Pure. */

import manifest from '../package.json';

export const SECTION = 'vernacular';

/** What is read here of one setting's JSON schema. */
export interface Declared {
  readonly scope?: string;
  readonly type: string | readonly string[];
  readonly default: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/** By their names without `vernacular.`. */
export const DECLARED: ReadonlyMap<string, Declared> = new Map(
  manifest.contributes.configuration
    .flatMap((group): [string, Declared][] => Object.entries(group.properties))
    .map(([name, declared]) => [name.slice(SECTION.length + 1), declared]),
);

/** Settings that belong to a machine, by their names without `vernacular.`. */
export const OF_THE_MACHINE: ReadonlySet<string> = new Set(
  [...DECLARED].filter(([, declared]) => declared.scope?.startsWith('machine')).map(([name]) => name),
);

/** What a value should be, for people; `undefined` where it is that. */
export function mismatch(value: unknown, declared: Declared): string | undefined {
  if (declared.enum !== undefined) {
    return declared.enum.includes(value)
      ? undefined
      : `one of ${declared.enum.map((each) => JSON.stringify(each)).join(', ')}`;
  }
  const types = [declared.type].flat();
  return types.some((type) => fits(value, type, declared))
    ? undefined
    : types.map((type) => described(type, declared)).join(' or ');
}

function fits(value: unknown, type: string, declared: Declared): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '');
    case 'boolean':
      return typeof value === 'boolean';
    case 'null':
      return value === null;
    case 'string':
      return typeof value === 'string' && (declared.pattern === undefined || new RegExp(declared.pattern).test(value));
    default:
      return typeof value === 'number' && (type === 'number' || Number.isInteger(value)) && isWithin(value, declared);
  }
}

function isWithin(value: number, { minimum, exclusiveMinimum, maximum }: Declared): boolean {
  return (
    (minimum === undefined || value >= minimum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (maximum === undefined || value <= maximum)
  );
}

function described(type: string, declared: Declared): string {
  const { minimum, exclusiveMinimum, maximum, pattern } = declared;
  switch (type) {
    case 'array':
      return 'a list of texts';
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'string':
      return pattern === undefined ? 'a text' : JSON.stringify(pattern.replace(/^\^|\$$/g, ''));
    default: {
      const least = minimum === undefined ? `above ${exclusiveMinimum}` : `from ${minimum}`;
      return `${type === 'integer' ? 'a whole number' : 'a number'} ${least} to ${maximum}`;
    }
  }
}
