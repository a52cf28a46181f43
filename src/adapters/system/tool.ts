/** Runs command-line tools as child processes. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { RunTool, ToolLimits, ToolResult } from '../../ports/tool.ts'

type Child = ChildProcessByStdio<null, Readable, Readable>

/** So many processes of one command may be stuck in a driver before no more are started. */
const maxStuck = 2

/**
 * A RunTool that remembers tools which could not be killed: a driver that hangs must not collect one more stuck process with every
 * sample.
 */
export function systemTools(): RunTool {
  const stuck = new Map<string, number>()
  const change = (command: string, by: number): void => void stuck.set(command, (stuck.get(command) ?? 0) + by)

  return async (command, args, limits) => {
    if ((stuck.get(command) ?? 0) >= maxStuck) return { ...nothing, timedOut: true, stderr: 'earlier runs still hang' }
    if (limits.signal.aborted) return { ...nothing, stderr: 'not wanted any more' }
    const child = launch(command, args)
    const result = await collect(child, limits)
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null && !result.missing) {
      change(command, 1)
      child.once('exit', () => change(command, -1))
    }
    return result
  }
}

const nothing: ToolResult = { code: null, stdout: '', stderr: '', timedOut: false, missing: false, truncated: false }

function launch(command: string, args: readonly string[]): Child {
  return spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', LANG: 'C' },
    windowsHide: true,
  })
}

/** Resolves when the tool has ended and both outputs are read, or when a limit is reached, whether or not the kill succeeds. */
function collect(child: Child, { timeoutMs, maxBytes, signal }: ToolLimits): Promise<ToolResult> {
  return new Promise((resolve) => {
    const stdout = gather(child.stdout, maxBytes, () => end({ truncated: true }))
    const stderr = gather(child.stderr, maxBytes, () => end({ truncated: true }))
    const timer = setTimeout(() => end({ timedOut: true }), timeoutMs)
    const onAbort = (): void => end({})

    const end = (how: Partial<ToolResult>): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
      resolve({ ...nothing, stdout: stdout(), stderr: stderr(), ...how })
    }

    signal.addEventListener('abort', onAbort, { once: true })
    child.once('error', (error: NodeJS.ErrnoException) =>
      end({ missing: error.code === 'ENOENT' || error.code === 'EACCES', stderr: error.message }),
    )
    child.once('close', (code) => end({ code }))
  })
}

/** Keeps the first `maxBytes` of a stream; calls `onOverflow` once when there is more. */
function gather(stream: Readable, maxBytes: number, onOverflow: () => void): () => string {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    const room = maxBytes - size
    if (room > 0) chunks.push(chunk.subarray(0, room))
    size += chunk.length
    if (room >= 0 && size > maxBytes) onOverflow()
  })
  return () => Buffer.concat(chunks).toString('utf8')
}
