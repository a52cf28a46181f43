/** The daemon's own log. Messages are constant text; what varies goes into the facts. Secrets go into neither. */
export interface Log {
  debug(message: string, facts?: Readonly<Record<string, unknown>>): void
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, facts?: Readonly<Record<string, unknown>>): void
  child(area: string): Log
}

/** Says nothing. For tests and simulations that look at behaviour, not at words. */
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
