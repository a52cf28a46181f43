/** Runs a program of the host in a process group of its own, which is killed as one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import type { ProgramRequest, ProgramResult, RunProgram } from '../../ports/program.ts'

/** Processes that it left behind may hold its output open; nobody waits for them. */
const afterExit = 500

export const runProgram: RunProgram = ({ program, args, cwd, env, timeoutMs, maxBytes, signal }: ProgramRequest) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let problem = ''
    child.once('error', (error) => {
      problem = error.message
      end(false)
    })
    const pipes = [pipeOf(child.stdout), pipeOf(child.stderr)] as const
    const [stdout, stderr] = [keepFirst(pipes[0], maxBytes), keepFirst(pipes[1], maxBytes)]
    let exitCode: number | null = null

    const end = (timedOut: boolean): void => {
      clearTimeout(timer)
      clearTimeout(lingering)
      signal.removeEventListener('abort', onAbort)
      killGroup(child)
      for (const pipe of pipes) pipe.destroy()
      const result: ProgramResult = {
        ...{ exitCode, timedOut, stdout: stdout().text, stderr: problem === '' ? stderr().text : problem },
        truncated: stdout().isCut || stderr().isCut,
      }
      resolve(result)
    }
    const onAbort = (): void => {
      end(false)
    }
    let lingering: NodeJS.Timeout | undefined
    const timer = setTimeout(() => {
      end(true)
    }, timeoutMs)
    signal.addEventListener('abort', onAbort, { once: true })
    child.once('exit', (code) => {
      exitCode = code
      lingering = setTimeout(() => {
        end(false)
      }, afterExit)
    })
    child.once('close', () => {
      end(false)
    })
    if (signal.aborted) onAbort()
  })

/** Its own group has the id of its first process. What has left the group by itself is not ours to find. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Nothing is left of it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH' && (error as NodeJS.ErrnoException).code !== 'EPERM')
      throw error
  }
}

/** There is none when the host has no descriptor left for it; the child says so itself. */
const pipeOf = (pipe: Readable | undefined): Readable => pipe ?? Readable.from([])

function keepFirst(stream: Readable, maxBytes: number): () => { readonly text: string; readonly isCut: boolean } {
  const chunks: Buffer[] = []
  let size = 0
  stream.on('data', (chunk: Buffer) => {
    if (size < maxBytes) chunks.push(chunk.subarray(0, maxBytes - size))
    size += chunk.length
  })
  // A stream that breaks has said what it had to say.
  stream.on('error', () => {})
  return () => ({ text: Buffer.concat(chunks).toString('utf8'), isCut: size > maxBytes })
}
