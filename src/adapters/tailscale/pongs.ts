/** What `tailscale ping` prints: a line for each answer, and one for each that did not come. */
import type { TailnetEcho } from '../../ports/tailscale.ts'

/** `sent` is how many were to be sent at least. */
export function readPongs(text: string, sent: number): Omit<TailnetEcho, 'problem'> {
  const pongs = text.split('\n').flatMap((line) => {
    const [, via, figure, unit] = /^pong from .{1,300} via (\S{1,100}) in ([\d.]{1,12})(ms|s|µs)\s*$/.exec(line) ?? []
    return via === undefined ? [] : [{ via, ms: Number(figure) * (unit === 's' ? 1_000 : unit === 'ms' ? 1 : 0.001) }]
  })
  const last = pongs.at(-1)?.via
  return {
    ...{ sent: Math.max(sent, pongs.length), received: pongs.length },
    averageMs: pongs.length === 0 ? null : pongs.reduce((sum, { ms }) => sum + ms, 0) / pongs.length,
    path: last === undefined ? null : last.startsWith('DERP') ? last : `direct ${last}`,
  }
}
