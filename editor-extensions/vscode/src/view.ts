/** What the status bar shows, from all that is known. Pure. */

import type { ServerState, ServerStatus } from './client/protocol';

/** The language server's process. */
export type Runner =
  { kind: 'stopped' } | { kind: 'starting'; what: string } | { kind: 'running' } | { kind: 'broken'; detail: string };

export interface Known {
  runner: Runner;
  server: ServerStatus | undefined;
  /** Why ghost text is off for the document at hand, if it is. */
  off: string | undefined;
  busy: boolean;
}

export interface View {
  /** With VS Code's icons, as `$(check)`. */
  text: string;
  /** Lines. */
  tooltip: string[];
  severity: 'none' | 'warning' | 'error';
  /** For screen readers. */
  spoken: string;
}

const NAME = 'Vernacular';

const SERVER: Record<ServerState, { icon: string; word: string; severity: View['severity'] }> = {
  unknown: { icon: 'sync~spin', word: 'starting', severity: 'none' },
  ready: { icon: 'check', word: 'ready', severity: 'none' },
  starting: { icon: 'sync~spin', word: 'starting', severity: 'none' },
  slow: { icon: 'watch', word: 'slow', severity: 'none' },
  unreachable: { icon: 'debug-disconnect', word: 'offline', severity: 'warning' },
  failed: { icon: 'warning', word: 'failed', severity: 'warning' },
  refused: { icon: 'key', word: 'no access', severity: 'warning' },
  incompatible: { icon: 'warning', word: 'incompatible', severity: 'warning' },
};

export function viewOf(known: Known): View {
  const { runner, server } = known;
  if (runner.kind === 'broken') {
    return shown('error', 'stopped', 'error', ['The language server does not run.', runner.detail]);
  }
  if (known.off !== undefined) {
    return shown('circle-slash', known.off, 'none', ['No ghost text is proposed here.', ...aboutServer(server)]);
  }
  if (runner.kind === 'stopped') {
    return shown('circle-slash', 'stopped', 'none', ['The language server does not run.']);
  }
  if (runner.kind === 'starting') {
    return shown('sync~spin', runner.what, 'none', ['The language server is being started.']);
  }
  const state = server?.state ?? 'unknown';
  const look = SERVER[state];
  if (known.busy && (state === 'ready' || state === 'slow' || state === 'unknown')) {
    return shown('loading~spin', 'working', 'none', ['Waiting for a proposal.', ...aboutServer(server)]);
  }
  return shown(look.icon, look.word, look.severity, aboutServer(server));
}

/** Lines on the completion server: what it says of itself, which model answers, where it is. */
export function aboutServer(server: ServerStatus | undefined): string[] {
  if (server === undefined) {
    return ['The completion server was not asked yet.'];
  }
  // Mostly the detail names both already.
  const news = (title: string, value: string | null | undefined): string[] =>
    value == null || value === '' || server.detail.includes(value) ? [] : [`${title}: ${value}`];
  const lines = [server.detail, ...news('Model', server.model), ...news('Server', server.server)];
  return lines.filter((line) => line !== '');
}

function shown(icon: string, word: string, severity: View['severity'], tooltip: string[]): View {
  // Ready is the common case, which needs no word.
  const text = word === 'ready' ? `$(${icon}) ${NAME}` : `$(${icon}) ${NAME}: ${word}`;
  return { text, tooltip: [`${NAME}: ${word}`, ...tooltip], severity, spoken: `${NAME}, ${word}` };
}
