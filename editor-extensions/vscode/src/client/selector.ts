/** Which documents the language server sees. Pure. */

/** Where documents live: files here or on a remote host, unsaved ones, cells of notebooks. */
const SCHEMES = ['file', 'vscode-remote', 'untitled', 'vscode-notebook-cell'];

export interface Filter {
  scheme: string;
  language?: string;
}

/**
 * The documents of the languages that are wanted. `off` are those that were switched off: their documents are not even
 * shown to the language server. `known` are VS Code's languages, which `*` stands for.
 */
export function selectorOf(wanted: readonly string[], off: ReadonlySet<string>, known: readonly string[]): Filter[] {
  const every = wanted.includes('*');
  if (every && off.size === 0) {
    return SCHEMES.map((scheme) => ({ scheme }));
  }
  const languages = (every ? known : wanted).filter((language) => !off.has(language));
  return [...new Set(languages)].flatMap((language) => SCHEMES.map((scheme) => ({ scheme, language })));
}

/** Whether a language is among those wanted. */
export function isListed(wanted: readonly string[], language: string): boolean {
  return wanted.includes('*') || wanted.includes(language);
}
