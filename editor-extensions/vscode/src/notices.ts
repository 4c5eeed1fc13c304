/**
 * What of the completion server's states a person is told. Pure.
 *
 * Guarantees: a trouble is told once, and again only after the server was ready in between; what ends by itself (it is
 * starting, it is slow for once) is the status bar's business alone.
 */

import type { ServerState, ServerStatus } from './client/protocol';
import type { Way } from './faults';
import { OPEN_LOG, SET_KEY, SIGN_IN, openSetting } from './faults';

export interface Notice {
  message: string;
  ways: readonly Way[];
}

const CHANGE_SERVER = openSetting('serverUrl', 'Open Setting');

/** Of a server that never was ready: a proxy that swallows what it is sent looks like this too. */
const SILENT = { begins: 'The completion server does not answer', ways: [CHANGE_SERVER, OPEN_LOG] };

const TOLD: Partial<Record<ServerState, { begins: string; ways: readonly Way[] }>> = {
  unreachable: { begins: 'The completion server cannot be reached', ways: [CHANGE_SERVER, OPEN_LOG] },
  refused: { begins: 'The completion server wants a key, another than it was sent', ways: [SET_KEY, SIGN_IN] },
  failed: { begins: 'The completion server failed', ways: [OPEN_LOG, CHANGE_SERVER] },
  incompatible: {
    begins: 'The completion server speaks another version of the protocol',
    ways: [{ title: 'Look for an Update', command: 'workbench.extensions.action.checkForUpdates' }, OPEN_LOG],
  },
};

export class Notices {
  private readonly told = new Set<ServerState>();
  private met = false;

  /** The notice that is due, if one is. */
  due(status: ServerStatus): Notice | undefined {
    if (status.state === 'ready') {
      this.met = true;
      this.told.clear();
    }
    const notice = status.state === 'slow' && !this.met ? SILENT : TOLD[status.state];
    if (notice === undefined || this.told.has(status.state)) {
      return undefined;
    }
    this.told.add(status.state);
    // What to do in a terminal is for other editors: here there are buttons.
    const [said] = status.detail.split('; run `');
    const detail = said === undefined || said === '' ? '' : `: ${said}`;
    return { message: `${notice.begins}${detail}`, ways: notice.ways };
  }

  /** Another server or another key: what was told was of the old one. */
  forget(): void {
    this.met = false;
    this.told.clear();
  }
}
