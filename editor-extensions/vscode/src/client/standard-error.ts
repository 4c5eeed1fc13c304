/** What the language server writes on standard error, at the level at which the log shows it. Pure. */

export type Level = 'debug' | 'info' | 'warn' | 'error';

const LEVELS: Record<string, Level> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'error',
  Traceback: 'error',
  'error:': 'error',
};

/** Reads the lines of one process, in order: one that names no level goes on at the level of the one before. */
export class Levels {
  private last: Level = 'info';

  of(line: string): Level {
    this.last = LEVELS[line.split(' ', 1)[0] ?? ''] ?? this.last;
    return this.last;
  }
}
