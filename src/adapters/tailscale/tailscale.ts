/** The TailscaleClient port by the client's own command line. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClawError } from '../../model/failure.ts'
import type { TailscaleClient } from '../../ports/tailscale.ts'
import type { RunTool, ToolResult } from '../../ports/tool.ts'
import { readPongs } from './pongs.ts'
import { failureOf } from './words.ts'

const patience = { status: 10_000, down: 15_000, up: 45_000, eachPing: 3_000 }
/** Of ten thousand machines. */
const maxBytes = 32 * 1_048_576
const fewBytes = 262_144

export interface TailscaleInit {
  readonly run: RunTool
  /** Where the key is while somebody logs in with it. */
  readonly folder: string
  /** Of the client's daemon; null for the usual one. */
  readonly socket: string | null
}

export function tailscaleClient({ run, folder, socket }: TailscaleInit): TailscaleClient {
  const call = (words: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ToolResult> => {
    const limits = { timeoutMs, maxBytes: words[0] === 'status' ? maxBytes : fewBytes, signal }
    return run('tailscale', [...(socket === null ? [] : [`--socket=${socket}`]), ...words], limits)
  }
  return {
    async status(signal) {
      const result = await call(['status', '--json'], patience.status, signal)
      // Some versions end with 1 where nobody is logged in, and print it all the same.
      const isTold = result.code !== null && !result.truncated && result.stdout.trimStart().startsWith('{')
      const failure = failureOf(result, { what: 'tailscale status', patience: patience.status, key: null })
      if (failure !== null && !isTold) throw failure
      return result.stdout
    },
    async up(args, key, signal) {
      await withKeyFile(folder, key, async (file) => {
        const words = ['up', ...args, ...(file === null ? [] : [`--auth-key=file:${file}`])]
        const result = await call(words, patience.up, signal)
        const failure = failureOf(result, { what: 'tailscale up', patience: patience.up, key })
        if (failure !== null) throw failure
      })
    },
    async down(signal) {
      const result = await call(['down'], patience.down, signal)
      const failure = failureOf(result, { what: 'tailscale down', patience: patience.down, key: null })
      if (failure !== null) throw failure
    },
    async echo(address, { count, signal }) {
      const limit = patience.status + count * patience.eachPing
      const words = ['ping', `--c=${count}`, '--timeout=2s', '--until-direct=false', address]
      const result = await call(words, limit, signal)
      const pongs = readPongs(result.stdout, count)
      const failure = failureOf(result, { what: 'tailscale ping', patience: limit, key: null })
      return { ...pongs, problem: pongs.received > 0 || failure === null ? null : failure.facts.problem }
    },
  }
}

/** In a folder of this user's alone, and gone when it has been read, whatever came of that. Throws TAILSCALE_FAILED when it cannot be written. */
async function withKeyFile(
  folder: string,
  key: string | null,
  use: (file: string | null) => Promise<void>,
): Promise<void> {
  const file = join(folder, 'login-key')
  // What a daemon left that was killed meanwhile.
  await rm(file, { force: true })
  if (key === null) return use(null)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    await writeFile(file, key, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const problem = `its key cannot be written: ${(cause as NodeJS.ErrnoException).code ?? 'unknown'}`
    throw new ClawError('TAILSCALE_FAILED', { why: 'refused', problem }, { cause })
  }
  try {
    await use(file)
  } finally {
    await rm(file, { force: true })
  }
}
