/** Hosts whose orders are left alone for a while, so that whatever keeps one back does not keep back all others. */
import type { Millis } from '../../model/time.ts'

interface Aside {
  /** By the clock that never goes back. */
  readonly until: Millis
  readonly problem: string | null
}

export class SetAside {
  readonly #hosts = new Map<string, Aside>()

  /** What keeps the one of them back that has waited longest, in words. */
  get problem(): string | null {
    for (const { problem } of this.#hosts.values()) if (problem !== null) return problem
    return null
  }

  put(host: string, aside: Aside): void {
    this.#hosts.set(host, aside)
  }

  /** It, and what was wrong with it, is forgotten. */
  drop(host: string): void {
    this.#hosts.delete(host)
  }

  /** Forgets all others. */
  keep(wanted: ReadonlySet<string>): void {
    for (const host of this.#hosts.keys()) if (!wanted.has(host)) this.#hosts.delete(host)
  }

  has(host: string, now: Millis): boolean {
    return (this.#hosts.get(host)?.until ?? 0) > now
  }
}
