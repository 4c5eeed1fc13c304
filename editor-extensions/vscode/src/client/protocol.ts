/** What the language server says and takes beside the Language Server Protocol; `lsp/notifications.py` has the other end. */

import type { Position, TextDocumentIdentifier } from 'vscode-languageclient';

export const STATUS = 'vernacular/status';
export const GENERATE = 'vernacular/generate';
export const EXPLAIN = 'vernacular/explain';
export const SIGN_IN = 'vernacular/signIn';
export const SIGN_OUT = 'vernacular/signOut';
export const DIAGNOSTICS = 'vernacular/diagnostics';
export const ACCEPTED = 'vernacular.accepted';
export const ACCEPTED_PART = 'vernacular.acceptedPart';
export const KEY_VARIABLE = 'VERNACULAR_API_KEY';

export const SERVER_STATES = [
  'unknown',
  'ready',
  'starting',
  'slow',
  'unreachable',
  'failed',
  'refused',
  'incompatible',
] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/** What is known of the completion server. */
export interface ServerStatus {
  state: ServerState;
  detail: string;
  model?: string | null;
  server?: string;
}

/** The place that a request is about. */
export interface Place {
  textDocument: TextDocumentIdentifier;
  position: Position;
}

export interface GenerateParams extends Place {
  partialResultToken?: string;
}

/** The next piece of what is being written. */
export interface GeneratePiece {
  position: Position;
  text: string;
}

export interface GenerateResult {
  instruction: string;
  position: Position;
  text: string;
  model: string;
}

/** A status as it came over the wire; an unknown state is `unknown`, which disturbs nobody. */
export function statusOf(params: unknown): ServerStatus {
  const given = (typeof params === 'object' && params !== null ? params : {}) as Record<string, unknown>;
  const state = SERVER_STATES.find((each) => each === given['state']) ?? 'unknown';
  const detail = typeof given['detail'] === 'string' ? given['detail'] : '';
  return {
    state,
    detail,
    model: typeof given['model'] === 'string' ? given['model'] : null,
    ...(typeof given['server'] === 'string' ? { server: given['server'] } : {}),
  };
}
